import PostgresClient

/// What a server of PostgreSQL says about itself.
public struct DatabaseFacts: Sendable {
  /// The version as a number, such as 150004.
  public let version: Int64
  /// The settings of durability that are off.
  public let unsafeSettings: [String]
  /// Whether the server is a standby.
  public let isStandby: Bool
  /// The time of the server, in microseconds since 1970.
  public let microseconds: Int64

  init(_ readers: DatabasePool) async throws {
    let row = try await readers.query(
      """
      SELECT current_setting('server_version_num')::bigint,
        (SELECT coalesce(string_agg(name, ',' ORDER BY name), '') FROM pg_settings
         WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'),
        pg_is_in_recovery()::int::bigint,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
      """)[0]
    version = try row.int(0)
    unsafeSettings = try row.text(1).split(separator: ",").map(String.init)
    isStandby = try row.int(2) == 1
    microseconds = try row.int(3)
  }
}
