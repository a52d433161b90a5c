/// The pause after a calendar's failures: 5 seconds after the first, doubled after each further one, at
/// most an hour.
struct CalendarBackoff: Sendable {
  static let firstPause: Duration = .seconds(5)
  static let longestPause: Duration = .seconds(3600)

  private var failures = 0
  private var until: ContinuousClock.Instant?

  /// The rest of the pause. `nil` if the calendar may be asked.
  func remaining(at now: ContinuousClock.Instant) -> Duration? {
    guard let until, until > now else { return nil }
    return until - now
  }

  mutating func noteFailure(at now: ContinuousClock.Instant) {
    failures += 1
    let pause = Self.firstPause * Double(1 << min(failures - 1, 16))
    until = now + min(pause, Self.longestPause)
  }

  mutating func noteSuccess() { failures = 0 }
}
