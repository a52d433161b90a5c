import Encodings
import LedgerDomain
import LedgerSQL
import PostgresClient

/// A fault of a table that follows from the table alone, or from a comparison with this program.
public struct TableFault: Sendable, Equatable {
  /// What is wrong.
  public enum Kind: Sendable, Equatable {
    /// A table that has one row has another number of rows.
    case notOneRow
    /// The name or the key of the log is another one than this ledger has.
    case identity
    /// The schema is not recorded as this program has it.
    case schema
    /// A full tile of the tree has a level or an index that the tree has not reached.
    case tileBeyondTree
    /// The projections are said to include other events than they do.
    case offset
    /// A trusted document does not hash to its name.
    case documentHash
    /// A trigger that refuses changes is missing or disabled.
    case trigger
  }

  /// What is wrong.
  public let kind: Kind
  /// The tables with their schemas. More than one if they contradict each other.
  public let tables: [String]
  /// A description for a person.
  public let message: String
}

/// Checks the tables that neither an entry nor a signature verifies. Changes nothing.
public struct TableChecks: Sendable {
  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  /// The faults of all tables.
  ///
  /// - Parameters:
  ///   - origin: the name of the log.
  ///   - logKey: the verifier key of its checkpoints; `nil` if it is not known here.
  public func faults(origin: String, logKey: String?) async throws -> [TableFault] {
    try await notOneRow() + identity(origin, logKey) + schema() + tilesBeyondTree() + offset()
      + documents()
  }

  private func notOneRow() async throws -> [TableFault] {
    var faults: [TableFault] = []
    for table in [
      "ledger.head", "ledger.tree", "ledger.projection_offset", "ledger.column_rules",
      "pithledger.definition",
    ] {
      let row = try await readers.query(
        "SELECT count(*), coalesce(bool_and(singleton), false) FROM \(table)")[0]
      if try row.int(0) != 1 || !row.bool(1) {
        faults.append(
          TableFault(
            kind: .notOneRow, tables: [table],
            message: "the table has one row, with singleton true, and not \(try row.int(0)) rows"))
      }
    }
    return faults
  }

  private func identity(_ origin: String, _ logKey: String?) async throws -> [TableFault] {
    let row = try await readers.query(
      "SELECT coalesce(h.origin, ''), t.log_key FROM ledger.head h, ledger.tree t LIMIT 1"
    ).first
    guard let row else { return [] }
    var faults: [TableFault] = []
    if try row.text(0) != origin {
      faults.append(
        TableFault(
          kind: .identity, tables: ["ledger.head"],
          message: "the log is named \(try row.text(0)), and this ledger is \(origin)"))
    }
    if let logKey, try row.optionalText(1) != logKey {
      faults.append(
        TableFault(
          kind: .identity, tables: ["ledger.tree"],
          message:
            "the key of the log is \(try row.optionalText(1) ?? "missing"), and not \(logKey)"
        ))
    }
    return faults
  }

  private func schema() async throws -> [TableFault] {
    let schema = DatabaseSchema.current
    var faults: [TableFault] = []
    func add(_ table: String, _ message: String) {
      faults.append(TableFault(kind: .schema, tables: [table], message: message))
    }
    let applied = try await readers.query(
      "SELECT number, name, sha256 FROM pithledger.migration ORDER BY number")
    let expected = schema.changes.map { "\($0.number) \($0.name) \($0.checksum.hex)" }
    let found = try applied.map {
      "\(try $0.int(0)) \(try $0.text(1)) \(Hex.encode(try $0.bytes(2)))"
    }
    for row in found where !expected.contains(row) {
      add("pithledger.migration", "this program has no table change \(row)")
    }
    for row in expected where !found.contains(row) {
      add("pithledger.migration", "the table change \(row) is not recorded")
    }
    for row in try await readers.query("SELECT revision, sha256 FROM pithledger.definition") {
      let found = "\(try row.int(0)) \(Hex.encode(try row.bytes(1)))"
      let expected = "\(schema.revision) \(schema.definitionChecksum.hex)"
      if found != expected {
        add("pithledger.definition", "the definitions are \(found), and not \(expected)")
      }
    }
    for row in try await readers.query("SELECT version FROM ledger.column_rules")
    where try row.int(0) != Int64(ColumnRules.version) {
      add(
        "ledger.column_rules",
        "the columns of events follow version \(try row.int(0)), and not \(ColumnRules.version)")
    }
    return faults
  }

  private func tilesBeyondTree() async throws -> [TableFault] {
    try await readers.query(
      """
      SELECT f.level::bigint, f.index FROM ledger.tile f, ledger.tree t
      WHERE f.index >= t.size >> least(8 * (f.level + 1), 62)::integer ORDER BY f.level, f.index LIMIT 10
      """
    ).map { row in
      TableFault(
        kind: .tileBeyondTree, tables: ["ledger.tile"],
        message: "tile \(try row.int(1)) of level \(try row.int(0)) is beyond the tree")
    }
  }

  /// The offset and the rows are written in one transaction, and read here in one statement.
  private func offset() async throws -> [TableFault] {
    try await readers.query(
      """
      SELECT c.next_position, h.size, coalesce((SELECT max(s.position) FROM ledger.event_summary s), -1)
      FROM ledger.projection_offset c, ledger.head h
      """
    ).compactMap { row in
      let (next, size, last) = (try row.int(0), try row.int(1), try row.int(2))
      guard next > size || last >= next else { return nil }
      return TableFault(
        kind: .offset, tables: ["ledger.projection_offset", "ledger.event_summary"],
        message:
          "the projections are said to include \(next) events of \(size), and include position "
          + "\(last)")
    }
  }

  private func documents() async throws -> [TableFault] {
    try await readers.query(
      "SELECT d.kind, d.sha256 FROM ledger.trusted_document d WHERE sha256(d.bytes) <> d.sha256"
    ).map { row in
      TableFault(
        kind: .documentHash, tables: ["ledger.trusted_document"],
        message:
          "the \(try row.text(0)) document does not hash to its name \(Hex.encode(try row.bytes(1)))"
      )
    }
  }

  /// The triggers that refuse changes and are missing or disabled. `ENABLE ALWAYS` is their state.
  public func triggerFaults() async throws -> [TableFault] {
    let enabled = try await readers.query(
      """
      SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'A'
      """
    ).map { try $0.text(0) }
    return DatabaseSchema.current.definitions.filter { $0.path.hasPrefix("triggers/") }
      .filter { !enabled.contains($0.name) }.map { file in
        let table = file.text.firstMatch(of: /ON (ledger\.\w+)/).map { String($0.1) } ?? "ledger"
        return TableFault(
          kind: .trigger, tables: [table],
          message: "the trigger \(file.name) is missing or disabled")
      }
  }
}
