import Foundation
import LedgerService

/// The environment variables from which libpq takes connection parameters.
enum Libpq {
  /// Removes the variables if no database is configured: `PGPORT` or `PGSERVICE` do not describe the private
  /// PostgreSQL. If a database is configured, they complete its URL, as in every libpq program.
  ///
  /// Call this before another thread runs: threads share the environment.
  static func ignoreEnvironment(unless values: SettingValues) {
    guard !values.hasDatabase else { return }
    for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("PG") {
      unsafe unsetenv(name)
    }
  }
}
