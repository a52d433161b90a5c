import Testing

@testable import LedgerService

@Suite("Pauses after a calendar's failures")
struct CalendarBackoffTests {
  @Test("The pause doubles up to an hour, and begins again after a success")
  func pauses() {
    let now = ContinuousClock.now
    var backoff = CalendarBackoff()
    #expect(backoff.remaining(at: now) == nil)
    for seconds in [5, 10, 20, 40] {
      backoff.noteFailure(at: now)
      #expect(backoff.remaining(at: now) == .seconds(seconds))
      #expect(backoff.remaining(at: now + .seconds(seconds)) == nil)
    }
    for _ in 0..<40 { backoff.noteFailure(at: now) }
    #expect(backoff.remaining(at: now) == CalendarBackoff.longestPause)
    backoff.noteSuccess()
    backoff.noteFailure(at: now)
    #expect(backoff.remaining(at: now) == CalendarBackoff.firstPause)
  }
}
