/// An error between this program and PostgreSQL.
///
/// Two errors are equal when code and SQLSTATE are equal. The description is one line without parameter
/// values, DETAIL or connection strings, because these can hold personal data and passwords.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of error.
  public enum Code: String, Sendable {
    /// A connection could not be opened.
    case connectionFailed
    /// A connection was lost. What it was doing may have been done.
    case connectionLost
    /// The server, or the pool, did not answer in time.
    case timedOut
    /// The task that awaited a statement was cancelled.
    case cancelled
    /// The server reported an error, with its SQLSTATE.
    case server
    /// Too many tasks wait for a connection of the pool.
    case poolExhausted
    /// The pool is closed.
    case poolClosed
    /// A value has another type or length than the caller asked for.
    case decoding
    /// A call that is not possible in the state of the connection.
    case protocolMisuse
  }

  /// The kind of error.
  public let code: Code
  /// The server's primary message, or a message of this client.
  public let message: String
  /// The SQLSTATE, where the server reported the error.
  public let sqlState: SQLState?
  /// The server's DETAIL.
  public let detail: String?
  /// The server's HINT.
  public let hint: String?
  /// The name of the constraint that was violated.
  public let constraint: String?

  /// Makes an error from its parts.
  public init(
    _ code: Code, _ message: String, sqlState: SQLState? = nil, detail: String? = nil,
    hint: String? = nil, constraint: String? = nil
  ) {
    self.code = code
    self.message = message
    self.sqlState = sqlState
    self.detail = detail
    self.hint = hint
    self.constraint = constraint
  }

  /// The first line of the message with code and SQLSTATE.
  public var description: String {
    let line = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return "PostgreSQL: \(line) [\(code.rawValue)\(sqlState.map { " \($0.rawValue)" } ?? "")]"
  }

  /// Compares code and SQLSTATE.
  public static func == (a: PostgresError, b: PostgresError) -> Bool {
    a.code == b.code && a.sqlState == b.sqlState
  }
}
