import Foundation

/// The variables that libpq takes connection parameters from.
enum Libpq {
  /// Removes them where the program has a PostgreSQL of its own: `PGPORT` or `PGSERVICE` of a shell are about another
  /// one. With a URL of the operator's they mean what they mean for every other program.
  ///
  /// Called before any other thread runs, since the environment belongs to all.
  static func ignoreEnvironment(unless environment: [String: String]) {
    let names = ["PITHLEDGER_DATABASE_URL", "PITHLEDGER_DATABASE_URL_FILE"]
    guard names.allSatisfy({ environment[$0]?.isEmpty ?? true }) else { return }
    for name in environment.keys where name.hasPrefix("PG") { unsafe unsetenv(name) }
  }
}
