import Encodings
import LedgerDomain
import LedgerSQL
public import Logging
import PostgresClient

/// Migrates the schema of a database to that of this program.
///
/// `sql/README.md` describes the parts of the schema and how each is changed.
public struct Migrator: Sendable {
  /// The key of the advisory lock that one migration of a database holds.
  static let lock: Int64 = 0x7069_7468_0001

  private let uri: String
  private let schema: DatabaseSchema
  private let logger: Logger

  /// Creates a migrator.
  ///
  /// - Parameters:
  ///   - uri: a connection URI of the owner of the database.
  ///   - logger: the log of the process.
  public init(uri: String, logger: Logger) {
    self.init(uri: uri, schema: .current, logger: logger)
  }

  /// - Parameter schema: another schema, for tests of the migrator itself.
  init(uri: String, schema: DatabaseSchema, logger: Logger) {
    self.uri = uri
    self.schema = schema
    self.logger = logger
  }

  /// Applies the missing parts of the schema in one transaction, and returns their names.
  ///
  /// Two processes may call this at the same time: one waits for the other. If an earlier program derived
  /// the columns of the log by other rules, they are derived again from the entries. The projections are
  /// replayed then, and after a change of tables.
  ///
  /// Errors: `earlierSchema` for a database of the numbered migrations before the baseline,
  /// `migrationChanged` if an applied table change has another checksum than in this program,
  /// `migrationUnknown` if the database is newer.
  public func migrate() async throws -> [String] {
    try await LedgerStoreError.translating {
      let (names, needsReplay) = try await apply()
      if needsReplay {
        logger.info("the projections have new tables, or the log has new columns; replaying")
        try await replay()
      }
      return names
    }
  }

  private func replay() async throws {
    let store = try await LedgerStore.open(StoreConfiguration(uri: uri, logger: logger))
    do {
      _ = try await store.replayer.run(check: false) { _ in }
      await store.close()
    } catch {
      await store.close()
      throw error
    }
  }

  private func apply() async throws -> (names: [String], needsReplay: Bool) {
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(uri: uri, applicationName: "pithledger migrate"))
    do {
      _ = try await connection.query("SELECT pg_advisory_lock($1)", [.int8(Self.lock)])
      let missing = try await SchemaState(of: connection).missing(from: schema)
      if !missing.isEmpty { try await apply(missing, to: connection) }
      try await becomeMember(connection)
      let hasNewColumns = try await ColumnRules.apply(to: connection)
      // A table of a projection that a change adds to a database in use is empty.
      let hasLog = try await connection.query("SELECT h.size > 0 FROM ledger.head h")[0].bool(0)
      let hasNewTables = hasLog && !missing.tableChanges.isEmpty
      await connection.close()
      return (missing.names, hasNewColumns || hasNewTables)
    } catch {
      await connection.close()
      throw error
    }
  }

  private func apply(_ missing: MissingSchema, to connection: PostgresConnection) async throws {
    // Roles belong to the cluster. In a transaction of their own they are locked for a short time only.
    try await connection.transaction { try await execute(schema.roles, on: $0) }
    try await connection.transaction { connection in
      try await execute(schema.schemas, on: connection)
      // A table change may need to drop what a view shows or a function uses.
      try await dropDefinitions(connection)
      try await execute(schema.constants, on: connection)
      for change in missing.tableChanges {
        try await execute(change.files, on: connection)
        _ = try await connection.query(
          "INSERT INTO pithledger.migration (number, name, sha256) VALUES ($1, $2, $3)",
          [
            .int4(Int32(change.number)), .text(change.name), .bytes(change.checksum.bytes),
          ])
      }
      try await execute(schema.definitions, on: connection)
      _ = try await connection.query(
        """
        INSERT INTO pithledger.definition (revision, sha256) VALUES ($1, $2)
        ON CONFLICT (singleton) DO UPDATE SET
          revision = EXCLUDED.revision, sha256 = EXCLUDED.sha256, applied_at = now()
        """,
        [.int4(Int32(schema.revision)), .bytes(schema.definitionChecksum.bytes)])
    }
    for name in missing.names { logger.info("applied \(name)") }
  }

  private func execute(_ files: [SQLFile], on connection: PostgresConnection) async throws {
    for file in files { try await connection.execute(file.text) }
  }

  /// Drops the triggers, views and functions of schema `ledger`, except constants, which indexes may use.
  ///
  /// Fails where something outside the schema depends on one of them: it is not dropped silently.
  private func dropDefinitions(_ connection: PostgresConnection) async throws {
    let statements = try await connection.query(
      """
      SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal
      UNION ALL
      SELECT 'DROP VIEW ' || string_agg(c.oid::regclass::text, ', ') FROM pg_class c
      WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'v' HAVING count(*) > 0
      UNION ALL
      SELECT 'DROP FUNCTION ' || string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p
      WHERE p.pronamespace = 'ledger'::regnamespace AND NOT p.proname = ANY ($1) HAVING count(*) > 0
      """, [.textArray(schema.constants.map(\.name))]
    ).map { try $0.text(0) }
    for statement in statements { try await connection.execute(statement) }
  }

  /// Makes the user who migrates a member of each login's role, as a ledger with one URL for everything
  /// needs.
  private func becomeMember(_ connection: PostgresConnection) async throws {
    let missing = try await connection.query(
      """
      SELECT string_agg(quote_ident(rolname), ', ') FROM pg_roles
      WHERE rolname = ANY ($1) AND NOT pg_has_role(oid, 'MEMBER')
      """, [.textArray(DatabaseRole.names)])[0].optionalText(0)
    if let missing { try await connection.execute("GRANT \(missing) TO CURRENT_USER") }
  }
}
