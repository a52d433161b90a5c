import LedgerDomain
import Logging

/// The jobs that follow pending anchors, pending claims and stored locations.
public struct BackgroundJobs: Sendable {
  let anchors: DueAnchorSettler
  let claims: ClaimSettler
  let storage: StorageMonitor
  /// The pause between two rounds.
  let interval: Duration
  let logger: Logger
  let metrics: ServiceMetrics
  private let monitor = JobMonitor()

  init(
    anchors: DueAnchorSettler, claims: ClaimSettler, storage: StorageMonitor, interval: Duration,
    logger: Logger, metrics: ServiceMetrics
  ) {
    self.metrics = metrics
    self.anchors = anchors
    self.claims = claims
    self.storage = storage
    self.interval = interval
    self.logger = logger
  }

  /// What the jobs of this process saw in their last rounds.
  public var report: JobReport { monitor.report }

  /// Runs the jobs until the task is cancelled. Anchors and claims do not wait for storage checks.
  public func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask {
        var anchorSchedule = AnchorSchedule()
        var claimSchedule = ClaimSchedule()
        await repeatRounds("anchors_and_claims") {
          try await anchors.settleDue(&anchorSchedule)
          let pending = anchorSchedule.pending
          monitor.note {
            $0.anchors = .init(count: pending.count, oldest: pending.keys.min(), at: .now)
          }
          _ = try await claims.settleDue(&claimSchedule)
          let claimCount = claimSchedule.pending.count
          let oldest = claimSchedule.pending.min()
          monitor.note { $0.claims = .init(count: claimCount, oldest: oldest, at: .now) }
        }
      }
      group.addTask {
        var schedule = StorageSchedule()
        await repeatRounds("storage") {
          try await storage.checkDue(&schedule)
          let (watched, due) = (schedule.count, schedule.due(at: .now))
          monitor.note { $0.storage = .init(watched: watched, due: due, at: .now) }
        }
      }
    }
  }

  private func repeatRounds(_ job: String, _ round: () async throws -> Void) async {
    while !Task.isCancelled {
      do {
        try await round()
        metrics.countRound(job, isDone: true)
        try await Task.sleep(for: interval)
      } catch {
        if Task.isCancelled { return }
        metrics.countRound(job, isDone: false)
        logger.warning("a background job failed and is tried again: \(error)")
        try? await Task.sleep(for: .seconds(10))
      }
    }
  }
}
