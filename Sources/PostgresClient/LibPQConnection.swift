import CLibPQ
import Foundation

/// Owns a connection of libpq, and waits for its server. Belongs to one `PostgresConnection`, on whose
/// thread it blocks.
@safe final class LibPQConnection {
  /// The connection; `nil` once it is closed.
  private var handle: OpaquePointer?
  private let silenceTimeout: Duration?

  /// Connects. Blocks until the server answers.
  init(_ configuration: PostgresConfiguration) throws(PostgresError) {
    guard let pointer = unsafe Self.connect(configuration) else {
      throw PostgresError(.connectionFailed, "libpq has no memory for a connection")
    }
    guard unsafe PQstatus(pointer) == CONNECTION_OK else {
      let message = unsafe String(cString: PQerrorMessage(pointer))
      unsafe PQfinish(pointer)
      throw PostgresError(.connectionFailed, message)
    }
    // In blocking mode both ends could wait for the other to read.
    unsafe PQsetnonblocking(pointer, 1)
    // libpq prints notices to standard error unless they are taken.
    unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
    unsafe handle = pointer
    silenceTimeout = configuration.silenceTimeout
  }

  deinit { unsafe PQfinish(handle) }

  private static func connect(_ configuration: PostgresConfiguration) -> OpaquePointer? {
    let seconds = max(2, Int(configuration.connectTimeout / .seconds(1)))
    // Settings after `dbname`, which expands to the whole URI, override the URI. Settings before it are
    // defaults.
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
    return unsafe PQconnectdbParams(keywords, values, 1)
  }

  // MARK: State

  /// The pointer for calls of libpq, valid until `close()`.
  ///
  /// Errors: `connectionLost` where the connection is closed.
  func pointer() throws(PostgresError) -> OpaquePointer {
    guard let handle = unsafe handle else {
      throw PostgresError(.connectionLost, "the connection is closed")
    }
    return unsafe handle
  }

  /// Ends the session.
  func close() {
    unsafe PQfinish(handle)
    unsafe handle = nil
  }

  var isOpen: Bool { unsafe handle != nil }

  /// Whether the connection can take another statement.
  var isUsable: Bool { unsafe handle != nil && PQstatus(handle) == CONNECTION_OK }

  var isInTransaction: Bool {
    unsafe handle != nil && PQtransactionStatus(handle) != PQTRANS_IDLE
  }

  /// The error that libpq reports for a lost connection.
  func lostError() -> PostgresError {
    guard let handle = unsafe handle else {
      return PostgresError(.connectionLost, "the connection is closed")
    }
    let message = unsafe String(cString: PQerrorMessage(handle))
    return PostgresError(
      .connectionLost, message.isEmpty ? "the server closed the connection" : message)
  }

  /// Throws `connectionLost` unless a call of libpq succeeded.
  func require(_ succeeded: Bool) throws(PostgresError) {
    guard succeeded else { throw lostError() }
  }

  // MARK: Waiting

  /// Waits until the socket can be read, and reads it; or until it can be written.
  ///
  /// Errors: `timedOut` after the silence timeout, with the connection closed; `connectionLost`.
  func wait(writing: Bool = false) throws(PostgresError) {
    let pointer = unsafe try pointer()
    let events = Int16(writing ? POLLIN | POLLOUT : POLLIN)
    let limit = silenceTimeout.map { Int32(min(max(1, $0 / .milliseconds(1)), 1e9)) } ?? -1
    while true {
      var descriptor = pollfd(fd: unsafe PQsocket(pointer), events: events, revents: 0)
      let ready = unsafe poll(&descriptor, 1, limit)
      if ready < 0, errno == EINTR { continue }
      guard ready != 0 else {
        // A late answer would be read as the answer to another statement.
        close()
        throw PostgresError(
          .timedOut,
          "the server sent nothing for \(silenceTimeout ?? .zero); the connection was closed")
      }
      if descriptor.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
        try require(unsafe PQconsumeInput(pointer) == 1)
      }
      return
    }
  }

  /// Sends what is buffered. Reads meanwhile, so that the server is not blocked.
  func flush() throws(PostgresError) {
    let pointer = unsafe try pointer()
    while true {
      let state = unsafe PQflush(pointer)
      if state == 0 { return }
      try require(state == 1)
      try wait(writing: true)
    }
  }

  // MARK: Results

  /// The next result; none where libpq has reported all results of a statement.
  func nextResult() throws(PostgresError) -> LibPQResult {
    let pointer = unsafe try pointer()
    while unsafe PQisBusy(pointer) == 1 { try wait() }
    return unsafe LibPQResult(PQgetResult(pointer))
  }

  /// The last result of what was sent, or the first error. The start of a COPY is the last result.
  func lastResult() throws(PostgresError) -> LibPQResult {
    try flush()
    var last = try nextResult()
    while last.isPresent, last.status != PGRES_COPY_IN, last.status != PGRES_COPY_OUT {
      let next = try nextResult()
      guard next.isPresent else { break }
      if last.status != PGRES_FATAL_ERROR { last = next }
    }
    return last
  }

  /// Throws where a result is an error.
  func check(_ result: borrowing LibPQResult) throws(PostgresError) {
    guard result.isError else { return }
    guard isUsable, let error = result.serverError else { throw lostError() }
    throw error
  }

  /// Runs a script without parameters, and returns its last result unless that is an error.
  func run(_ script: String) throws(PostgresError) -> LibPQResult {
    let pointer = unsafe try pointer()
    try require(unsafe PQsendQuery(pointer, script) == 1)
    let result = try lastResult()
    try check(result)
    return result
  }

  // MARK: Statements

  /// Sends a message that prepares a statement.
  func sendPrepare(_ name: String, _ sql: String, _ types: [UInt32]) throws(PostgresError) {
    let pointer = unsafe try pointer()
    try require(unsafe PQsendPrepare(pointer, name, sql, Int32(types.count), types) == 1)
  }

  /// Sends a message that runs a statement.
  ///
  /// - Parameter name: of the prepared statement; `nil` where it is not prepared.
  func sendQuery(_ name: String?, _ statement: PostgresStatement) throws(PostgresError) {
    let pointer = unsafe try pointer()
    let sent = unsafe Self.withEncoded(statement.parameters) {
      count, types, values, lengths, formats in
      if let name {
        return unsafe PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1)
      }
      return unsafe PQsendQueryParams(
        pointer, statement.sql, count, types, values, lengths, formats, 1)
    }
    try require(sent == 1)
  }

  /// Passes parameters as arrays of libpq, which are valid during the call.
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
    // One buffer holds all values. libpq copies from it before the call returns.
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
}
