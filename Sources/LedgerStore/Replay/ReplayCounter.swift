import Synchronization

/// Counts events of all workers of a replay, and reports every half second.
final class ReplayCounter: Sendable {
  private let total: Int64
  private let start: ContinuousClock.Instant
  private let report: @Sendable (ReplayProgress) -> Void
  /// Half events: reading an event counts one, and folding it another.
  private let halves = Atomic<Int64>(0)
  /// The time of the last report, in milliseconds from the start.
  private let reported = Atomic<Int64>(0)

  init(
    total: Int64, start: ContinuousClock.Instant,
    report: @escaping @Sendable (ReplayProgress) -> Void
  ) {
    self.total = total
    self.start = start
    self.report = report
  }

  /// Adds events that were read, or folded.
  func add(_ events: Int64) {
    let halves = halves.wrappingAdd(events, ordering: .relaxed).newValue
    let took = ContinuousClock.now - start
    let now = Int64(took / .milliseconds(1))
    let last = reported.load(ordering: .relaxed)
    // One of the workers that see the time elapsed reports.
    guard now - last > 500,
      reported.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    else { return }
    report(
      ReplayProgress(eventsDone: halves / 2, eventsTotal: total, seconds: took / .seconds(1)))
  }
}
