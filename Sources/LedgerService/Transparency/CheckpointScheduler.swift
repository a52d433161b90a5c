import LedgerStore
import Logging

/// Extends the tree, and publishes and timestamps checkpoints at their intervals.
public final class CheckpointScheduler: Sendable {
  let store: LedgerStore
  let configuration: LedgerConfiguration
  let checkpoints: CheckpointIssuer
  let witnesses: WitnessClient
  let timestamper: CheckpointTimestamper
  let logger: Logger

  init(
    store: LedgerStore, configuration: LedgerConfiguration, checkpoints: CheckpointIssuer,
    witnesses: WitnessClient, timestamper: CheckpointTimestamper, logger: Logger
  ) {
    self.store = store
    self.configuration = configuration
    self.checkpoints = checkpoints
    self.witnesses = witnesses
    self.timestamper = timestamper
    self.logger = logger
  }

  /// The interval at which new entries are added to the tree.
  private static let growthInterval: Duration = .milliseconds(200)

  /// Extends the tree, signs checkpoints, collects cosignatures and proofs of time, until the task is
  /// cancelled. Failures are logged, and the work is tried again.
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
        // A mismatch was already logged when it was found.
        if await checkpoints.signer?.mismatch == nil {
          logger.warning("the log's jobs failed, and are tried again: \(error)")
        }
        try? await Task.sleep(for: .seconds(2))
      }
    }
  }
}
