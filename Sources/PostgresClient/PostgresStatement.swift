/// A statement and its parameters.
public struct PostgresStatement: Sendable {
  /// One statement with `$1`, `$2`, … for the parameters.
  public var sql: String
  /// The values of the parameters.
  public var parameters: [PostgresValue]

  /// Makes a statement.
  public init(_ sql: String, _ parameters: [PostgresValue] = []) {
    self.sql = sql
    self.parameters = parameters
  }
}
