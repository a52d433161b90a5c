import Foundation
import LedgerDomain

/// A reference to a paper in BibTeX.
///
/// Specification: formats.md, section References.
public struct BibTeX: Sendable {
  /// The entry as text.
  public let text: String

  /// Makes the reference.
  ///
  /// - Parameters:
  ///   - paper: the paper that the record is about.
  ///   - links: absolute addresses.
  public init(_ paper: PaperDescription, links: Links) {
    var fields: [(String, String)] = [("title", "{\(LaTeXText.escaped(paper.heading))}")]
    if !paper.authors.isEmpty {
      let names = paper.authors.map(Self.name) + (paper.hasMoreAuthors ? ["others"] : [])
      fields.append(("author", names.joined(separator: " and ")))
    }
    fields.append(("year", String(paper.date.prefix(4))))
    fields.append(("month", String(Int(paper.date.dropFirst(5).prefix(2)) ?? 1)))
    if paper.hasTrustedNames {
      if let doi = paper.dois.first { fields.append(("doi", Self.bare(doi))) }
      if let arxiv = paper.arxiv {
        fields.append(("eprint", arxiv))
        fields.append(("archiveprefix", "arXiv"))
        if let category = paper.categories.first, paper.arxivVersion != nil {
          fields.append(("primaryclass", LaTeXText.escaped(category)))
        }
      }
    }
    fields.append(("url", Self.bare(paper.citeAs(links))))
    fields.append(("note", LaTeXText.escaped(paper.note)))
    let lines = fields.map { name, value in
      name == "month" ? "  \(name) = \(value)" : "  \(name) = {\(value)}"
    }
    text =
      "@misc{\(Self.key(paper)),\n" + lines.joined(separator: ",\n") + "\n}\n"
  }

  /// `Family, Given`, or a group in braces, which programs do not split.
  private static func name(_ author: AuthorName) -> String {
    if author.isGroup || author.given == nil { return "{\(LaTeXText.escaped(author.full))}" }
    return [author.family, author.suffix, author.given].compactMap { $0 }
      .map(part).joined(separator: ", ")
  }

  /// A part of a name. `and` in it would begin another name.
  private static func part(_ text: String) -> String {
    let escaped = LaTeXText.escaped(text)
    return escaped.lowercased().split(separator: " ").contains("and") ? "{\(escaped)}" : escaped
  }

  /// A text that programs take as it is, without what would end its field.
  private static func bare(_ text: String) -> String {
    PlainText.replacingScalars(of: text) { #"{}\"#.unicodeScalars.contains($0) ? "" : nil }
  }

  /// Family name, year and the first word of the title in ASCII letters, such as `fan2024metamorph`.
  private static func key(_ paper: PaperDescription) -> String {
    func letters(_ text: String) -> String {
      String(
        text.decomposedStringWithCanonicalMapping.lowercased().unicodeScalars
          .filter { $0.isASCII && $0.properties.isAlphabetic || ("0"..."9").contains($0) }
          .prefix(32))
    }
    let family = paper.authors.first.map { letters($0.family) } ?? ""
    let words = (paper.title ?? "").split { !$0.isLetter && !$0.isNumber }.map {
      letters(String($0))
    }
    let word = words.first { $0.count > 3 } ?? words.first { !$0.isEmpty } ?? ""
    guard !family.isEmpty else { return "pith\(paper.number.suffix.prefix(12))" }
    return "\(family)\(paper.date.prefix(4))\(word)"
  }
}

extension PaperDescription {
  /// What a reference says about the record besides the paper.
  var note: String {
    let stated = unconfirmedTitle.map {
      " The document of the record gives a title that the Pith Number does not confirm: \($0)"
    }
    return "Pith Number \(number)." + (stated ?? "")
  }
}
