import LedgerStore
import Logging

/// Grows the tree, and has checkpoints published and timestamped at their intervals.
public struct CheckpointScheduler: Sendable {
  let store: LedgerStore
  let configuration: LedgerConfiguration
  let checkpoints: CheckpointIssuer
  let witnesses: WitnessClient
  let timestamper: CheckpointTimestamper
  let logger: Logger

  /// How often the tree is brought up to the log's end.
  private static let growthInterval: Duration = .milliseconds(200)

  /// Builds the tree behind the appends, signs checkpoints, and has them cosigned and stamped, until the task
  /// is cancelled.
  public func run() async {
    var nextCheckpoint = ContinuousClock.now
    var nextStamp =
      ContinuousClock.now + min(configuration.checkpointTimestampInterval, .seconds(60))
    while !Task.isCancelled {
      do {
        try await store.tree.integrate()
        let now = ContinuousClock.now
        if now >= nextCheckpoint {
          nextCheckpoint = now + configuration.checkpointInterval
          try await witnesses.publishCheckpoint()
        }
        if now >= nextStamp {
          nextStamp = now + configuration.checkpointTimestampInterval
          try await timestamper.timestampCheckpoint()
        }
        try await Task.sleep(for: Self.growthInterval)
      } catch {
        if Task.isCancelled { return }
        // A contradiction has been said loudly once; it stays until an operator deals with it.
        if await checkpoints.signer?.mismatch == nil {
          logger.warning("the log's jobs failed, and are tried again: \(error)")
        }
        try? await Task.sleep(for: .seconds(2))
      }
    }
  }
}
