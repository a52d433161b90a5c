public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
public import RecordFormats

extension CitationPage {
  /// The page as JSON: `citations`, `direction`, `pith_number`, and `next` and `cursor` if there is a next
  /// page.
  public func json(_ links: Links = Links()) -> JSON {
    var json = members(links)
    json["cursor"] = next.map { .string($0) }
    json["direction"] = .string(filter.direction.rawValue)
    json["pith_number"] = .string(pithNumber.description)
    return .object(json)
  }

  /// The members `citations`, and `next` if there is a next page.
  func members(_ links: Links) -> JSONObject {
    var json: JSONObject = ["citations": .array(citations.map(\.json))]
    json["next"] = next.map {
      .string(links.citations(pithNumber, filter, cursor: $0, limit: limit))
    }
    return json
  }
}

extension CitationView {
  /// The citation as JSON: both papers, the relation, the signer, the standing and the event.
  ///
  /// `citing` has the name that the event gives, and `pith_number` if this ledger has a record of that
  /// name.
  public var json: JSON {
    let body = event.body
    var citing: JSONObject = [:]
    for name in CitingRecord.members { citing[name] = body.payloadJSON[name] }
    citing["pith_number"] = citingRecord.map { .string($0.description) }
    return [
      "cited_pith_number": .string(citation.cited.description), "citing": .object(citing),
      "created_at": .string(body.createdAt.description),
      "event_id": .string("sha256:" + event.eventID.hex),
      "note": body.payloadJSON["note"] ?? .null,
      "position": .integer(citation.event.position.rawValue),
      "recorded_at": .string(citation.event.recordedAt.description),
      "ref_index": body.payloadJSON["ref_index"] ?? .null,
      "relation": .string(payload.relation.rawValue), "signer": body.signer.json,
      "signer_vouched": .bool(citation.isSignerVouched),
      "standing": .string(citation.standing.name),
    ]
  }
}
