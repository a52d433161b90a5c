public import CanonicalJSON
public import LedgerDomain
import LedgerStore

/// Reads events page by page: of one record, or of the whole log.
public struct EventQueries: Sendable {
  /// The largest number of events in one page.
  public static let pageSize = 1000

  let store: LedgerStore
  let resolver: RecordResolver
  let configuration: LedgerConfiguration

  /// One event as readers see it: what was signed, its place in the log, and what admission found.
  static func json(_ stored: StoredEvent) throws -> JSON {
    let entry = try JSON.parse(stored.entry, limits: JSONLimits(maxBytes: 65_535, maxDepth: 64))
    var members = entry["event"]?.objectValue ?? [:]
    members["position"] = .integer(stored.position.rawValue)
    members["recorded_at"] = .string(stored.recordedAt.description)
    members["admission"] = entry["admission"]
    return .object(members)
  }

  private func page(_ events: [StoredEvent], limit: Int, next: (Position) -> String) throws -> JSON
  {
    var members: JSONObject = ["events": .array(try events.map(Self.json))]
    if events.count == limit, let last = events.last {
      members["next"] = .string(next(last.position.next))
    }
    return .object(members)
  }

  /// A record's events by position, from `from` on.
  public func page(
    of name: String, from: Position = .first, limit: Int = 100, baseURL: String = ""
  ) async throws -> JSON {
    let record = try await resolver.resolve(name).record
    let limit = max(1, min(limit, Self.pageSize))
    let events = try await store.log.events(record: record.record, from: from, limit: limit)
    var json = try page(events, limit: limit) {
      "\(configuration.base(baseURL))/api/pith-number/\(record.pithNumber.suffix)/events.json?from=\($0)&limit=\(limit)"
    }.objectValue
    json?["pith_number"] = .string(record.pithNumber.description)
    return json.map { .object($0) } ?? .null
  }

  /// The whole log by position, from `from` on.
  public func page(from: Position = .first, limit: Int = 100, baseURL: String = "") async throws
    -> JSON
  {
    let limit = max(1, min(limit, Self.pageSize))
    return try page(try await store.log.events(from: from, limit: limit), limit: limit) {
      "\(configuration.base(baseURL))/api/events?from=\($0)&limit=\(limit)"
    }
  }
}
