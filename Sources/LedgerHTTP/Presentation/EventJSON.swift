public import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
public import LedgerStore
public import RecordFormats

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
  /// The page as JSON: `events`, `cursor` and `next` if there may be a next page, and `pith_number` for a page of a record.
  ///
  /// Events have a member `standing` if the filter selects standings. Errors: a `JSONError` if an entry is not JSON.
  public func json(_ links: Links = Links()) throws -> JSON {
    var json: JSONObject = ["events": .array(try events.map(event))]
    switch list {
    case .log: break
    case .record(let number): json["pith_number"] = .string(number.description)
    case .key(let key): json["public_key_fingerprint"] = .string(key.hex)
    }
    json["cursor"] = cursor.map { .string($0) }
    json["next"] = next.map { .string(links.events(list, filter, from: $0, limit: limit)) }
    return .object(json)
  }

  private func event(_ event: StoredEvent) throws -> JSON {
    let json = try event.json()
    guard let standing = standings[event.position], var members = json.objectValue else {
      return json
    }
    members["standing"] = .string(standing)
    return .object(members)
  }
}

extension EventDetail {
  /// The event as JSON, with `standing`, `reason` and `signer_vouched`.
  ///
  /// Errors: a `JSONError` if the entry is not JSON.
  public func json() throws -> JSON {
    var members = try event.json().objectValue ?? [:]
    members["standing"] = .string(standing)
    members["reason"] = reason.map { .string($0) } ?? .null
    members["signer_vouched"] = .bool(isSignerVouched)
    return .object(members)
  }
}
