import CLibPQ
import Foundation
import Synchronization

/// One connection to PostgreSQL. Statements run in order, with parameters and results in binary.
///
/// Cancelling the task that awaits a statement cancels the statement on the server. After
/// `connectionLost` the connection cannot be used again.
public actor PostgresConnection {
  private nonisolated let executor: ThreadExecutor
  /// The thread of the connection.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  let link: LibPQConnection
  let canceller: StatementCanceller
  private var prepared = PreparedStatements()
  /// The number of the last statement, which a cancel request names.
  private var statement: UInt64 = 0
  /// Whether a COPY is in progress.
  private var isCopying = false
  private nonisolated let idle = Flag(true)

  /// The server's version, such as 150018.
  public nonisolated let serverVersion: Int

  private final class Flag: Sendable {
    let value: Atomic<Bool>
    init(_ value: Bool) { self.value = Atomic(value) }
  }

  // MARK: Open and close

  /// Opens a connection. A separate thread waits for the server.
  ///
  /// - Throws: a `PostgresError` with the code `connectionFailed`, or an error of a statement in
  ///   `onConnect`.
  public static func connect(
    _ configuration: PostgresConfiguration
  ) async throws -> PostgresConnection {
    let executor = ThreadExecutor()
    let isMade = Flag(false)
    let connection: PostgresConnection = try await withCheckedThrowingContinuation { continuation in
      executor.perform {
        do {
          let connection = try PostgresConnection(configuration, on: executor)
          isMade.value.store(true, ordering: .releasing)
          continuation.resume(returning: connection)
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
    // The runtime orders the thread's work before this. ThreadSanitizer does not see it where the
    // answer is there before the continuation is awaited.
    _ = isMade.value.load(ordering: .acquiring)
    do {
      if let timeout = configuration.statementTimeout {
        let milliseconds = timeout / .milliseconds(1)
        try await connection.execute("SET statement_timeout = \(Int64(milliseconds))")
      }
      for sql in configuration.onConnect { try await connection.execute(sql) }
    } catch {
      await connection.close()
      throw error
    }
    return connection
  }

  /// Opens a connection for a closure, and closes it when the closure ends.
  ///
  /// - Throws: the errors of ``connect(_:)`` and of `body`.
  public static func withConnection<R: Sendable>(
    _ configuration: PostgresConfiguration, _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    let connection = try await connect(configuration)
    do {
      let result = try await body(connection)
      await connection.close()
      return result
    } catch {
      await connection.close()
      throw error
    }
  }

  /// Blocks until the server answers.
  private init(_ configuration: PostgresConfiguration, on executor: ThreadExecutor) throws {
    let link = try LibPQConnection(configuration)
    let pointer = unsafe try link.pointer()
    canceller = unsafe StatementCanceller(pointer)
    serverVersion = unsafe Int(PQserverVersion(pointer))
    self.executor = executor
    self.link = link
  }

  /// Ends the session.
  public func close() {
    link.close()
    updateIdle()
  }

  // MARK: State

  /// Whether the connection can take another statement.
  public var isUsable: Bool { link.isUsable }

  /// Whether a transaction is open, including one that failed.
  public var isInTransaction: Bool { link.isInTransaction }

  /// Whether the connection is usable, outside a transaction and without a COPY, as of the end of the
  /// last call.
  public nonisolated var isIdle: Bool { idle.value.load(ordering: .acquiring) }

  private func updateIdle() {
    idle.value.store(isUsable && !isInTransaction && !isCopying, ordering: .releasing)
  }

  // MARK: Running

  /// Runs a closure that blocks. Cancelling this task cancels the statement on the server.
  func running<R>(_ body: () throws -> R) async throws -> R {
    try Task.checkCancellation()
    _ = unsafe try link.pointer()
    guard !isCopying else {
      throw PostgresError(.protocolMisuse, "a copy is in progress on this connection")
    }
    statement += 1
    let statement = statement
    let canceller = canceller
    canceller.begin(statement)
    defer {
      canceller.end()
      updateIdle()
    }
    return try await withTaskCancellationHandler {
      // A method of the actor runs the closure: a closure that does not capture the actor would run on
      // one of Swift's threads, and block it.
      try self.call(body)
    } onCancel: {
      canceller.cancel(statement)
    }
  }

  private func call<R>(_ body: () throws -> R) throws -> R { try body() }

  /// Runs the part of a COPY after its start. No other statement can run meanwhile.
  func runningCopy<R>(_ body: () async throws -> R) async throws -> R {
    let statement = statement
    let canceller = canceller
    canceller.begin(statement)
    isCopying = true
    updateIdle()
    defer {
      canceller.end()
      isCopying = false
      updateIdle()
    }
    return try await withTaskCancellationHandler {
      try await self.callAsync(body)
    } onCancel: {
      canceller.cancel(statement)
    }
  }

  private func callAsync<R>(_ body: () async throws -> R) async throws -> R { try await body() }

  /// Cancels the statement that runs.
  func cancelRunning() { canceller.cancel(statement) }

  // MARK: Statements

  /// Runs one statement, and returns its rows. The connection prepares the statement when it runs
  /// it for the first time.
  ///
  /// If the schema changed since then, it prepares the statement again and repeats it, unless a
  /// transaction is open.
  ///
  /// - Throws: a `PostgresError`, such as `server`, `timedOut`, `cancelled` or `connectionLost`; a
  ///   `CancellationError` if the task was cancelled before the start.
  public func query(
    _ sql: String, _ parameters: [PostgresValue] = []
  ) async throws -> [PostgresRow] {
    let statement = PostgresStatement(sql, parameters)
    do {
      return try await running { try runPrepared(statement) }
    } catch let error as PostgresError
      where error.sqlState == .featureNotSupported && !isInTransaction
    {
      // "cached plan must not change result type": the schema changed after the statement was prepared.
      prepared.removeAll()
      try await execute("DEALLOCATE ALL")
      return try await running { try runPrepared(statement) }
    }
  }

  /// Runs any number of statements without parameters, as one implicit transaction.
  ///
  /// - Throws: the errors of ``query(_:_:)``.
  public func execute(_ script: String) async throws {
    try await running { _ = try link.run(script) }
  }

  /// Runs several statements in one round trip, and returns the rows of each one.
  ///
  /// All statements are sent before the first answer is read. Without BEGIN and COMMIT they are one
  /// implicit transaction. The first error is thrown, and no statement after it runs.
  ///
  /// - Throws: the errors of ``query(_:_:)``.
  public func pipeline(_ statements: [PostgresStatement]) async throws -> [[PostgresRow]] {
    try await running { try Pipeline(statements: statements).run(on: link, &prepared) }
  }

  /// Runs `body` between BEGIN and COMMIT. If it throws an error, the transaction is rolled back
  /// and the error is thrown.
  ///
  /// - Parameters:
  ///   - begin: the statement that starts the transaction, which can set the isolation level.
  ///   - body: the statements of the transaction.
  public nonisolated func transaction<R: Sendable>(
    _ begin: String = "BEGIN", _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    try await execute(begin)
    do {
      let result = try await body(self)
      try await execute("COMMIT")
      return result
    } catch {
      if await isUsable, await isInTransaction {
        // This task may be cancelled, and the rollback must run.
        await Task { try? await self.execute("ROLLBACK") }.value
      }
      throw error
    }
  }

  private func runPrepared(_ statement: PostgresStatement) throws -> [PostgresRow] {
    let types = statement.parameters.map(\.oid)
    let key = PreparedStatements.key(statement.sql, types)
    try link.sendQuery(try prepared.name(of: key) ?? prepare(statement.sql, types, key), statement)
    let result = try link.lastResult()
    try link.check(result)
    return result.rows
  }

  private func prepare(_ sql: String, _ types: [UInt32], _ key: String) throws -> String {
    if prepared.isFull, let oldest = prepared.removeLeastRecentlyUsed() {
      _ = try link.run("DEALLOCATE \(oldest)")
    }
    let name = prepared.newName()
    try link.sendPrepare(name, sql, types)
    try link.check(try link.lastResult())
    prepared.insert(key, name)
    return name
  }
}
