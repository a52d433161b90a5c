import LedgerDomain
import LedgerStore

/// The key timeline as of the newest event. It reads only the key events that are new since the last call.
actor TimelineCache {
  private let store: LedgerStore
  private var timeline = KeyTimeline()
  /// `timeline` includes the key events below this position.
  private var size = Position.first

  init(store: LedgerStore) { self.store = store }

  /// The timeline, and the lowest position that the next event can have.
  func current() async throws -> (timeline: KeyTimeline, next: Position) {
    try await current(store.log.head())
  }

  /// The same for a log head that was read already.
  func current(_ log: LogHead) async throws -> (timeline: KeyTimeline, next: Position) {
    if log.lastKeyEvent >= size {
      // The actor is reentrant: another call may have applied some of these events during the read.
      for event in try await store.folds.keyEvents(from: size) where event.position >= size {
        _ = timeline.apply(event)
        size = event.position.next
      }
    }
    return (timeline, max(log.size.end, size))
  }

  /// The timeline of the key events that have been read. Does not read the log.
  var known: KeyTimeline { timeline }
}
