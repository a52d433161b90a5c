public import CanonicalJSON
import LedgerDomain

/// A reference to a paper in CSL-JSON.
///
/// Source: the schema csl-data.json of the Citation Style Language. Specification: formats.md, section References.
public struct CSL: Sendable {
  /// An array with one item.
  public let json: JSON

  /// Makes the reference.
  ///
  /// - Parameters:
  ///   - paper: the paper that the record is about.
  ///   - links: absolute addresses.
  public init(_ paper: PaperDescription, links: Links) {
    let parts = paper.date.split(separator: "-").compactMap { Int64($0) }
    var item: JSONObject = [
      "id": .string(paper.number.description), "type": "article",
      "title": .string(paper.heading), "URL": .string(paper.citeAs(links)),
      "issued": ["date-parts": [.array(parts.map { .integer($0) })]],
      "note": .string(paper.note),
    ]
    if !paper.authors.isEmpty { item["author"] = .array(paper.authors.map(Self.name)) }
    if paper.hasTrustedNames {
      item["DOI"] = paper.dois.first.map { .string($0) }
      item["number"] = paper.arxiv.map { .string("arXiv:\($0)") }
    }
    if !paper.categories.isEmpty {
      item["keyword"] = .string(paper.categories.joined(separator: ", "))
    }
    json = [.object(item)]
  }

  private static func name(_ author: AuthorName) -> JSON {
    guard !author.isGroup, let given = author.given else {
      return ["literal": .string(author.full)]
    }
    var json: JSONObject = ["family": .string(author.family), "given": .string(given)]
    json["suffix"] = author.suffix.map { .string($0) }
    return .object(json)
  }
}
