import CoreMetrics
import LedgerDomain
import PostgresClient
import Synchronization

/// The only writer of the log. Units that queue while a transaction commits go into the next one.
///
/// Unlike a `QueryBatcher`, it limits a batch by bytes, waits a moment for submissions in flight, and
/// overlaps the encoding of a batch with the commit of the batch before it.
actor Appender {
  private struct Waiting {
    let unit: AppendUnit
    let continuation: CheckedContinuation<AppendOutcome, any Error>
  }

  static let maxQueuedUnits = 4096
  static let maxQueuedBytes = 256 << 20
  static let maxBatchItems = 2000
  static let maxBatchBytes = 32 << 20
  /// The number of queued units from which a batch does not wait for the one before it: it is encoded
  /// and sent while that one commits, and waits in PostgreSQL for the head of the log.
  static let overlapUnits = 500
  /// The number of units that a transaction restores.
  static let manyRestored = 512
  /// The number of units that a transaction restores where `ledger.append` takes them one by one. Its time
  /// then grows with the square of the number.
  static let fewRestored = 128
  /// How long a transaction is tried again.
  static let deadline: Duration = .seconds(30)
  /// The channel of the notification that follows each commit, with the next position.
  static let channel = "ledger_appended"
  /// How long a batch waits for submissions in flight. A few large transactions take less time than
  /// many small ones.
  static let batchWindow: Duration = .milliseconds(4)

  private let pool: DatabasePool
  /// Receives what is appended, for this process's projector.
  private let appended: AppendedEvents
  private let metrics: AppendMetrics
  private var queue: [Waiting] = []
  private var queuedBytes = 0
  private var isDraining = false
  /// The number of batches that are being written.
  private var writing = 0
  private nonisolated let load = AppendLoad()
  /// Resumed when the batch window ends.
  private var windowEnd: CheckedContinuation<Void, Never>?

  init(pool: DatabasePool, appended: AppendedEvents, metrics: AppendMetrics) {
    self.metrics = metrics
    self.pool = pool
    self.appended = appended
  }

  /// Counts a unit as in flight until it is queued, and as work until the reservation is ended or released.
  nonisolated func reserve() -> SubmissionReservation { SubmissionReservation(load) }

  /// Whether so much work is in progress that more would only wait.
  nonisolated var isFull: Bool { load.units.load(ordering: .relaxed) >= AppendLoad.maxUnits }

  static let queueFull = LedgerStoreError(
    .queueFull, "too many submissions are waiting to be written; try again")

  /// Appends a unit. It is durable when this returns.
  func append(_ unit: AppendUnit) async throws -> AppendOutcome {
    guard queue.count < Self.maxQueuedUnits, queuedBytes + unit.byteCount <= Self.maxQueuedBytes
    else { throw Self.queueFull }
    return try await withCheckedThrowingContinuation { continuation in
      queue.append(Waiting(unit: unit, continuation: continuation))
      queuedBytes += unit.byteCount
      noteQueue()
      if isBatchComplete { endWindow() }
      drainIfDue()
    }
  }

  /// Appends units in their order, in one transaction after the other.
  func append(inOrder units: [AppendUnit]) async throws {
    var rest = units[...]
    while !rest.isEmpty {
      let few = rest.prefix(Self.fewRestored)
      let next =
        few.allSatisfy(\.isPlain) ? rest.prefix { $0.isPlain }.prefix(Self.manyRestored) : few
      _ = try await commit(Array(next))
      rest = rest.dropFirst(next.count)
    }
  }

  // MARK: Queue

  private func drainIfDue() {
    guard !queue.isEmpty, !isDraining,
      writing == 0 || writing == 1 && queue.count >= Self.overlapUnits
    else { return }
    isDraining = true
    Task { await drain() }
  }

  /// Takes a batch from the queue and writes it.
  private func drain() async {
    await waitForBatch()
    let batch = takeBatch()
    isDraining = false
    writing += 1
    drainIfDue()
    await write(batch)
    writing -= 1
    drainIfDue()
  }

  private func takeBatch() -> [Waiting] {
    var items = 0
    var bytes = 0
    var count = 0
    for waiting in queue {
      items += waiting.unit.items.count
      bytes += waiting.unit.byteCount
      if count > 0, items > Self.maxBatchItems || bytes > Self.maxBatchBytes { break }
      count += 1
    }
    let batch = Array(queue.prefix(count))
    queue.removeFirst(count)
    queuedBytes -= batch.reduce(0) { $0 + $1.unit.byteCount }
    noteQueue()
    return batch
  }

  private func noteQueue() {
    metrics.queuedUnits.set(queue.count)
    metrics.queuedBytes.set(queuedBytes)
  }

  /// Whether waiting adds nothing to the next batch.
  private var isBatchComplete: Bool {
    load.inFlight.load(ordering: .relaxed) == 0 || queue.count >= Self.maxBatchItems
  }

  /// Waits while submissions are in flight, at most for the batch window. Returns at once when none is.
  private func waitForBatch() async {
    guard !isBatchComplete else { return }
    let timer = Task {
      try await Task.sleep(for: Self.batchWindow)
      endWindow()
    }
    await withCheckedContinuation { windowEnd = $0 }
    timer.cancel()
  }

  private func endWindow() {
    windowEnd?.resume()
    windowEnd = nil
  }

  // MARK: Write

  private func write(_ batch: [Waiting]) async {
    do {
      let outcomes = try await commit(batch.map(\.unit))
      for (waiting, outcome) in zip(batch, outcomes) {
        waiting.continuation.resume(returning: outcome)
      }
    } catch {
      let storeError = error as? LedgerStoreError
      if batch.count > 1, storeError?.isServerError == true {
        // One unit failed the transaction. Each unit is tried alone, so that only that one fails.
        for waiting in batch { await write([waiting]) }
        return
      }
      metrics.failures.increment()
      for waiting in batch {
        if storeError?.code == .registryKeyReplaced {
          waiting.continuation.resume(returning: .conflict)
        } else {
          waiting.continuation.resume(throwing: error)
        }
      }
    }
  }

  /// Commits one transaction, and tries again while the connection fails.
  ///
  /// After a COMMIT whose answer was lost, the same events are found as existing. They are never stored
  /// twice.
  private func commit(_ units: [AppendUnit]) async throws -> [AppendOutcome] {
    let transaction = AppendTransaction(units: units)
    let statements = transaction.statements
    let start = ContinuousClock.now
    var attempts = 0
    while true {
      attempts += 1
      do {
        let answers = try await pool.pipeline(statements)
        let outcomes = try transaction.outcomes(answers, isRetried: attempts > 1)
        metrics.commitTime.record(.now - start)
        metrics.batchEvents.record(units.reduce(0) { $0 + $1.items.count })
        notify(units, outcomes)
        return outcomes
      } catch let error as LedgerStoreError where error.isRetryable {
        metrics.retries.increment()
        if ContinuousClock.now - start > Self.deadline {
          throw LedgerStoreError(
            .outcomeUnknown,
            "PostgreSQL could not be reached for \(Self.deadline), and whether the event was stored is "
              + "unknown: send the same event again (\(error))")
        }
        try await Task.sleep(for: .milliseconds(Int.random(in: 20...60) << min(attempts, 5)))
      }
    }
  }

  /// The events of a batch with their positions, if each of them is new and about a known record;
  /// empty otherwise, because some events of the log between them may then be missing.
  private static func appendedEvents(
    _ units: [AppendUnit], _ outcomes: [AppendOutcome]
  ) -> [AppendedEvent] {
    var events: [AppendedEvent] = []
    for (unit, outcome) in zip(units, outcomes) {
      guard case .stored(let positions, _, isNew: true) = outcome else { return [] }
      for (item, position) in zip(unit.items, positions) {
        guard let record = item.record else { return [] }
        var event = item.event
        event.position = position
        event.record = record
        events.append(AppendedEvent(event: event, group: item.group))
      }
    }
    return events
  }

  /// Wakes the projector. Another process's is notified: a NOTIFY inside the transaction would serialise all
  /// commits.
  private func notify(_ units: [AppendUnit], _ outcomes: [AppendOutcome]) {
    guard let last = outcomes.lazy.compactMap(\.lastPosition).max() else { return }
    if appended.add(Self.appendedEvents(units, outcomes)) { return }
    Task {
      _ = try? await pool.query(
        "SELECT pg_notify('\(Self.channel)', $1)", [.text("\(last.next)")])
    }
  }
}
