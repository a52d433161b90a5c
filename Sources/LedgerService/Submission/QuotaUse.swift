import Synchronization

/// What is left of the quotas that a request used.
///
/// An interface sets ``current`` while it answers a request, and tells the client afterwards.
public final class QuotaUse: Sendable {
  /// A quota of a client or a key, as of its last use.
  public struct Quota: Sendable, Equatable {
    /// What a quota counts.
    public enum Unit: Sendable {
      /// Requests, or their lines.
      case requests
      /// Bytes of evidence.
      case bytes
    }

    /// The check of a refusal.
    public let check: String
    /// What is counted.
    public let unit: Unit
    /// The amount in an hour.
    public let limit: Int
    /// The amount that is left, at least 0.
    public let left: Int
    /// The seconds until the whole amount is available, if nothing is used meanwhile.
    public let secondsToFull: Int
  }

  /// The collector of the request that the task answers; `nil` if nobody asks.
  @TaskLocal public static var current: QuotaUse?

  private let state = Mutex<[Quota]>([])

  /// Makes a collector without quotas.
  public init() {}

  /// The quotas that were used, each once.
  public var quotas: [Quota] { state.withLock { $0 } }

  /// Notes what is left of a quota, in the place of an earlier note.
  func note(_ quota: Quota) {
    state.withLock { quotas in
      if let place = quotas.firstIndex(where: { $0.check == quota.check }) {
        quotas[place] = quota
      } else {
        quotas.append(quota)
      }
    }
  }
}
