import Logging

/// The jobs that follow pending anchors, pending claims and stored locations.
public struct BackgroundJobs: Sendable {
  let anchors: DueAnchorSettler
  let claims: ClaimSettler
  let storage: StorageMonitor
  /// The pause between two rounds.
  let interval: Duration
  let logger: Logger

  /// Runs the jobs until the task is cancelled. Anchors and claims do not wait for storage checks.
  public func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask {
        var anchorSchedule = AnchorSchedule()
        var claimSchedule = ClaimSchedule()
        await repeatRounds {
          try await anchors.settleDue(&anchorSchedule)
          _ = try await claims.settleDue(&claimSchedule)
        }
      }
      group.addTask {
        var schedule = StorageSchedule()
        await repeatRounds { try await storage.checkDue(&schedule) }
      }
    }
  }

  private func repeatRounds(_ round: () async throws -> Void) async {
    while !Task.isCancelled {
      do {
        try await round()
        try await Task.sleep(for: interval)
      } catch {
        if Task.isCancelled { return }
        logger.warning("a background job failed and is tried again: \(error)")
        try? await Task.sleep(for: .seconds(10))
      }
    }
  }
}
