public import LedgerDomain
public import LedgerStore
import Synchronization

/// What the background jobs of this process saw in their last rounds.
public struct JobReport: Sendable {
  /// The last round of a job that follows pending statements.
  public struct Pending: Sendable {
    /// How many statements it follows.
    public let count: Int
    /// The position of the oldest of them; `nil` if there is none.
    public let oldest: Position?
    /// When the round ended.
    public let at: Timestamp
  }

  /// The last round of the job that fetches stored copies again.
  public struct Storage: Sendable {
    /// How many locations it watches.
    public let watched: Int
    /// How many of them were due when the round ended.
    public let due: Int
    /// When the round ended.
    public let at: Timestamp
  }

  /// The webhooks by state.
  public struct Webhooks: Sendable {
    /// How many there are in each state.
    public let counts: WebhookCounts
    /// When they were counted.
    public let at: Timestamp
  }

  /// Proofs of time that are pending; `nil` before the first round.
  public internal(set) var anchors: Pending?
  /// Identity tokens whose signature was not checked; `nil` before the first round.
  public internal(set) var claims: Pending?
  /// Stored copies; `nil` before the first round.
  public internal(set) var storage: Storage?
  /// Webhooks; `nil` before they were counted.
  public internal(set) var webhooks: Webhooks?
}

/// Keeps the report of the jobs of a process.
final class JobMonitor: Sendable {
  private let current = Mutex(JobReport())

  /// The report of the last rounds.
  var report: JobReport { current.withLock { $0 } }

  /// Changes the report after a round.
  func note(_ change: (inout JobReport) -> Void) { current.withLock { change(&$0) } }
}
