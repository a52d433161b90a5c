/// What went wrong between this program and PostgreSQL.
///
/// Equality is on the code and the SQLSTATE. The description is one line without parameter values,
/// DETAIL or connection strings, because those can hold personal data and passwords.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case connectionFailed, connectionLost, timedOut, cancelled, server, poolExhausted, poolClosed
    case decoding, protocolMisuse
  }

  public let code: Code
  /// The server's primary message, or this client's own.
  public let message: String
  /// Five characters (PostgreSQL, appendix A), where the server reported the error.
  public let sqlState: String?
  public let detail: String?
  public let hint: String?
  public let constraint: String?

  public init(
    _ code: Code, _ message: String, sqlState: String? = nil, detail: String? = nil,
    hint: String? = nil, constraint: String? = nil
  ) {
    self.code = code
    self.message = message
    self.sqlState = sqlState
    self.detail = detail
    self.hint = hint
    self.constraint = constraint
  }

  public var description: String {
    let line = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return "PostgreSQL: \(line) [\(code.rawValue)\(sqlState.map { " \($0)" } ?? "")]"
  }

  public static func == (a: PostgresError, b: PostgresError) -> Bool {
    a.code == b.code && a.sqlState == b.sqlState
  }
}
