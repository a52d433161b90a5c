import Foundation
import LedgerVerifier
import TransparencyLog

/// Shows the progress of a verification on standard error: on a terminal in one line, elsewhere only if it is asked
/// for, in a line each.
struct VerifyProgress: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isShown: Bool

  /// Makes the line.
  ///
  /// - Parameter isAsked: whether progress is shown although standard error is no terminal.
  init(isAsked: Bool) { isShown = isAsked || isTerminal }

  /// Shows how much is done, the rate, and the time that is left.
  func show(_ progress: LogVerification.Progress) {
    guard isShown else { return }
    let open = Double(progress.total.rawValue - progress.done.rawValue)
    let left = progress.rate > 0 ? ", \(Int(min(open / progress.rate, 1e9))) s left" : ""
    let line = "\(progress.done) of \(progress.total) entries, \(Int(progress.rate))/s\(left)"
    write(isTerminal ? "\r\(line)\u{1B}[K" : line + "\n")
  }

  /// Ends the line.
  func end() { if isShown, isTerminal { write("\n") } }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
