import Foundation

/// The environment variables from which libpq takes connection parameters.
enum Libpq {
  /// Removes the variables if no database is configured: `PGPORT` or `PGSERVICE` do not describe the private
  /// PostgreSQL. If a database is configured, they complete its URL, as in every libpq program.
  ///
  /// Call this before another thread runs: threads share the environment.
  static func ignoreEnvironment(unless environment: [String: String]) {
    let names = ["PITHLEDGER_DATABASE_URL", "PITHLEDGER_DATABASE_URL_FILE"]
    guard names.allSatisfy({ environment[$0]?.isEmpty ?? true }) else { return }
    for name in environment.keys where name.hasPrefix("PG") { unsafe unsetenv(name) }
  }
}
