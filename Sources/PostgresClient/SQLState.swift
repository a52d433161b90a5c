/// A SQLSTATE: five characters that classify an error of the server (PostgreSQL documentation, appendix A).
public struct SQLState: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
  /// The five characters.
  public let rawValue: String

  /// Makes a SQLSTATE from its five characters.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Makes a SQLSTATE from a literal of five characters.
  public init(stringLiteral value: String) { rawValue = value }

  /// The first two characters, which name the class of the error.
  public var errorClass: Substring { rawValue.prefix(2) }

  /// The server does not support the request; also "cached plan must not change result type".
  public static let featureNotSupported: SQLState = "0A000"
  /// The transaction cannot write, as on a standby.
  public static let readOnlyTransaction: SQLState = "25006"
  /// The transaction was idle for longer than `idle_in_transaction_session_timeout`.
  public static let idleInTransactionTimeout: SQLState = "25P03"
  /// Another transaction changed the same rows.
  public static let serializationFailure: SQLState = "40001"
  /// Two transactions wait for each other.
  public static let deadlockDetected: SQLState = "40P01"
  /// A lock is held by another session.
  public static let lockNotAvailable: SQLState = "55P03"
  /// A request or a timeout cancelled the statement.
  public static let queryCanceled: SQLState = "57014"
  /// An administrator ended the session.
  public static let adminShutdown: SQLState = "57P01"
  /// Another server process crashed, and the session ended.
  public static let crashShutdown: SQLState = "57P02"
  /// The server starts or stops, and accepts no connections.
  public static let cannotConnectNow: SQLState = "57P03"
}
