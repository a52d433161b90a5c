public import Logging

/// A pool of connections. Each connection is used by one task at a time.
public actor PostgresPool {
  private let configuration: PostgresConfiguration
  private let acquireTimeout: Duration
  private nonisolated let size: Int
  private let logger: Logger
  private let onWait: @Sendable (Duration) -> Void
  private var machine: PoolStateMachine
  private var connections: [Int: PostgresConnection] = [:]
  private var continuations: [Int: CheckedContinuation<Lease, any Error>] = [:]
  private var attempts: [Int: Task<Void, Never>] = [:]
  private var nextID = 0
  private var lastFailure: String?

  private struct Lease: Sendable {
    let id: Int
    let connection: PostgresConnection
  }

  /// Makes a pool. It opens connections when tasks request them.
  ///
  /// - Parameters:
  ///   - configuration: the settings of each connection.
  ///   - size: the largest number of connections.
  ///   - maxWaiting: the largest number of tasks that wait for a connection. Further tasks get the error
  ///     `poolExhausted` at once.
  ///   - acquireTimeout: the time that a task waits before it gets the error `timedOut`.
  ///   - logger: the log of the process.
  ///   - onWait: called with the time that a task waited, after each wait, successful or not.
  public init(
    _ configuration: PostgresConfiguration, size: Int, maxWaiting: Int = 256,
    acquireTimeout: Duration = .seconds(5), logger: Logger,
    onWait: @escaping @Sendable (Duration) -> Void = { _ in }
  ) {
    self.onWait = onWait
    self.configuration = configuration
    self.acquireTimeout = acquireTimeout
    self.size = size
    self.logger = logger
    machine = PoolStateMachine(size: size, maxWaiting: maxWaiting)
  }

  /// Runs `body` with a connection that no other task uses meanwhile.
  ///
  /// A connection that is lost, or still in a transaction or a COPY afterwards, is closed.
  ///
  /// - Throws: a `PostgresError` with the code `poolExhausted`, `timedOut` or `poolClosed`; a
  ///   `CancellationError` if the task is cancelled while it waits; the errors of `body`.
  public nonisolated func withConnection<R: Sendable>(
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    let lease = try await acquire()
    do {
      let result = try await body(lease.connection)
      await release(lease)
      return result
    } catch {
      await release(lease)
      throw error
    }
  }

  /// Runs `body`, and runs it again on another connection after the error `connectionLost`. The
  /// body must be safe to repeat, as reads are.
  ///
  /// After a restart of the server all idle connections are lost; the number of attempts is
  /// therefore the size of the pool plus two.
  public nonisolated func reading<R: Sendable>(
    _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    for _ in 0...size {
      do { return try await withConnection(body) } catch let error as PostgresError
        where error.code == .connectionLost
      { continue }
    }
    return try await withConnection(body)
  }

  /// Runs one statement on any connection. The statement must be safe to repeat.
  public nonisolated func query(
    _ sql: String, _ parameters: [PostgresValue] = []
  ) async throws -> [PostgresRow] {
    try await reading { try await $0.query(sql, parameters) }
  }

  /// The numbers of connections and of waiting tasks at one moment.
  public struct Usage: Sendable {
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
  }

  /// The numbers at this moment.
  public var usage: Usage {
    Usage(
      size: machine.size, idle: machine.idle.count, inUse: machine.leased.count,
      connecting: machine.connecting, waiting: machine.waiting.count)
  }

  /// Closes the pool. Connections in use close when they are released.
  public func close() async {
    perform(machine.close())
    for attempt in attempts.values { attempt.cancel() }
    attempts = [:]
  }

  private func acquire() async throws -> Lease {
    nextID += 1
    let waiter = nextID
    let actions = machine.request(waiter)
    if case .lease(waiter, let id)? = actions.first, let connection = connections[id] {
      return Lease(id: id, connection: connection)
    }
    let start = ContinuousClock.now
    defer { onWait(.now - start) }
    let timeout = Task {
      try await Task.sleep(for: acquireTimeout)
      self.giveUp(waiter, timedOut: true)
    }
    defer { timeout.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        continuations[waiter] = continuation
        perform(actions)
        if Task.isCancelled { giveUp(waiter, timedOut: false) }
      }
    } onCancel: {
      Task { await self.giveUp(waiter, timedOut: false) }
    }
  }

  private func giveUp(_ waiter: Int, timedOut: Bool) {
    guard machine.cancel(waiter), let continuation = continuations.removeValue(forKey: waiter)
    else {
      return
    }
    if timedOut {
      let reason = lastFailure.map { "; the last attempt to connect failed: \($0)" } ?? ""
      continuation.resume(
        throwing: PostgresError(
          .timedOut, "no connection became free in \(acquireTimeout)\(reason)"))
    } else {
      continuation.resume(throwing: CancellationError())
    }
  }

  private func release(_ lease: Lease) {
    perform(machine.release(lease.id, usable: lease.connection.isIdle))
  }

  private func perform(_ actions: [PoolStateMachine.Action]) {
    for action in actions {
      switch action {
      case .lease(let waiter, let id):
        guard let connection = connections[id],
          let continuation = continuations.removeValue(forKey: waiter)
        else {
          perform(machine.release(id, usable: connections[id] != nil))
          continue
        }
        continuation.resume(returning: Lease(id: id, connection: connection))
      case .connect(let failures): connect(afterFailures: failures)
      case .fail(let waiter, let failure):
        continuations.removeValue(forKey: waiter)?.resume(
          throwing: failure == .closed
            ? PostgresError(.poolClosed, "the pool is closed")
            : PostgresError(.poolExhausted, "too many tasks wait for a connection; try again"))
      case .close(let id):
        if let connection = connections.removeValue(forKey: id) {
          Task { await connection.close() }
        }
      }
    }
  }

  private func connect(afterFailures failures: Int) {
    nextID += 1
    let id = nextID
    attempts[id] = Task {
      if failures > 0 {
        // The delay doubles up to five seconds. Jitter prevents many clients from reconnecting at the
        // same time.
        let bound = min(5000, 50 << min(failures, 7))
        try? await Task.sleep(for: .milliseconds(Int.random(in: bound / 2...bound)))
      }
      do {
        let connection = try await PostgresConnection.connect(configuration)
        established(id, connection)
      } catch {
        connectFailed(id, error)
      }
    }
  }

  private func established(_ id: Int, _ connection: PostgresConnection) {
    attempts[id] = nil
    connections[id] = connection
    lastFailure = nil
    perform(machine.connected(id))
  }

  private func connectFailed(_ id: Int, _ error: any Error) {
    attempts[id] = nil
    lastFailure = "\(error)"
    logger.warning("connecting to PostgreSQL failed: \(error)")
    perform(machine.connectFailed())
  }
}
