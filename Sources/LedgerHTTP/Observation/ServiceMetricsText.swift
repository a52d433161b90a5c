import CoreMetrics
import LedgerDomain
import LedgerService
import LedgerStore
import PrometheusMetrics
import TransparencyLog

/// Makes the text of `/metrics`.
///
/// Requests within a second share one text: the cost of being asked is one statement in the database a second, however
/// many ask.
actor ServiceMetricsText {
  /// How long a text is answered.
  private static let life: Duration = .seconds(1)

  private let ledger: Ledger
  private let registry: MetricRegistry
  private let samples: @Sendable () async -> [MetricSample]
  private var texts: [TextFormat: (text: String, made: ContinuousClock.Instant)] = [:]
  private var running: [TextFormat: Task<String, Never>] = [:]

  /// - Parameter samples: reads the numbers of the HTTP service.
  init(
    _ ledger: Ledger, _ registry: MetricRegistry,
    samples: @escaping @Sendable () async -> [MetricSample]
  ) {
    self.ledger = ledger
    self.registry = registry
    self.samples = samples
  }

  /// The text in a format.
  func text(_ format: TextFormat) async -> String {
    if let last = texts[format], ContinuousClock.now - last.made < Self.life { return last.text }
    if let task = running[format] { return await task.value }
    let task = Task {
      registry.text(
        format, with: await samples() + Self.samples(await ledger.measurements(), registry))
    }
    running[format] = task
    let text = await task.value
    running[format] = nil
    texts[format] = (text, .now)
    return text
  }

  private static func samples(
    _ measured: Measurements, _ registry: MetricRegistry
  ) -> [MetricSample] {
    var isReady = false
    if case .ready = measured.readiness { isReady = true }
    return [
      MetricSample("pithledger_build_info", 1, labels: [("version", LedgerVersion.current)]),
      MetricSample("pithledger_ready", isReady ? 1 : 0),
      MetricSample("pithledger_database_up", measured.log == nil ? 0 : 1),
      MetricSample("pithledger_metrics_series_dropped_total", registry.droppedSeries),
    ] + log(measured) + jobs(measured.jobs) + pools(measured) + ProcessMetrics.samples()
  }

  private static func log(_ measured: Measurements) -> [MetricSample] {
    guard let log = measured.log else { return [] }
    let now = Timestamp.now
    let lag = log.behindSince.map { max(0, Double(now.microseconds - $0.microseconds) / 1e6) } ?? 0
    var samples = [
      MetricSample("pithledger_log_events", log.size.stored),
      MetricSample("pithledger_log_size_bytes", log.bytes),
      MetricSample(
        "pithledger_projection_lag_events", max(0, log.size.stored - log.projected.stored)),
      MetricSample("pithledger_projection_lag_seconds", lag),
    ]
    if let checkpoint = log.checkpoint {
      samples += [
        MetricSample("pithledger_checkpoint_events", checkpoint.size.stored),
        MetricSample("pithledger_checkpoint_timestamp_seconds", seconds(checkpoint.signedAt)),
      ]
    }
    return samples
  }

  private static func jobs(_ jobs: JobReport) -> [MetricSample] {
    func round(_ job: String, _ at: Timestamp, pending: Int) -> [MetricSample] {
      [
        MetricSample(
          "pithledger_job_last_round_timestamp_seconds", seconds(at), labels: [("task", job)]),
        MetricSample("pithledger_job_pending", pending, labels: [("task", job)]),
      ]
    }
    var samples: [MetricSample] = []
    if let anchors = jobs.anchors {
      samples += round("anchors", anchors.at, pending: anchors.count)
    }
    if let claims = jobs.claims { samples += round("claims", claims.at, pending: claims.count) }
    if let storage = jobs.storage {
      samples += round("storage", storage.at, pending: storage.watched)
      samples.append(
        MetricSample("pithledger_job_due", storage.due, labels: [("task", "storage")]))
    }
    if let webhooks = jobs.webhooks { samples += Self.webhooks(webhooks) }
    return samples
  }

  private static func webhooks(_ webhooks: JobReport.Webhooks) -> [MetricSample] {
    let counts = webhooks.counts
    let states = [
      ("active", counts.active), ("failing", counts.failing), ("stopped", counts.stopped),
      ("paused", counts.paused),
    ]
    return states.map {
      MetricSample("pithledger_webhooks", $0.1, labels: [("state", $0.0)])
    } + [
      MetricSample("pithledger_webhook_lag_events", counts.lag),
      MetricSample(
        "pithledger_job_last_round_timestamp_seconds", seconds(webhooks.at),
        labels: [("task", "webhooks")]),
    ]
  }

  private static func pools(_ measured: Measurements) -> [MetricSample] {
    measured.pools.flatMap { pool in
      let label = ("pool", pool.name)
      let states = [
        ("idle", pool.idle), ("in_use", pool.inUse), ("connecting", pool.connecting),
      ].map {
        MetricSample(
          "pithledger_database_pool_connections", $0.1, labels: [label, ("state", $0.0)])
      }
      return states + [
        MetricSample("pithledger_database_pool_connections_limit", pool.size, labels: [label]),
        MetricSample("pithledger_database_pool_waiting", pool.waiting, labels: [label]),
      ]
    }
  }

  /// Unix time in seconds.
  private static func seconds(_ time: Timestamp) -> Double { Double(time.microseconds) / 1e6 }
}
