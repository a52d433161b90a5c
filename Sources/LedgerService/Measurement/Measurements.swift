import LedgerDomain
public import LedgerStore

/// The state of a ledger in numbers, as of one moment.
public struct Measurements: Sendable {
  /// The log, its projections and its checkpoints; `nil` if the database cannot be read.
  public let log: LogMeasurements?
  /// The pools of connections.
  public let pools: [PoolUsage]
  /// The background jobs of this process.
  public let jobs: JobReport
  /// Whether the service accepts submissions and signs checkpoints.
  public let readiness: Readiness
}

/// Whether a ledger can do its work.
public enum Readiness: Sendable {
  /// It can.
  case ready(Ledger.Health)
  /// It cannot. The reason is for people, the check for programs.
  case notReady(check: String, reason: String, Ledger.Health?)
}

extension Ledger {
  /// Whether the ledger accepts submissions and can sign checkpoints, and why not.
  public func readiness() async -> Readiness {
    let health: Health
    do { health = try await self.health() } catch {
      return .notReady(
        check: "database", reason: "The database cannot be read: \(Self.kind(of: error)).", nil)
    }
    if let mismatch = await checkpoints.signer?.mismatch {
      return .notReady(check: mismatch.check, reason: "refusing: \(mismatch)", health)
    }
    if let outage = await checkpoints.signingOutage() {
      return .notReady(
        check: outage.check,
        reason: "no checkpoint can be signed at the moment: \(outage.message)", health)
    }
    return .ready(health)
  }

  /// The class of an error of the store. Its message may name hosts and users of the database, and is for the log.
  private static func kind(of error: any Error) -> String {
    (error as? LedgerStoreError)?.code.rawValue ?? "unexpected error"
  }

  /// Reads the state in numbers: one statement, and what is in memory.
  public func measurements() async -> Measurements {
    var jobs = backgroundJobs.report
    jobs.webhooks = webhookDeliverer.report
    return Measurements(
      log: try? await store.projections.measurements(), pools: await store.poolUsage(),
      jobs: jobs, readiness: await readiness())
  }
}
