import LedgerStore
import LedgerVerifier
import TransparencyLog

/// Shows progress on standard error, in one line that each call overwrites.
enum ProgressLine {
  /// Shows the progress of a verification.
  static func show(_ progress: LogVerification.Progress) {
    let open = progress.total.rawValue - progress.done.rawValue
    let left = progress.rate > 0 ? Double(open) / progress.rate : 0
    Diagnostics.write(
      "\r\(progress.done) of \(progress.total) entries, \(Int(progress.rate))/s, \(Int(left)) s left   "
    )
  }

  /// Shows the progress of a replay.
  static func show(_ progress: ReplayProgress) {
    Diagnostics.write(
      "\r\(progress.eventsDone) of \(progress.eventsTotal) events, \(Int(progress.rate))/s, "
        + "\(Int(progress.secondsLeft)) s left   ")
  }

  /// Ends the line.
  static func end() { Diagnostics.write("\n") }
}
