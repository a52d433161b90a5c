public import CanonicalJSON
import LedgerDomain
public import LedgerService
import LedgerStore
public import RecordFormats

extension RecordSearchPage {
  /// The page as JSON: `records`, and `next` and `cursor` if there may be a next page.
  public func json(_ links: Links = Links()) -> JSON {
    var json: JSONObject = ["records": .array(records.map { $0.json(links) })]
    if let next {
      json["cursor"] = .string(next)
      json["next"] = .string(links.records(filter, cursor: next, limit: limit))
    }
    return .object(json)
  }
}

extension RecordSearchPage.Item {
  fileprivate func json(_ links: Links) -> JSON {
    let number = record.record.pithNumber
    func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
    return [
      "authors_text": text(record.authors),
      "cross_cats": .array(record.categories.dropFirst().map { .string($0) }),
      "json": .string("\(links.page(number)).json"), "pith_number": .string(number.description),
      "primary_cat": text(record.categories.first),
      "source": [
        "id": .string(record.sourceID), "kind": .string(record.sourceKind),
        "version": .integer(record.sourceVersion),
      ],
      "submitted_at": .string(record.place.submittedAt.description), "title": text(record.title),
      "title_verified": record.titleVerified.map { .bool($0) } ?? .null,
      "verification_status": .object(status.verificationStatus.json),
    ]
  }
}
