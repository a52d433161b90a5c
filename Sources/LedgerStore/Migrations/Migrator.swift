import Encodings
import LedgerDomain
import LedgerSQL
public import Logging
import PostgresClient

/// Applies the migrations of the database.
public enum Migrator {
  /// Any number that no other program is likely to lock with.
  static let migrationLock: Int64 = 0x7069_7468_0001

  /// Applies the migrations that are missing, each in a transaction of its own, and answers their
  /// names.
  ///
  /// Two processes may do this at once: one waits for the other. Errors: `migrationChanged` where an
  /// applied one has another checksum than this program's, `migrationUnknown` where the database is
  /// ahead.
  public static func migrate(uri: String, logger: Logger) async throws -> [String] {
    try await LedgerStoreError.translating {
      try await migrate(uri: uri, migrations: Migrations.all, logger: logger)
    }
  }

  /// The same with other migrations, for tests of the rules themselves.
  static func migrate(
    uri: String, migrations: [Migration], logger: Logger
  ) async throws -> [String] {
    let (names, isDerivedAnew) = try await apply(migrations, uri: uri, logger: logger)
    if isDerivedAnew {
      logger.info("the columns of the log follow from its entries by new rules; replaying")
      let store = try await LedgerStore.open(StoreConfiguration(uri: uri, logger: logger))
      do {
        _ = try await store.replayer.run(check: false) { _ in }
        await store.close()
      } catch {
        await store.close()
        throw error
      }
    }
    return names
  }

  private static func apply(
    _ migrations: [Migration], uri: String, logger: Logger
  ) async throws -> (names: [String], isDerivedAnew: Bool) {
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(uri: uri, applicationName: "pithledger migrate"))
    do {
      _ = try await connection.query("SELECT pg_advisory_lock($1)", [.int8(migrationLock)])
      try await connection.execute(
        """
        CREATE SCHEMA IF NOT EXISTS pithledger;
        CREATE TABLE IF NOT EXISTS pithledger.migration (
          number integer PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL,
          applied_at timestamptz NOT NULL DEFAULT now());
        """)
      let missing = try await missing(connection, migrations)
      for migration in missing {
        try await connection.transaction { connection in
          try await connection.execute(migration.sql)
          _ = try await connection.query(
            "INSERT INTO pithledger.migration (number, name, sha256) VALUES ($1, $2, $3)",
            [
              .int4(Int32(migration.number)), .text(migration.name),
              .bytes(Digest(hashing: Array(migration.sql.utf8)).bytes),
            ])
        }
        logger.info("applied migration \(migration.name)")
      }
      // Whoever migrates may act in each role; the service sets the one it needs.
      try await becomeMember(connection)
      let isDerivedAnew = try await ColumnRules.apply(to: connection)
      await connection.close()
      return (missing.map(\.name), isDerivedAnew)
    } catch {
      await connection.close()
      throw error
    }
  }

  /// Lets the user who migrates act in each role, as a ledger with one URL for everything does.
  private static func becomeMember(_ connection: PostgresConnection) async throws {
    let missing = try await connection.query(
      """
      SELECT string_agg(quote_ident(rolname), ', ') FROM pg_roles
      WHERE rolname = ANY ($1) AND NOT pg_has_role(oid, 'MEMBER')
      """, [.textArray(DatabaseRole.names)])[0].optionalText(0)
    if let missing { try await connection.execute("GRANT \(missing) TO CURRENT_USER") }
  }

  /// The migrations that the database lacks, once those it has are found unchanged.
  static func missing(
    _ connection: PostgresConnection, _ migrations: [Migration]
  ) async throws -> [Migration] {
    let rows = try await connection.query(
      "SELECT number, name, sha256 FROM pithledger.migration ORDER BY number")
    for row in rows {
      let number = try row.int(0)
      let name = try row.text(1)
      guard let known = migrations.first(where: { $0.number == Int(number) }) else {
        throw LedgerStoreError(
          .migrationUnknown,
          "the database has migration \(name), which this program does not know: use a newer one")
      }
      guard try row.bytes(2) == Digest(hashing: Array(known.sql.utf8)).bytes else {
        throw LedgerStoreError(
          .migrationChanged,
          "migration \(name) was applied, and its text has been changed since: put it back, and write "
            + "the change as a new migration")
      }
    }
    let applied = try Set(rows.map { Int(try $0.int(0)) })
    return migrations.filter { !applied.contains($0.number) }
  }

  /// Throws unless every migration is applied to the database, and its columns follow this program's rules.
  ///
  /// Errors: `notMigrated`, `migrationChanged`, `migrationUnknown`.
  static func requireMigrated(_ connection: PostgresConnection) async throws {
    let known = try await connection.query(
      "SELECT to_regclass('pithledger.migration') IS NOT NULL")
    let missing =
      try known[0].bool(0) ? try await missing(connection, Migrations.all) : Migrations.all
    guard missing.isEmpty else {
      throw LedgerStoreError(
        .notMigrated, "the database lacks \(missing.count) migrations: run `pithledger migrate`")
    }
    guard try await ColumnRules.version(of: connection) == ColumnRules.version else {
      throw LedgerStoreError(
        .notMigrated,
        "the columns of the log follow the rules of another version: run `pithledger migrate`")
    }
  }
}
