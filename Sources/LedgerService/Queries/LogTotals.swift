public import LedgerDomain
import LedgerStore
public import TransparencyLog

/// How many records and events of each type the log has.
public struct TotalCounts: Sendable, Equatable {
  /// The number of events of the log that are counted: all of them at some moment.
  public let size: TreeSize
  /// The number of records.
  public let records: Int64
  /// The number of events of each type.
  public let events: [EventType: Int64]
}

/// Counts the records and the events of each type.
///
/// The log only grows, so each call counts what is new since the last one. A call reads a bounded number of rows. Until a
/// process has counted the whole log once, over several calls, there is no total.
actor LogTotals {
  /// The largest number of statements of one call. Each counts up to `EventCounter.batch` rows of a type.
  private static let maxRounds = 4

  private let store: LedgerStore
  private var records = EventCount()
  private var events: [EventType: EventCount] = [:]

  init(store: LedgerStore) { self.store = store }

  /// The totals of the log; `nil` while not all of it is counted.
  ///
  /// - Parameter size: the number of events. It is not larger than the log.
  func totals(of size: TreeSize) async throws -> TotalCounts? {
    let end = max(size.end, records.next)
    var (records, events) = (records, events)
    for _ in 0..<Self.maxRounds {
      records = try await store.counter.countingRecords(records, below: end)
      events = try await store.counter.counting(events, below: end)
      if Self.isComplete(records, events, end) { break }
    }
    // A concurrent call may have counted further meanwhile.
    if records.next >= self.records.next { (self.records, self.events) = (records, events) }
    guard Self.isComplete(records, events, end) else { return nil }
    var counts = events.mapValues(\.count)
    counts[.citationSignature] = end.rawValue - counts.values.reduce(0, +)
    return TotalCounts(
      size: TreeSize(stored: end.rawValue), records: records.count, events: counts)
  }

  private static func isComplete(
    _ records: EventCount, _ events: [EventType: EventCount], _ end: Position
  ) -> Bool {
    records.next == end && EventCounter.types.allSatisfy { events[$0]?.next == end }
  }
}
