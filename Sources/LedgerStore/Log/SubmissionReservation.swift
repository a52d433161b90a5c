import Synchronization

/// The number of units that are being checked, and will be appended unless they are refused.
final class InFlightCount: Sendable {
  let count = Atomic<Int>(0)
}

/// Counts a unit as in flight until it is ended or released, so that the next batch waits for it.
public final class SubmissionReservation: Sendable {
  private let inFlight: InFlightCount
  private let hasEnded = Atomic<Bool>(false)

  init(_ inFlight: InFlightCount) {
    self.inFlight = inFlight
    inFlight.count.add(1, ordering: .relaxed)
  }

  deinit { end() }

  /// Ends the reservation. Called when the unit is queued or will not be appended. Further calls have no
  /// effect.
  public func end() {
    guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
    inFlight.count.subtract(1, ordering: .relaxed)
  }
}
