/// The settings of a connection to PostgreSQL.
public struct PostgresConfiguration: Sendable {
  /// A libpq URI or connection string. libpq interprets several hosts and `target_session_attrs`.
  public var uri: String
  /// The user who logs in; `nil` for the user that the URI names.
  public var user: String?
  /// The name that `pg_stat_activity` shows.
  public var applicationName: String
  /// The time after which an attempt to connect fails; at least two seconds.
  public var connectTimeout: Duration
  /// The server's `statement_timeout`; `nil` for the server's own setting.
  public var statementTimeout: Duration?
  /// The time without a message of the server, while an answer is due, after which the connection
  /// counts as lost. A frozen server or a cut cable reports no error. `nil` waits without limit.
  public var silenceTimeout: Duration?
  /// SQL that runs after each connect.
  public var onConnect: [String]

  /// Makes a configuration. All settings but the URI have defaults.
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
