public import CanonicalJSON
import LedgerDomain
public import LedgerService
public import LedgerStore

extension StoredEvent {
  /// The event as JSON: the signed event with `position`, `recorded_at` and `admission`.
  ///
  /// Errors: a `JSONError` if the entry is not JSON.
  public func json() throws -> JSON {
    let entry = try JSON.parse(self.entry, limits: JSONLimits(maxBytes: 65_535, maxDepth: 64))
    var members = entry["event"]?.objectValue ?? [:]
    members["position"] = .integer(position.rawValue)
    members["recorded_at"] = .string(recordedAt.description)
    members["admission"] = entry["admission"]
    return .object(members)
  }
}

extension EventPage {
  /// The page as JSON: `events`, `next` if there may be a next page, and `pith_number` for a page of a record.
  ///
  /// Errors: a `JSONError` if an entry is not JSON.
  public func json(_ links: Links = Links()) throws -> JSON {
    var json: JSONObject = ["events": .array(try events.map { try $0.json() })]
    json["pith_number"] = pithNumber.map { .string($0.description) }
    json["next"] = next.map { next in
      .string(
        pithNumber.map { links.events(of: $0, from: next, limit: limit) }
          ?? links.events(from: next, limit: limit))
    }
    return .object(json)
  }
}
