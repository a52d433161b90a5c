public import CanonicalJSON
import LedgerDomain
public import LedgerService
public import RecordFormats

extension ReplicationPage {
  /// The page as JSON: `log`, `replications`, and `cursor` and `next` if there is a next page.
  ///
  /// Each replication is the event, with `standing`, `reason`, and `decide`, the address to which a
  /// moderator posts a decision.
  ///
  /// Errors: a `JSONError` if an entry is not JSON.
  public func json(_ links: Links = Links()) throws -> JSON {
    var json: JSONObject = [
      "log": .string(log), "replications": .array(try items.map { try $0.json(links) }),
    ]
    if let next {
      json["cursor"] = .string(next)
      json["next"] = .string(links.replications(filter, cursor: next, limit: limit))
    }
    return .object(json)
  }
}

extension ReplicationView {
  fileprivate func json(_ links: Links) throws -> JSON {
    var members = try event.json().objectValue ?? [:]
    members["standing"] = .string(standing)
    members["reason"] = reason.map { .string($0) } ?? .null
    members["decide"] = PithNumber(pithNumber).map {
      .string("\(links.page($0))/action/\(EventType.moderationDecision.name)")
    }
    return .object(members)
  }
}
