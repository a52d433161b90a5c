import Synchronization

/// The numbers of units that are being checked or appended.
final class AppendLoad: Sendable {
  /// The largest number of units on which single submissions are still taken. Batches are full with fewer, and
  /// each further one only waits longer.
  static let maxUnits = 1024

  /// Units that are being checked, and will be appended unless they are refused.
  let inFlight = Atomic<Int>(0)
  /// Units whose submission has begun and is not answered, without those that wait for an external service.
  let units = Atomic<Int>(0)
}

/// Counts a unit as in flight until it is queued, so that the next batch waits for it, and as work until it is ended
/// or released.
public final class SubmissionReservation: Sendable {
  private let load: AppendLoad
  private let isQueued = Atomic<Bool>(false)
  private let hasEnded = Atomic<Bool>(false)

  init(_ load: AppendLoad) {
    self.load = load
    load.inFlight.add(1, ordering: .relaxed)
    load.units.add(1, ordering: .relaxed)
  }

  deinit { end() }

  /// Lets batches no longer wait for the unit. Called when it is queued. Further calls have no effect.
  public func queued() {
    guard !isQueued.exchange(true, ordering: .relaxed) else { return }
    load.inFlight.subtract(1, ordering: .relaxed)
  }

  /// Ends the reservation. Called when the submission is answered, or waits for an external service. Further calls
  /// have no effect.
  public func end() {
    queued()
    guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
    load.units.subtract(1, ordering: .relaxed)
  }
}
