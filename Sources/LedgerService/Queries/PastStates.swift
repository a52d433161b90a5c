import LedgerDomain
import LedgerStore
import TransparencyLog

/// Computes what the state of a record was after a number of events, and caches the results.
struct PastStates: Sendable {
  private let store: LedgerStore
  let cache = BuildCache<Key, ProjectedState>(
    check: "as_of", maxRunning: 2, maxWaiting: 32, maxCost: 10_000)

  /// What a past state depends on: it is the same until the next event about the record or about a key,
  /// and until a citing paper gets or loses a name.
  struct Key: Hashable, Sendable {
    let record: RecordID
    let lastEvent: Position
    let lastKeyEvent: Position
    let lastNamingEvent: Position
  }

  init(store: LedgerStore) { self.store = store }

  /// Returns the state of a record after the first `size` events of the log.
  ///
  /// Errors: `unavailable` if too many states are being computed.
  func state(of record: RecordID, size: TreeSize) async throws -> ProjectedState {
    let ends = try await store.folds.lastPositions(of: record, below: size.end)
    let key = Key(
      record: record, lastEvent: ends.event, lastKeyEvent: ends.keyEvent,
      lastNamingEvent: ends.namingEvent)
    return try await cache.value(for: key) { [store] in
      let timeline = try await store.folds.timeline(below: ends.keyEvent.next)
      let events = try await store.folds.events(record: record, upTo: ends.event.next)
      let papers = try await store.folds.papers(
        of: events, below: size.end, timeline)
      let folded = FoldedRecord.whole(events, FoldContext(timeline, papers))
      return ProjectedState(
        state: folded.state, storageVerifiedUntil: folded.storageVerifiedUntil)
    }
  }
}
