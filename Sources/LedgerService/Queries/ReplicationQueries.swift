import Encodings
public import LedgerDomain
public import LedgerStore

/// Which replication records a list has.
public struct ReplicationFilter: Sendable, Hashable {
  /// The standings of a replication record.
  public static let standings = [
    "pending", "approved", "rejected", "withdrawn", "superseded", "revoked",
  ]
  /// The parameters of a list.
  public static let parameters = ["record", "standing"]

  /// The record, by any of its names; `nil` for every record.
  public let record: String?
  /// The standings; empty for any.
  public let standings: Set<String>
  /// The standings as the reader gave them.
  public let standingText: String?

  /// Parses a filter.
  ///
  /// - Parameters:
  ///   - record: the record that the replications are about, by any of its names; `nil` for any.
  ///   - standing: names of ``ReplicationFilter/standings-type.property``, separated by commas; `nil` for any.
  /// - Throws: a `Refusal` of code `malformed` with check `query` for another name.
  public init(record: String? = nil, standing: String? = nil) throws(Refusal) {
    self.record = record
    standingText = standing
    guard let standing else {
      standings = []
      return
    }
    standings = Set(
      try ListQuery.choices(standing, "standing", among: Self.standings.map { ($0, $0) }))
  }

  /// The parameters as the reader gave them.
  public var items: [(name: String, value: String)] {
    [("record", record), ("standing", standingText)].compactMap { name, value in
      value.map { (name, $0) }
    }
  }

  /// The cursors of the list.
  fileprivate var cursors: ListCursor {
    ListCursor([record.map { "record \($0)" } ?? ""] + standings.sorted())
  }
}

/// A replication record with its standing as of now.
public struct ReplicationView: Sendable {
  /// The event.
  public let event: StoredEvent
  /// The record that it is about.
  public let pithNumber: String
  /// One of ``ReplicationFilter/standings-type.property``.
  public let standing: String
  /// Why the standing is not higher; `nil` if there is no reason to give.
  public let reason: String?
}

/// A page of replication records. It may have fewer items than its limit, and a next page all the same.
public struct ReplicationPage: Sendable {
  /// The filter of the list.
  public let filter: ReplicationFilter
  /// The largest number of items that the page may have.
  public let limit: Int
  /// The origin of the ledger, which a decision names as `log`.
  public let log: String
  /// The replication records, in the order of the log.
  public let items: [ReplicationView]
  /// The cursor of the next page; `nil` if this is the last page.
  public let next: String?
}

/// Reads replication records with their standing: the moderation queue, and what was decided.
public struct ReplicationQueries: Sendable {
  /// The largest number of items in one page.
  public static let pageSize = 1000
  /// The largest number of replication records whose standing is computed for one page.
  private static let maxCandidates = 2048
  private static let batch = 256

  let store: LedgerStore
  let resolver: RecordResolver
  let timeline: TimelineCache

  /// Returns a page of replication records in the order of the log, the oldest first.
  ///
  /// - Parameters:
  ///   - filter: what is selected.
  ///   - cursor: the cursor that a page of the same list gave; `nil` for the first page.
  ///   - limit: the largest number of items, brought to ``pageSize``.
  ///
  /// Errors: those of resolving the record's name; `malformed` with check `query` for a limit below 1 and for
  /// a cursor of another list.
  public func page(
    _ filter: ReplicationFilter, cursor: String? = nil, limit: Int = 100
  ) async throws -> ReplicationPage {
    let limit = try ListQuery.limit(limit, most: Self.pageSize)
    var next =
      try cursor.map { text throws(Refusal) in
        Position(rawValue: try filter.cursors.place(text)[0])
      } ?? .first
    let record: RecordID? =
      if let name = filter.record { try await resolver.resolve(name).record.record } else { nil }
    let keys = try await timeline.current().timeline
    var items: [ReplicationView] = []
    var candidates = 0
    while candidates < Self.maxCandidates {
      let batch = try await store.folds.replications(
        record: record, from: next, limit: Self.batch)
      candidates += batch.count
      for item in try await views(of: batch, keys)
      where filter.standings.isEmpty || filter.standings.contains(item.standing) {
        if items.count == limit {
          return try await page(filter, limit, items, next: item.event.position)
        }
        items.append(item)
      }
      guard batch.count == Self.batch, let last = batch.last else {
        return try await page(filter, limit, items, next: nil)
      }
      next = last.position.next
    }
    return try await page(filter, limit, items, next: next)
  }

  private func page(
    _ filter: ReplicationFilter, _ limit: Int, _ items: [ReplicationView], next: Position?
  ) async throws -> ReplicationPage {
    ReplicationPage(
      filter: filter, limit: limit, log: try await store.log.origin(), items: items,
      next: next.map { filter.cursors.text($0.rawValue) })
  }

  // MARK: Standings

  private func views(of events: [FoldEvent], _ keys: KeyTimeline) async throws -> [ReplicationView]
  {
    let entries = try await store.log.entries(at: events.map(\.position))
    // The store reads the groups of concurrent calls with one query.
    let standings = try await withThrowingTaskGroup(
      of: (Position, String, String?).self, returning: [Position: (String, String?)].self
    ) { tasks in
      for event in events {
        tasks.addTask {
          let fold = try await fold(of: event, keys)
          return (
            event.position, fold.standingName(of: event.position), fold.reason(of: event.position)
          )
        }
      }
      var standings: [Position: (String, String?)] = [:]
      for try await (position, standing, reason) in tasks {
        standings[position] = (standing, reason)
      }
      return standings
    }
    return try events.compactMap { event in
      guard let bytes = entries[event.position], let (standing, reason) = standings[event.position]
      else { return nil }
      let stored = StoredEvent(
        position: event.position, record: event.record, eventID: event.eventID, type: event.type,
        recordedAt: event.recordedAt, entry: bytes)
      return ReplicationView(
        event: stored, pithNumber: try Entry(bytes: bytes).event.body.subject.text,
        standing: standing, reason: reason)
    }
  }

  private func fold(of event: FoldEvent, _ keys: KeyTimeline) async throws -> GroupFold {
    guard let group = event.foldGroup else { return GroupFold(LinkedEvents([event]), keys) }
    return GroupFold(
      try await store.submissions.events(record: event.record, group: group, keys), keys)
  }
}
