import Foundation
import LedgerStore
import LedgerVerifier
import TransparencyLog

/// Shows the progress of a long command on standard error: how much is done, the rate, and the time that is left.
///
/// On a terminal it is one line that each call overwrites. Elsewhere nothing is shown unless it is asked for; then
/// each call writes a line.
struct ProgressLine: Sendable {
  private let isShown: Bool
  private let start = ContinuousClock.now

  /// Makes the line.
  ///
  /// - Parameter isAsked: whether progress is shown although standard error is no terminal.
  init(isAsked: Bool) { isShown = isAsked || TerminalText.isDiagnostics }

  /// Shows the progress of a verification.
  func show(_ progress: LogVerification.Progress) {
    let open = progress.total.rawValue - progress.done.rawValue
    show(
      "\(progress.done) of \(progress.total) entries", rate: progress.rate,
      left: progress.rate > 0 ? Double(open) / progress.rate : nil)
  }

  /// Shows the progress of a replay.
  func show(_ progress: ReplayProgress) {
    show(
      "\(progress.eventsDone) of \(progress.eventsTotal) events", rate: progress.rate,
      left: progress.rate > 0 ? progress.secondsLeft : nil)
  }

  /// Shows how much of a number of things is done.
  ///
  /// - Parameter total: `nil` if it is not known.
  func show(_ done: Int64, of total: Int64?, _ things: String) {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let left = total.flatMap { rate > 0 ? Double(max(0, $0 - done)) / rate : nil }
    show("\(done)\(total.map { " of \($0)" } ?? "") \(things)", rate: rate, left: left)
  }

  /// Shows the lines of a file that are done.
  ///
  /// - Parameter fraction: the part of the file that was read; `nil` if its size is not known.
  func show(lines: Int, fraction: Double?) {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let left = fraction.flatMap { $0 > 0 ? seconds * (1 - min($0, 1)) / $0 : nil }
    show("\(lines) lines", rate: seconds > 0 ? Double(lines) / seconds : 0, left: left)
  }

  private func show(_ text: String, rate: Double, left: Double?) {
    guard isShown else { return }
    let rest = left.map { ", \(Self.whole($0)) s left" } ?? ""
    let line = "\(text), \(Self.whole(rate))/s\(rest)"
    // The escape sequence clears the rest of an earlier, longer line.
    Diagnostics.write(TerminalText.isDiagnostics ? "\r\(line)\u{1B}[K" : "\(line)\n")
  }

  private static func whole(_ number: Double) -> Int64 {
    number.isFinite ? Int64(min(max(number, 0), 1e15)) : 0
  }

  /// Ends the line.
  func end() {
    if isShown, TerminalText.isDiagnostics { Diagnostics.write("\n") }
  }
}
