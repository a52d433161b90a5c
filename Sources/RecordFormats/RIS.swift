import LedgerDomain

/// A reference to a paper in the format RIS: lines of two letters, two spaces, a hyphen, a space and a value.
///
/// Specification: formats.md, section References.
public struct RIS: Sendable {
  /// The entry as text, with CRLF at the end of each line.
  public let text: String

  /// Makes the reference.
  ///
  /// - Parameters:
  ///   - paper: the paper that the record is about.
  ///   - links: absolute addresses.
  public init(_ paper: PaperDescription, links: Links) {
    var lines = [("TY", "GEN"), ("TI", paper.heading)]
    lines += paper.authors.map { ("AU", Self.name($0)) }
    lines += [("PY", String(paper.date.prefix(4))), ("DA", paper.date.replacing("-", with: "/"))]
    if paper.hasTrustedNames {
      if let doi = paper.dois.first { lines.append(("DO", doi)) }
      if let arxiv = paper.arxiv { lines.append(("M1", "arXiv:\(arxiv)")) }
    }
    lines += paper.categories.map { ("KW", $0) }
    lines += [
      ("AN", paper.number.description), ("UR", paper.citeAs(links)), ("N1", paper.note), ("ER", ""),
    ]
    text = lines.map { "\($0)  - \(PlainText.oneLine($1))\r\n" }.joined()
  }

  /// `Family, Given, Suffix`.
  private static func name(_ author: AuthorName) -> String {
    author.isGroup
      ? author.full
      : [author.family, author.given, author.suffix].compactMap { $0 }.joined(separator: ", ")
  }
}
