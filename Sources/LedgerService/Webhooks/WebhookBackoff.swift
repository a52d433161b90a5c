import LedgerDomain
import SafeHTTPClient

/// When a failed delivery is tried again, and when it is given up.
enum WebhookBackoff {
  /// The pause after the first failure, in seconds. It doubles with each further one.
  static let firstPause: Int64 = 5
  /// The longest pause between two attempts, in seconds, also where the receiver asks for a longer one.
  static let longestPause: Int64 = 4 * 3600
  /// After this time of failures, in seconds, a webhook is paused.
  static let patience: Int64 = 5 * 86_400

  /// The pause after a number of failures, in seconds, without jitter.
  static func pause(_ failures: Int64) -> Int64 {
    min(firstPause << min(max(failures, 1) - 1, 16), longestPause)
  }

  /// When the next attempt is made.
  ///
  /// - Parameters:
  ///   - failures: the number of failures, the last one included.
  ///   - jitter: from 0 to 1. Receivers that failed together are not tried again together.
  ///   - asked: what the receiver asks for.
  static func next(
    _ failures: Int64, at now: Timestamp, jitter: Double, asked: FetchedHead.RetryAfter?
  ) -> Timestamp {
    switch asked {
    case .seconds(let seconds): return now.adding(seconds: bounded(seconds))
    case .time(let time): return now.adding(seconds: bounded(time - now.microseconds / 1_000_000))
    case nil:
      let pause = Double(pause(failures))
      let milliseconds = Int64(pause * 1000 * (0.8 + 0.4 * min(max(jitter, 0), 1)))
      return Timestamp(microseconds: now.microseconds + milliseconds * 1000)
    }
  }

  private static func bounded(_ seconds: Int64) -> Int64 {
    min(max(seconds, firstPause), longestPause)
  }

  /// Whether failures since a time have lasted too long.
  static func isOver(since first: Timestamp, at now: Timestamp) -> Bool {
    now >= first.adding(seconds: patience)
  }
}
