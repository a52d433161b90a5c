import Encodings
import LedgerSQL
import PostgresClient

/// The parts of a schema that a database does not have.
struct MissingSchema: Sendable {
  var tableChanges: [TableChange] = []
  /// The revision of constants, functions, triggers, views and privileges; `nil` where the database has it.
  var revision: Int?

  var isEmpty: Bool { tableChanges.isEmpty && revision == nil }

  /// Names for a person: those of the table changes, and the revision.
  var names: [String] {
    tableChanges.map(\.name) + (revision.map { ["definitions of revision \($0)"] } ?? [])
  }
}

/// The parts of a schema that a database has, as `pithledger migrate` recorded them.
struct SchemaState: Sendable {
  private struct Applied: Sendable {
    let number: Int
    let name: String
    let checksum: [UInt8]
  }

  private var changes: [Applied] = []
  private var definition: (revision: Int, checksum: [UInt8])?

  init(of connection: PostgresConnection) async throws {
    let tables = try await connection.query(
      """
      SELECT to_regclass('pithledger.migration') IS NOT NULL,
        to_regclass('pithledger.definition') IS NOT NULL
      """)[0]
    if try tables.bool(0) {
      changes = try await connection.query(
        "SELECT number, name, sha256 FROM pithledger.migration ORDER BY number"
      ).map {
        Applied(number: Int(try $0.int(0)), name: try $0.text(1), checksum: try $0.bytes(2))
      }
    }
    if try tables.bool(1) {
      definition = try await connection.query("SELECT revision, sha256 FROM pithledger.definition")
        .first.map { (Int(try $0.int(0)), try $0.bytes(1)) }
    }
  }

  /// Compares the database with a schema, and returns what is missing. Parts that exist must be
  /// unchanged.
  ///
  /// Errors: `earlierSchema`, `migrationChanged`, `migrationUnknown`.
  func missing(from schema: DatabaseSchema) throws -> MissingSchema {
    for applied in changes { try check(applied, schema) }
    let numbers = Set(changes.map(\.number))
    var missing = MissingSchema(
      tableChanges: schema.changes.filter { !numbers.contains($0.number) })
    if let definition, definition.revision > schema.revision {
      throw LedgerStoreError(
        .migrationUnknown,
        "the database has revision \(definition.revision) of its functions and views, and this program "
          + "has revision \(schema.revision): use a newer program")
    }
    // A table change drops the definitions; they are created again after it.
    if !missing.tableChanges.isEmpty
      || definition?.checksum != schema.definitionChecksum.bytes
      || definition?.revision != schema.revision
    {
      missing.revision = schema.revision
    }
    return missing
  }

  /// Checks that a database has the schema of this program.
  ///
  /// Errors: `notMigrated`, `earlierSchema`, `migrationChanged`, `migrationUnknown`.
  static func requireCurrent(_ connection: PostgresConnection) async throws {
    let missing = try await SchemaState(of: connection).missing(from: .current)
    guard missing.isEmpty else {
      throw LedgerStoreError(
        .notMigrated,
        "the database lacks \(missing.names.joined(separator: " and ")): run `pithledger migrate`")
    }
    guard try await ColumnRules.version(of: connection) == ColumnRules.version else {
      throw LedgerStoreError(
        .notMigrated,
        "the columns of the log follow the rules of another version: run `pithledger migrate`")
    }
  }

  private func check(_ applied: Applied, _ schema: DatabaseSchema) throws {
    guard applied.number >= schema.baseline.number else {
      throw LedgerStoreError(
        .earlierSchema,
        "the database was made by an earlier version of this program, whose tables cannot be migrated. "
          + "Its log can be moved: write it with the program that made it (`pithledger export log "
          + "DIRECTORY`), and read it with this program into an empty database (`pithledger import "
          + "log DIRECTORY`), with the same registry.key and log.key. Nothing was changed.")
    }
    guard let known = schema.changes.first(where: { $0.number == applied.number }) else {
      throw LedgerStoreError(
        .migrationUnknown,
        "the database has migration \(applied.name), which this program does not know: use a newer "
          + "program")
    }
    guard applied.checksum == known.checksum.bytes else {
      throw LedgerStoreError(
        .migrationChanged,
        "migration \(applied.name) was applied, and its text was changed since: restore the text, and "
          + "write the change as a new migration")
    }
  }
}

extension TableChange {
  var checksum: Digest { Digest(hashing: Array(checkedText.utf8)) }
}

extension DatabaseSchema {
  /// The SHA-256 of all constants and definitions.
  var definitionChecksum: Digest { Digest(hashing: Array(definitionText.utf8)) }
}
