import Encodings
import Foundation
import LedgerDomain
import PostgresClient
import TestSupport
import Testing

@testable import LedgerSQL
@testable import LedgerStore

/// Migrations of a database, and the databases that a program refuses.
@Suite("Migrations", .privateServer())
struct MigrationTests {
  private func migrate(
    _ uri: String, _ schema: DatabaseSchema = .current
  ) async throws -> [String] {
    try await Migrator(uri: uri, schema: schema, logger: PrivateServer.logger).migrate()
  }

  private func open(_ uri: String) async throws {
    let store = try await LedgerStore.open(
      StoreConfiguration(uri: uri, logger: PrivateServer.logger))
    await store.close()
  }

  private func owner<R: Sendable>(
    _ uri: String, _ body: (PostgresConnection) async throws -> R
  ) async throws -> R {
    try await PostgresConnection.withConnection(PostgresConfiguration(uri: uri), body)
  }

  private func expect(
    _ code: LedgerStoreError.Code, _ body: () async throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    await #expect(throws: LedgerStoreError(code, ""), sourceLocation: sourceLocation) {
      try await body()
    }
  }

  /// The schema of a later program: one more column, which a view shows, and one more function.
  private static let later: DatabaseSchema = {
    var schema = DatabaseSchema.current
    schema.tableChanges.append(
      TableChange(
        SQLFile(
          "migrations/9000_note",
          "ALTER TABLE ledger.subject ADD COLUMN note text;\n"
            + "ALTER TABLE ledger.subject DROP COLUMN suffix;")))
    schema.definitions.removeAll { $0.name == "refuse_subject_change" }
    schema.definitions.insert(
      SQLFile(
        "functions/refuse_subject_change",
        """
        CREATE FUNCTION ledger.refuse_subject_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RETURN NEW;
        END
        $$;
        CREATE FUNCTION ledger.later(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a + 1';
        """), at: 0)
    schema.definitions.append(
      SQLFile("views/note_view", "CREATE VIEW ledger.note_view AS SELECT note FROM ledger.subject;")
    )
    schema.revision += 1
    return schema
  }()

  @Test("Two programs migrate a new database once, and a later run changes nothing")
  func concurrently() async throws {
    let uri = try await PrivateServer.running().database()
    await expect(.notMigrated) { try await open(uri) }
    async let one = migrate(uri)
    async let two = migrate(uri)
    let names = try await one + two
    let schema = DatabaseSchema.current
    #expect(
      names == schema.changes.map(\.name) + ["definitions of revision \(schema.revision)"])
    #expect(try await migrate(uri).isEmpty)
    try await open(uri)
  }

  @Test("A later program changes tables and definitions; an earlier one refuses the result")
  func forward() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await migrate(uri)
    async let one = migrate(uri, Self.later)
    async let two = migrate(uri, Self.later)
    let names = try await one + two
    #expect(names == ["9000_note", "definitions of revision \(Self.later.revision)"])
    let sum = try await owner(uri) { owner in
      try await owner.query("SELECT ledger.later(1), count(note) FROM ledger.note_view")[0].int(0)
    }
    #expect(sum == 2)
    await expect(.migrationUnknown) { _ = try await migrate(uri) }
    await expect(.migrationUnknown) { try await open(uri) }
    // The refused migration changed nothing.
    #expect(try await migrate(uri, Self.later).isEmpty)
  }

  @Test("A database of a higher revision of the definitions alone is refused too")
  func higherRevision() async throws {
    let uri = try await PrivateServer.running().database()
    var later = DatabaseSchema.current
    later.revision += 1
    _ = try await migrate(uri, later)
    await expect(.migrationUnknown) { _ = try await migrate(uri) }
    await expect(.migrationUnknown) { try await open(uri) }
  }

  @Test("Definitions that differ are applied again, and other objects are dropped")
  func definitions() async throws {
    let uri = try await PrivateServer.running().database()
    var changed = DatabaseSchema.current
    changed.definitions.append(
      SQLFile(
        "functions/extra",
        "CREATE FUNCTION ledger.extra() RETURNS integer LANGUAGE sql AS 'SELECT 1';"))
    changed.definitions.append(
      SQLFile("privileges/extra", "GRANT SELECT ON ledger.event TO pithledger_writer;"))
    _ = try await migrate(uri, changed)
    await expect(.notMigrated) { try await open(uri) }
    #expect(
      try await migrate(uri) == ["definitions of revision \(DatabaseSchema.current.revision)"])
    try await open(uri)
    let other = try await PrivateServer.running().database()
    _ = try await migrate(other)
    let expected = try await SchemaDump.text(of: other)
    #expect(try await SchemaDump.text(of: uri) == expected)
  }

  @Test("A table change that was applied and then edited is refused; its comments may change")
  func edited() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await migrate(uri)
    var commented = DatabaseSchema.current
    let event = commented.baseline.files[0]
    commented.baseline = TableChange(
      number: commented.baseline.number, name: commented.baseline.name,
      files: [SQLFile(event.path, "-- Another comment.\n\n" + event.text)]
        + commented.baseline.files.dropFirst())
    #expect(try await migrate(uri, commented).isEmpty)
    var changed = DatabaseSchema.current
    changed.baseline = TableChange(
      number: changed.baseline.number, name: changed.baseline.name,
      files: changed.baseline.files + [
        SQLFile("tables/extra", "CREATE TABLE ledger.extra (a integer);")
      ])
    await expect(.migrationChanged) { _ = try await migrate(uri, changed) }
  }

  @Test("A migration that fails changes nothing")
  func failing() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await migrate(uri)
    let before = try await SchemaDump.text(of: uri)
    var broken = Self.later
    broken.definitions.append(SQLFile("views/broken", "SELECT 1 / 0;"))
    let error = await #expect(throws: LedgerStoreError.self) {
      _ = try await migrate(uri, broken)
    }
    #expect(error?.cause?.sqlState == "22012")
    #expect(try await SchemaDump.text(of: uri) == before)
    try await open(uri)
  }

  @Test("An object outside the schema that depends on a view is not dropped with it")
  func dependents() async throws {
    let uri = try await PrivateServer.running().database()
    _ = try await migrate(uri)
    try await owner(uri) { owner in
      try await owner.execute(
        "CREATE VIEW public.mine AS SELECT pith_number FROM ledger.verification_status_view")
    }
    let error = await #expect(throws: LedgerStoreError.self) {
      _ = try await migrate(uri, Self.later)
    }
    #expect(error?.cause?.sqlState == "2BP01")
    let rows = try await owner(uri) { owner in
      try await owner.query("SELECT count(*) FROM public.mine")[0].int(0)
    }
    #expect(rows == 0)
    try await open(uri)
  }

  @Test("A database of the earlier migrations is refused unchanged, with instructions")
  func earlierSchema() async throws {
    let uri = try await PrivateServer.running().database()
    let dump = try Fixtures.vectors("database-of-numbered-migrations.sql")
    try await owner(uri) { owner in
      for role in DatabaseSchema.current.roles { try await owner.execute(role.text) }
      try await owner.execute(String(decoding: dump, as: UTF8.self))
    }
    let before = try await SchemaDump.text(of: uri, withData: true)
    for opens in [false, true] {
      let error = await #expect(throws: LedgerStoreError.self) {
        if opens { try await open(uri) } else { _ = try await migrate(uri) }
      }
      #expect(error?.code == .earlierSchema)
      #expect(error?.message.contains("export log") == true)
      #expect(error?.message.contains("import log") == true)
    }
    #expect(try await SchemaDump.text(of: uri, withData: true) == before)
    #expect(before.contains("INSERT INTO ledger.event VALUES"))
  }
}
