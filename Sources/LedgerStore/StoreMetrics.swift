import CoreMetrics
import PostgresClient

/// The use of a pool of connections.
public struct PoolUsage: Sendable {
  /// The pool: `readers`, `writer`, `signer`, `settler` or `administrator`.
  public let name: String
  /// The largest number of connections.
  public let size: Int
  /// Connections that no task uses.
  public let idle: Int
  /// Connections that a task uses.
  public let inUse: Int
  /// Connections that are being opened.
  public let connecting: Int
  /// Tasks that wait for a connection.
  public let waiting: Int

  init(name: String, _ usage: PostgresPool.Usage) {
    self.name = name
    size = usage.size
    idle = usage.idle
    inUse = usage.inUse
    connecting = usage.connecting
    waiting = usage.waiting
  }
}

/// What the appender records.
struct AppendMetrics: Sendable {
  /// The number of events of each batch.
  let batchEvents: Recorder
  /// The time of each transaction, with its retries.
  let commitTime: CoreMetrics.Timer
  /// Units that wait for a batch.
  let queuedUnits: Meter
  /// Their bytes.
  let queuedBytes: Meter
  /// Transactions that were tried again.
  let retries: Counter
  /// Batches that could not be written.
  let failures: Counter

  init(_ factory: any MetricsFactory) {
    batchEvents = Recorder(label: "pithledger_append_batch_events", factory: factory)
    commitTime = CoreMetrics.Timer(label: "pithledger_append_commit_seconds", factory: factory)
    queuedUnits = Meter(label: "pithledger_append_queue_submissions", factory: factory)
    queuedBytes = Meter(label: "pithledger_append_queue_bytes", factory: factory)
    retries = Counter(label: "pithledger_append_retries_total", factory: factory)
    failures = Counter(label: "pithledger_append_failures_total", factory: factory)
  }
}

/// What the projector records.
struct ProjectorMetrics: Sendable {
  /// The number of events of each batch.
  let batchEvents: Recorder
  /// The time of each batch.
  let batchTime: CoreMetrics.Timer
  /// Restarts after an error.
  let restarts: Counter

  init(_ factory: any MetricsFactory) {
    batchEvents = Recorder(label: "pithledger_projection_batch_events", factory: factory)
    batchTime = CoreMetrics.Timer(label: "pithledger_projection_batch_seconds", factory: factory)
    restarts = Counter(label: "pithledger_projector_restarts_total", factory: factory)
  }

  /// Records a batch that is not empty.
  func record(_ count: Int, since start: ContinuousClock.Instant) {
    guard count > 0 else { return }
    batchEvents.record(count)
    batchTime.record(.now - start)
  }
}

extension CoreMetrics.Timer {
  /// Records a duration.
  func record(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
  }
}
