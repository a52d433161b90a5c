import CLibPQ
import Dispatch
import Foundation
import Synchronization

/// How to reach PostgreSQL.
public struct PostgresConfiguration: Sendable {
  /// Any libpq URI or connection string; several hosts and `target_session_attrs` reach libpq as they
  /// are.
  public var uri: String
  /// Who connects, in place of the user that the URI names; `nil` for that one.
  public var user: String?
  public var applicationName: String
  public var connectTimeout: Duration
  /// The server ends a statement after this time; `nil` leaves it to the server's own setting.
  public var statementTimeout: Duration?
  /// Gives the connection up as lost when the server says nothing for this long while an answer is due:
  /// a frozen server or a cut cable sends no error. `nil` waits for ever.
  public var silenceTimeout: Duration?
  /// SQL run after each connect.
  public var onConnect: [String]

  public init(
    uri: String, user: String? = nil, applicationName: String = "pithledger",
    connectTimeout: Duration = .seconds(10),
    statementTimeout: Duration? = nil, silenceTimeout: Duration? = nil, onConnect: [String] = []
  ) {
    self.uri = uri
    self.user = user
    self.applicationName = applicationName
    self.connectTimeout = connectTimeout
    self.statementTimeout = statementTimeout
    self.silenceTimeout = silenceTimeout
    self.onConnect = onConnect
  }
}

/// A thread of one connection's own, where libpq may block: neither Swift's threads nor Dispatch's few
/// wait for a server.
private final class ThreadExecutor: SerialExecutor {
  private enum Task {
    case job(UnownedJob)
    case work(@Sendable () -> Void)
    case stop
  }

  /// What the thread and the executor share; the thread must not keep the executor alive.
  private final class Inbox: Sendable {
    private let tasks = Mutex<[Task]>([])
    /// Goes from one holder of the lock to the next: how a `Mutex` orders them ThreadSanitizer does not see, since that
    /// happens in the runtime's library.
    private let turn = Atomic<Bool>(false)
    private let arrived = DispatchSemaphore(value: 0)

    func put(_ task: Task) {
      locked { $0.append(task) }
      arrived.signal()
    }

    func take() -> Task {
      arrived.wait()
      return locked { $0.removeFirst() }
    }

    private func locked<R: Sendable>(_ body: (inout [Task]) -> R) -> R {
      tasks.withLock { tasks in
        _ = turn.load(ordering: .acquiring)
        defer { turn.store(true, ordering: .releasing) }
        return body(&tasks)
      }
    }
  }

  private let inbox = Inbox()

  init() {
    let inbox = inbox
    // A job keeps its actor alive, and the actor this executor, for as long as the job is there to run.
    let executor = unsafe UncheckedExecutor(executor: asUnownedSerialExecutor())
    let thread = Thread {
      while true {
        switch inbox.take() {
        case .job(let job): unsafe job.runSynchronously(on: executor.executor)
        case .work(let work): work()
        case .stop: return
        }
      }
    }
    thread.name = "postgres"
    thread.start()
  }

  deinit { inbox.put(.stop) }

  func enqueue(_ job: consuming ExecutorJob) { inbox.put(.job(UnownedJob(job))) }

  /// Runs something that is no actor's job.
  func perform(_ work: @escaping @Sendable () -> Void) { inbox.put(.work(work)) }
}

/// A reference that is only followed while what it refers to is alive.
@safe private struct UncheckedExecutor: Sendable {
  let executor: UnownedSerialExecutor
  init(executor: UnownedSerialExecutor) { unsafe self.executor = unsafe executor }
}

/// Owns a `PGconn`, and ends it exactly once; moved, never shared, into the actor that uses it.
@safe private struct Handle: ~Copyable {
  let pointer: OpaquePointer
  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }
  deinit { unsafe PQfinish(pointer) }
}

/// Owns a `PGresult`.
@safe private struct Result: ~Copyable {
  let pointer: OpaquePointer?
  init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }
  deinit { unsafe PQclear(pointer) }
  var isPresent: Bool { unsafe pointer != nil }
  var status: ExecStatusType { unsafe PQresultStatus(pointer) }
}

/// Asks the server to stop what one connection is doing, from any thread.
///
/// A request holds the lock for as long as the server takes, and whoever waits for it does so in the kernel:
/// ThreadSanitizer follows this kind of lock there, and not that of `Mutex`.
// @unchecked Sendable is right: `state`, the only thing that changes, is touched under `lock` alone, but for
// `init` and `deinit`, when nobody else has a reference; `lock` and `wake` are constants.
private final class Canceller: @unchecked Sendable {
  @safe private struct State {
    let pointer: OpaquePointer?
    /// What a request must name to be let through: a late one must not hit the next statement.
    var running: UInt64?
    init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }
  }

  private let lock = NSLock()
  private var state: State
  private let wake: Int32

  init(_ connection: OpaquePointer) {
    // Shares nothing with the connection: PQgetCancel copies what a request needs, and libpq lets any
    // thread use the copy (PostgreSQL documentation, "Canceling Queries in Progress").
    state = unsafe State(PQgetCancel(connection))
    wake = pithledger_eventfd()
  }

  deinit {
    unsafe PQfreeCancel(state.pointer)
    Foundation.close(wake)
  }

  var descriptor: Int32 { wake }

  func begin(_ statement: UInt64) {
    var count: UInt64 = 0
    _ = unsafe read(wake, &count, 8)
    lock.withLock { state.running = statement }
  }

  func end() { lock.withLock { state.running = nil } }

  func cancel(_ statement: UInt64) {
    // PQcancel opens a connection of its own and waits for the server; the caller must not.
    Thread.detachNewThread {
      self.lock.withLock {
        guard self.state.running == statement else { return }
        var one: UInt64 = 1
        _ = unsafe write(self.wake, &one, 8)
        var buffer = [CChar](repeating: 0, count: 256)
        _ = unsafe PQcancel(self.state.pointer, &buffer, 256)
      }
    }
  }
}

/// One connection to PostgreSQL: statements in order, parameters and results in binary.
///
/// Cancelling the task that awaits a statement cancels the statement on the server. After
/// `connectionLost` the connection is of no more use.
public actor PostgresConnection {
  private nonisolated let executor: ThreadExecutor
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  private var handle: Handle?
  private let canceller: Canceller
  private var prepared: [String: (name: String, used: UInt64)] = [:]
  private var counter: UInt64 = 0
  private var isBusy = false

  /// Prepared statements kept on one connection.
  static let maxPrepared = 256

  /// The server's version, e.g. 150018.
  public nonisolated let serverVersion: Int

  private let silenceTimeout: Duration?

  /// Connects; blocks a thread of its own while it does.
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
    // The runtime puts the thread's work before this, too; but where the answer is there before anybody waits for
    // it, ThreadSanitizer cannot see how.
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

  /// Blocks until the server answers.
  private init(_ configuration: PostgresConfiguration, on executor: ThreadExecutor) throws {
    let seconds = max(2, Int(configuration.connectTimeout / .seconds(1)))
    // What stands after `dbname`, which expands to the whole URI, overrides it; what stands before is
    // only a default.
    var settings = [
      ("connect_timeout", "\(seconds)"),
      ("application_name", configuration.applicationName),
      ("dbname", configuration.uri), ("client_encoding", "UTF8"),
    ]
    if let user = configuration.user { settings.append(("user", user)) }
    var keywords = unsafe settings.map { unsafe UnsafePointer(strdup($0.0)) }
    var values = unsafe settings.map { unsafe UnsafePointer(strdup($0.1)) }
    unsafe keywords.append(nil)
    unsafe values.append(nil)
    defer {
      for index in 0..<settings.count {
        unsafe free(UnsafeMutableRawPointer(mutating: keywords[index]))
        unsafe free(UnsafeMutableRawPointer(mutating: values[index]))
      }
    }
    guard let pointer = unsafe PQconnectdbParams(keywords, values, 1) else {
      throw PostgresError(.connectionFailed, "libpq has no memory for a connection")
    }
    let handle = unsafe Handle(pointer)
    guard unsafe PQstatus(pointer) == CONNECTION_OK else {
      throw PostgresError(.connectionFailed, unsafe String(cString: PQerrorMessage(pointer)))
    }
    // Nonblocking, or both ends could wait for the other to read.
    unsafe PQsetnonblocking(pointer, 1)
    // Notices are for people at a terminal; this one has none.
    unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
    canceller = unsafe Canceller(pointer)
    serverVersion = unsafe Int(PQserverVersion(pointer))
    silenceTimeout = configuration.silenceTimeout
    self.executor = executor
    self.handle = consume handle
  }

  // MARK: State

  /// Whether the connection can take another statement.
  public var isUsable: Bool {
    guard let pointer = unsafe try? connected() else { return false }
    return unsafe PQstatus(pointer) == CONNECTION_OK
  }

  public var isInTransaction: Bool {
    guard let pointer = unsafe try? connected() else { return false }
    return unsafe PQtransactionStatus(pointer) != PQTRANS_IDLE
  }

  /// Usable, outside a transaction, and with nothing under way, as of the end of the last call.
  public nonisolated var isIdle: Bool { idle.value.load(ordering: .acquiring) }

  private final class Flag: Sendable {
    let value: Atomic<Bool>
    init(_ value: Bool) { self.value = Atomic(value) }
  }
  private nonisolated let idle = Flag(true)

  private func noteWhetherIdle() {
    idle.value.store(isUsable && !isInTransaction && !isBusy, ordering: .releasing)
  }

  /// Ends the session.
  public func close() {
    handle = nil
    noteWhetherIdle()
  }

  private func connected() throws -> OpaquePointer {
    switch handle {
    case .some(let handle): return unsafe handle.pointer
    case .none: throw PostgresError(.connectionLost, "the connection is closed")
    }
  }

  private func lost(_ pointer: OpaquePointer) -> PostgresError {
    let message = unsafe String(cString: PQerrorMessage(pointer))
    return PostgresError(
      .connectionLost, message.isEmpty ? "the server closed the connection" : message)
  }

  /// Runs something that blocks, so that cancelling this task cancels it on the server.
  private func running<R>(_ body: (OpaquePointer) throws -> R) async throws -> R {
    try Task.checkCancellation()
    let pointer = unsafe try connected()
    guard !isBusy else {
      throw PostgresError(.protocolMisuse, "a copy is under way on this connection")
    }
    counter += 1
    let statement = counter
    let canceller = canceller
    canceller.begin(statement)
    defer {
      canceller.end()
      noteWhetherIdle()
    }
    return try await withTaskCancellationHandler {
      // Through self: a closure that does not capture the actor would leave its thread, and block one
      // of Swift's.
      unsafe try self.call(body, pointer)
    } onCancel: {
      canceller.cancel(statement)
    }
  }

  private func call<R>(_ body: (OpaquePointer) throws -> R, _ pointer: OpaquePointer) throws -> R {
    unsafe try body(pointer)
  }

  // MARK: Waiting

  /// Waits until the socket can be read, or also written; what cannot be reached in time is lost.
  private func wait(_ pointer: OpaquePointer, writing: Bool = false) throws {
    let events = Int16(writing ? POLLIN | POLLOUT : POLLIN)
    let limit = silenceTimeout.map { Int32(min(max(1, $0 / .milliseconds(1)), 1e9)) } ?? -1
    while true {
      var descriptor = pollfd(fd: unsafe PQsocket(pointer), events: events, revents: 0)
      let ready = unsafe poll(&descriptor, 1, limit)
      if ready < 0, errno == EINTR { continue }
      guard ready != 0 else {
        // Whatever it still sends would be taken for the answer to another statement.
        handle = nil
        throw PostgresError(
          .timedOut, "the server said nothing for \(silenceTimeout ?? .zero); connection given up")
      }
      if descriptor.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0,
        unsafe PQconsumeInput(pointer) != 1
      {
        throw unsafe lost(pointer)
      }
      return
    }
  }

  /// Sends what is buffered, reading meanwhile, so that neither end waits for the other.
  private func flush(_ pointer: OpaquePointer) throws {
    while true {
      let state = unsafe PQflush(pointer)
      if state == 0 { return }
      guard state == 1 else { throw unsafe lost(pointer) }
      try unsafe wait(pointer, writing: true)
    }
  }

  private func nextResult(_ pointer: OpaquePointer) throws -> Result {
    while unsafe PQisBusy(pointer) == 1 { try unsafe wait(pointer) }
    return unsafe Result(PQgetResult(pointer))
  }

  /// The last result of what was sent, or the first that is an error; a COPY ends the reading.
  private func lastResult(_ pointer: OpaquePointer) throws -> Result {
    try unsafe flush(pointer)
    var last = try unsafe nextResult(pointer)
    while last.isPresent, last.status != PGRES_COPY_IN, last.status != PGRES_COPY_OUT {
      let next = try unsafe nextResult(pointer)
      guard next.isPresent else { break }
      if last.status != PGRES_FATAL_ERROR { last = next }
    }
    return last
  }

  private func run(_ pointer: OpaquePointer, _ sql: String) throws -> Result {
    guard unsafe PQsendQuery(pointer, sql) == 1 else { throw unsafe lost(pointer) }
    return try unsafe lastResult(pointer)
  }

  // MARK: Statements

  /// Runs one statement, prepared once on this connection.
  public func query(
    _ sql: String, _ parameters: [PostgresValue] = []
  ) async throws -> [PostgresRow] {
    do {
      return unsafe try await running { unsafe try executePrepared($0, sql, parameters) }
    } catch let error as PostgresError where error.sqlState == "0A000" && !isInTransaction {
      // "cached plan must not change result type": the schema moved under a prepared statement.
      prepared = [:]
      try await execute("DEALLOCATE ALL")
      return unsafe try await running { unsafe try executePrepared($0, sql, parameters) }
    }
  }

  /// Runs any number of statements without parameters, as one implicit transaction.
  public func execute(_ script: String) async throws {
    unsafe try await running { pointer in
      let result = try unsafe run(pointer, script)
      try unsafe check(pointer, result)
    }
  }

  /// Sends all statements before it reads the first answer: one round trip.
  ///
  /// Without BEGIN and COMMIT among them they are one implicit transaction. The first error is thrown,
  /// and nothing after it is run.
  public func pipeline(_ statements: [PostgresStatement]) async throws -> [[PostgresRow]] {
    unsafe try await running { pointer in
      guard unsafe PQenterPipelineMode(pointer) == 1 else { throw unsafe lost(pointer) }
      defer { if handle != nil { unsafe PQexitPipelineMode(pointer) } }
      // What stands behind an error, or was never sent, is not prepared.
      let known = self.prepared
      do {
        let answers = unsafe try send(pointer, statements)
        return unsafe try readPipeline(pointer, answers)
      } catch {
        self.prepared = known
        throw error
      }
    }
  }

  /// Sends a pipeline's messages and its sync; answers which results are statements' answers.
  private func send(_ pointer: OpaquePointer, _ statements: [PostgresStatement]) throws -> [Bool] {
    var answers: [Bool] = []
    for statement in statements {
      let types = statement.parameters.map(\.oid)
      let key = Self.key(statement.sql, types)
      counter += 1
      if prepared[key] == nil, prepared.count < Self.maxPrepared {
        let name = "s\(counter)"
        guard unsafe PQsendPrepare(pointer, name, statement.sql, Int32(types.count), types) == 1
        else { throw unsafe lost(pointer) }
        prepared[key] = (name, counter)
        answers.append(false)
      }
      prepared[key]?.used = counter
      let name = prepared[key]?.name
      let sent = unsafe Self.withEncoded(statement.parameters) {
        count, types, values, lengths, formats in
        if let name {
          return unsafe PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1)
        }
        return unsafe PQsendQueryParams(
          pointer, statement.sql, count, types, values, lengths, formats, 1)
      }
      answers.append(true)
      guard sent == 1 else { throw unsafe lost(pointer) }
    }
    guard unsafe PQpipelineSync(pointer) == 1 else { throw unsafe lost(pointer) }
    try unsafe flush(pointer)
    return answers
  }

  /// - Parameter wanted: for each result to come, whether it is a statement's answer.
  private func readPipeline(
    _ pointer: OpaquePointer, _ wanted: [Bool]
  ) throws -> [[PostgresRow]] {
    var answers: [[PostgresRow]] = []
    var index = 0
    var failure: PostgresError?
    while true {
      let result = try unsafe nextResult(pointer)
      guard result.isPresent else {
        // A null result stands between two statements, and for ever once the connection is gone.
        guard unsafe PQstatus(pointer) == CONNECTION_OK else {
          throw unsafe failure ?? lost(pointer)
        }
        continue
      }
      switch result.status {
      case PGRES_PIPELINE_SYNC:
        if let failure { throw failure }
        guard index == wanted.count else {
          throw PostgresError(.protocolMisuse, "\(index) answers to \(wanted.count) messages")
        }
        return answers
      case PGRES_PIPELINE_ABORTED: break
      default:
        do {
          try unsafe check(pointer, result)
          if index < wanted.count, wanted[index] { answers.append(Self.rows(result)) }
          index += 1
        } catch let error as PostgresError { failure = failure ?? error }
      }
    }
  }

  /// Runs `body` between BEGIN and COMMIT; what it throws rolls back.
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
        // Not by this task, which may be cancelled and must still roll back.
        await Task { try? await self.execute("ROLLBACK") }.value
      }
      throw error
    }
  }

  private func executePrepared(
    _ pointer: OpaquePointer, _ sql: String, _ parameters: [PostgresValue]
  ) throws -> [PostgresRow] {
    let name = unsafe try prepare(pointer, sql, parameters.map(\.oid))
    let sent = unsafe Self.withEncoded(parameters) { count, _, values, lengths, formats in
      unsafe PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1)
    }
    guard sent == 1 else { throw unsafe lost(pointer) }
    let result = try unsafe lastResult(pointer)
    try unsafe check(pointer, result)
    return Self.rows(result)
  }

  private func prepare(_ pointer: OpaquePointer, _ sql: String, _ types: [UInt32]) throws -> String
  {
    counter += 1
    let key = Self.key(sql, types)
    if let known = prepared[key] {
      prepared[key]?.used = counter
      return known.name
    }
    if prepared.count >= Self.maxPrepared,
      let oldest = prepared.min(by: { $0.value.used < $1.value.used })
    {
      prepared[oldest.key] = nil
      _ = try unsafe run(pointer, "DEALLOCATE \(oldest.value.name)")
    }
    let name = "s\(counter)"
    guard unsafe PQsendPrepare(pointer, name, sql, Int32(types.count), types) == 1 else {
      throw unsafe lost(pointer)
    }
    let result = try unsafe lastResult(pointer)
    try unsafe check(pointer, result)
    prepared[key] = (name, counter)
    return name
  }

  private static func key(_ sql: String, _ types: [UInt32]) -> String {
    types.map(String.init).joined(separator: ",") + " " + sql
  }

  /// Throws where a result is an error.
  private func check(_ pointer: OpaquePointer, _ result: borrowing Result) throws {
    switch result.status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_COPY_IN, PGRES_COPY_OUT,
      PGRES_SINGLE_TUPLE, PGRES_PIPELINE_SYNC:
      return
    default: break
    }
    func field(_ code: Int32) -> String? {
      guard let text = unsafe PQresultErrorField(result.pointer, code) else { return nil }
      return unsafe String(cString: text)
    }
    let state = field(Int32(UInt8(ascii: "C")))
    guard unsafe PQstatus(pointer) == CONNECTION_OK, let state else { throw unsafe lost(pointer) }
    let code: PostgresError.Code =
      switch state {
      case SQLState.queryCanceled.rawValue: Task.isCancelled ? .cancelled : .timedOut
      case SQLState.adminShutdown.rawValue, SQLState.crashShutdown.rawValue,
        SQLState.cannotConnectNow.rawValue:
        .connectionLost
      default: .server
      }
    throw PostgresError(
      code, field(Int32(UInt8(ascii: "M"))) ?? "an error without a message",
      sqlState: SQLState(rawValue: state),
      detail: field(Int32(UInt8(ascii: "D"))), hint: field(Int32(UInt8(ascii: "H"))),
      constraint: field(Int32(UInt8(ascii: "n"))))
  }

  private static func rows(_ result: borrowing Result) -> [PostgresRow] {
    let pointer = unsafe result.pointer
    let columns = unsafe PQnfields(pointer)
    let types = (0..<columns).map { unsafe PQftype(pointer, $0) }
    return (0..<(unsafe PQntuples(pointer))).map { row in
      let values: [[UInt8]?] = (0..<columns).map { column in
        if unsafe PQgetisnull(pointer, row, column) == 1 { return nil }
        let length = unsafe Int(PQgetlength(pointer, row, column))
        return unsafe Array(
          UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: length))
      }
      return PostgresRow(columns: values, types: types)
    }
  }

  /// Parameters as libpq's arrays, valid during the call.
  private static func withEncoded<R>(
    _ parameters: [PostgresValue],
    _ body: (
      Int32, UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
      UnsafePointer<Int32>?
    ) -> R
  ) -> R {
    let encoded = parameters.map(\.encoded)
    let types = parameters.map(\.oid)
    let lengths = encoded.map { Int32($0?.count ?? 0) }
    let formats = [Int32](repeating: 1, count: parameters.count)
    // One buffer for all values: libpq copies from it before the call returns.
    var flat: [UInt8] = []
    var offsets: [Int?] = []
    for value in encoded {
      offsets.append(value == nil ? nil : flat.count)
      if let value {
        flat += value
        flat.append(0)
      }
    }
    return unsafe flat.withUnsafeBytes { bytes in
      let values: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
        guard let offset, let base = bytes.baseAddress else { return nil }
        return unsafe (base + offset).assumingMemoryBound(to: CChar.self)
      }
      return unsafe body(Int32(parameters.count), types, values, lengths, formats)
    }
  }

  // MARK: COPY

  /// Starts a copy, and runs the rest of it so that cancelling this task cancels it on the server.
  ///
  /// What `body` throws ends the copy; the connection stays usable.
  private func copying<R>(
    _ sql: String, _ wanted: ExecStatusType, _ clause: String,
    _ body: (OpaquePointer) async throws -> R
  ) async throws -> R {
    unsafe try await running { pointer in
      let result = try unsafe run(pointer, sql)
      try unsafe check(pointer, result)
      guard result.status == wanted else {
        throw PostgresError(.protocolMisuse, "the statement is no COPY … \(clause)")
      }
    }
    let pointer = unsafe try connected()
    let statement = counter
    let canceller = canceller
    canceller.begin(statement)
    isBusy = true
    noteWhetherIdle()
    defer {
      canceller.end()
      isBusy = false
      noteWhetherIdle()
    }
    do {
      return try await withTaskCancellationHandler {
        unsafe try await self.callAsync(body, pointer)
      } onCancel: {
        canceller.cancel(statement)
      }
    } catch {
      guard handle != nil else { throw error }
      if wanted == PGRES_COPY_IN {
        unsafe PQputCopyEnd(pointer, "the sender gave up")
      } else {
        canceller.cancel(statement)
      }
      try? unsafe drain(pointer)
      throw error
    }
  }

  private func callAsync<R>(
    _ body: (OpaquePointer) async throws -> R, _ pointer: OpaquePointer
  ) async throws -> R {
    unsafe try await body(pointer)
  }

  /// Sends `COPY … FROM STDIN` its data, and answers the number of rows.
  ///
  /// When the sequence throws, the copy is given up and the connection stays usable.
  public func copyIn<Chunks: AsyncSequence & Sendable>(
    _ sql: String, _ chunks: Chunks
  ) async throws -> Int where Chunks.Element == [UInt8] {
    unsafe try await copying(sql, PGRES_COPY_IN, "FROM STDIN") { pointer in
      for try await chunk in chunks {
        let sent = unsafe chunk.withUnsafeBytes { bytes in
          unsafe PQputCopyData(
            pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        guard sent == 1 else { throw unsafe lost(pointer) }
        // Nothing is left in libpq's buffer, so that memory holds one chunk however long the copy.
        try unsafe flush(pointer)
      }
      try Task.checkCancellation()
      guard unsafe PQputCopyEnd(pointer, nil) == 1 else { throw unsafe lost(pointer) }
      try unsafe flush(pointer)
      return try unsafe copied(pointer)
    }
  }

  /// Runs `COPY … TO STDOUT`, and hands over some 64 KiB of messages before it reads the next.
  public func copyOut(
    _ sql: String, _ consume: ([UInt8]) async throws -> Void
  ) async throws {
    unsafe try await copying(sql, PGRES_COPY_OUT, "TO STDOUT") { pointer in
      // Messages are a row each; gathering them saves a hop a row.
      var gathered: [UInt8] = []
      var isMore = true
      while isMore {
        isMore = try unsafe nextMessage(pointer) { unsafe gathered += $0 }
        if gathered.count >= 65_536 || (!isMore && !gathered.isEmpty) {
          // At the end the server says why it ended.
          if isMore { try Task.checkCancellation() }
          try await consume(gathered)
          gathered.removeAll(keepingCapacity: true)
        }
      }
      _ = try unsafe copied(pointer)
    }
  }

  /// Runs `COPY … TO STDOUT`, and shows each message, which is a row, where libpq keeps it.
  ///
  /// `consume` runs on the connection's own thread, and must not wait.
  public func copyMessages(
    _ sql: String, _ consume: (RawSpan) throws -> Void
  ) async throws {
    unsafe try await copying(sql, PGRES_COPY_OUT, "TO STDOUT") { pointer in
      var count = 0
      while try unsafe nextMessage(pointer, { try unsafe consume($0.bytes) }) {
        count += 1
        if count & 0xFFF == 0 { try Task.checkCancellation() }
      }
      _ = try unsafe copied(pointer)
    }
  }

  /// Waits for the next message of a copy; `false` where there are no more.
  private func nextMessage(
    _ pointer: OpaquePointer, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Bool {
    while true {
      var buffer: UnsafeMutablePointer<CChar>?
      let length = unsafe PQgetCopyData(pointer, &buffer, 1)
      if length < 0 { return false }
      if length == 0 {
        try unsafe wait(pointer)
        continue
      }
      defer { unsafe PQfreemem(buffer) }
      try unsafe body(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
      return true
    }
  }

  /// The outcome of a copy whose data has all gone over: how many rows.
  private func copied(_ pointer: OpaquePointer) throws -> Int {
    var rows = 0
    var failure: PostgresError?
    while true {
      let result = try unsafe nextResult(pointer)
      guard result.isPresent else { break }
      do {
        try unsafe check(pointer, result)
        rows = unsafe Int(String(cString: PQcmdTuples(result.pointer))) ?? rows
      } catch let error as PostgresError { failure = failure ?? error }
    }
    if let failure { throw failure }
    return rows
  }

  /// Reads what is left of a copy, and forgets it.
  private func drain(_ pointer: OpaquePointer) throws {
    try unsafe flush(pointer)
    while true {
      let result = try unsafe nextResult(pointer)
      guard result.isPresent else { return }
      guard result.status == PGRES_COPY_OUT else { continue }
      while true {
        var buffer: UnsafeMutablePointer<CChar>?
        let length = unsafe PQgetCopyData(pointer, &buffer, 1)
        if length < 0 { break }
        if length == 0 { try unsafe wait(pointer) } else { unsafe PQfreemem(buffer) }
      }
    }
  }

  // MARK: LISTEN

  /// Subscribes this session; the channel is an identifier, not a value.
  public func listen(_ channel: String) async throws {
    try await execute("LISTEN \"\(channel.replacing("\"", with: "\"\""))\"")
  }

  /// The next notification; `nil` when none came in time. Cancelling the task wakes it.
  public func nextNotification(timeout: Duration) async throws -> PostgresNotification? {
    unsafe try await running { pointer in
      let deadline = ContinuousClock.now + timeout
      while true {
        if let raw = unsafe PQnotifies(pointer) {
          defer { unsafe PQfreemem(raw) }
          return unsafe PostgresNotification(
            channel: String(cString: raw.pointee.relname),
            payload: String(cString: raw.pointee.extra), processID: Int32(raw.pointee.be_pid))
        }
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        guard left > 0 else { return nil }
        var descriptors = [
          pollfd(fd: unsafe PQsocket(pointer), events: Int16(POLLIN), revents: 0),
          pollfd(fd: canceller.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        unsafe poll(&descriptors, 2, Int32(min(left.rounded(.up), 60_000)))
        if Task.isCancelled { throw CancellationError() }
        if descriptors[0].revents != 0, unsafe PQconsumeInput(pointer) != 1 {
          throw unsafe lost(pointer)
        }
      }
    }
  }
}
