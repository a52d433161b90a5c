import LedgerStore
import Logging

/// What a service does for its log as time goes by.
extension Ledger {
  /// How often the tree is brought up to the log's end.
  private static let growthInterval: Duration = .milliseconds(200)

  /// Builds the tree behind the appends, signs checkpoints, and has them cosigned and stamped, until the task
  /// is cancelled.
  public func runLog() async {
    var nextCheckpoint = ContinuousClock.now
    var nextStamp = ContinuousClock.now + min(configuration.stampInterval, .seconds(60))
    while !Task.isCancelled {
      do {
        try await store.tree.integrate()
        let now = ContinuousClock.now
        if now >= nextCheckpoint {
          nextCheckpoint = now + configuration.checkpointInterval
          try await publishCheckpoint()
        }
        if now >= nextStamp {
          nextStamp = now + configuration.stampInterval
          try await stampCheckpoint()
        }
        try await Task.sleep(for: Self.growthInterval)
      } catch {
        if Task.isCancelled { return }
        // A contradiction has been said loudly once; it stays until an operator deals with it.
        if await checkpointSigner?.mismatch == nil {
          logger.warning("the log's jobs failed, and are tried again: \(error)")
        }
        try? await Task.sleep(for: .seconds(2))
      }
    }
  }
}
