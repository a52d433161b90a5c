import Foundation
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing

/// What `sql/README.md` says about the protection of tables.
struct TableCoverage {
  /// The categories of tables that the page defines.
  static let categories: Set = [
    "log", "lookup", "projection", "signed", "evidence", "operator", "schema",
  ]

  /// The category of each table.
  private(set) var tables: [String: String] = [:]
  /// The columns that are not protected, as `schema.table.column`.
  private(set) var unprotected: Set<String> = []

  /// Reads the tables of the section "What protects each table".
  static func read() throws -> TableCoverage {
    let page = String(decoding: try Fixtures.project("sql/README.md"), as: UTF8.self)
    var coverage = TableCoverage()
    let rest = try #require(page.components(separatedBy: "## What protects each table").last)
    let section = try #require(rest.components(separatedBy: "\n## ").first)
    for line in section.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let names = cells[0].matches(of: /`([\w.]+)`/).map { String($0.1) }
      for name in names {
        if name.split(separator: ".").count == 3 {
          coverage.unprotected.insert(name)
        } else {
          #expect(
            coverage.tables.updateValue(cells[1], forKey: name) == nil, "\(name) is listed twice")
        }
      }
    }
    return coverage
  }
}

/// A column of the catalog.
struct CatalogColumn: CustomStringConvertible {
  let table: String
  let name: String
  let type: String
  let isNullable: Bool
  /// Whether the column is part of a key, so that a changed value must be new.
  let isKey: Bool

  var description: String { "\(table).\(name)" }

  /// Every column of every table of the ledger.
  static func all(_ connection: PostgresConnection) async throws -> [CatalogColumn] {
    try await connection.query(
      """
      SELECT n.nspname || '.' || c.relname, a.attname::text, format_type(a.atttypid, NULL), NOT a.attnotnull,
        EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey))
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('ledger', 'pithledger') AND c.relkind IN ('r', 'p') AND a.attnum > 0
        AND NOT a.attisdropped ORDER BY 1, a.attnum
      """
    ).map {
      CatalogColumn(
        table: try $0.text(0), name: try $0.text(1), type: try $0.text(2),
        isNullable: try $0.bool(3),
        isKey: try $0.bool(4))
    }
  }

  /// An expression for another value of the type where the column has one.
  var otherValue: String? {
    let column = "t.\"\(name)\""
    return switch type {
    case "bigint", "integer", "smallint":
      isKey ? "(SELECT max(o.\"\(name)\") FROM \(table) o) + 1000" : "\(column) + 1"
    case "boolean": "NOT \(column)"
    case "text": "\(column) || 'x'"
    case "bytea":
      "set_byte(\(column), length(\(column)) - 1, get_byte(\(column), length(\(column)) - 1) # 1)"
    case "timestamp with time zone": "\(column) + interval '1 second'"
    case "date": "\(column) + 1"
    case "integer[]", "bigint[]", "smallint[]":
      "\(column)[: cardinality(\(column)) - 1] || (\(column)[cardinality(\(column))] + 1)::\(type.dropLast(2))"
    case "text[]": "\(column) || 'x'::text"
    case "bytea[]":
      "array_replace(\(column), \(column)[1], set_byte(\(column)[1], 0, get_byte(\(column)[1], 0) # 1))"
    case "jsonb": "jsonb_build_object('x', \(column))"
    case "tsvector": "\(column) || 'zzzz'::tsvector"
    default: nil
    }
  }

  /// A value of the type where the column is NULL.
  var someValue: String? {
    switch type {
    case "bigint", "integer", "smallint": "1"
    case "boolean": "true"
    case "text": "'x'"
    case "bytea": "'\\x00112233445566778899aabbccddeeff'::bytea"
    case "timestamp with time zone": "now()"
    case "date": "current_date"
    case "text[]", "integer[]", "bigint[]", "smallint[]", "bytea[]": "'{}'"
    case "jsonb": "'{}'"
    case "tsvector": "'zzzz'::tsvector"
    default: nil
    }
  }
}

/// One change of one value by the owner of the database.
struct ColumnChange: CustomStringConvertible {
  let column: CatalogColumn
  /// The rows that are candidates.
  let condition: String
  /// The new value.
  let value: String

  var description: String { "\(column) = \(value) WHERE \(condition)" }

  /// The changes of a column that its table has rows for: another value, NULL for a value, and a value for
  /// NULL.
  static func all(of column: CatalogColumn) throws -> [ColumnChange] {
    let other = try #require(
      column.otherValue, "no other value for the type of \(column): add it here")
    let isSet = "t.\"\(column.name)\" IS NOT NULL"
    var changes = [ColumnChange(column: column, condition: isSet, value: other)]
    if column.isNullable {
      changes.append(ColumnChange(column: column, condition: isSet, value: "NULL"))
      let some = try #require(column.someValue, "no value for the type of \(column): add it here")
      changes.append(
        ColumnChange(column: column, condition: "t.\"\(column.name)\" IS NULL", value: some))
    }
    return changes
  }

  /// Changes one row, chosen by the server's random numbers, runs a closure, and restores the row.
  ///
  /// - Returns: `nil` where no row meets the condition.
  func apply<R>(_ connection: PostgresConnection, _ body: () async throws -> R) async throws -> R? {
    let table = column.table
    guard
      let place = try await connection.query(
        "SELECT t.ctid::text FROM \(table) t WHERE \(condition) ORDER BY random() LIMIT 1"
      ).first?.text(0)
    else { return nil }
    try await connection.execute(
      "CREATE TEMP TABLE kept AS SELECT * FROM \(table) WHERE ctid = '\(place)'")
    let moved = try await connection.query(
      "UPDATE \(table) t SET \"\(column.name)\" = \(value) WHERE t.ctid = '\(place)' RETURNING t.ctid::text"
    )[0].text(0)
    let result = try await body()
    try await connection.execute(
      """
      DELETE FROM \(table) WHERE ctid = '\(moved)'; INSERT INTO \(table) SELECT * FROM kept;
      DROP TABLE kept
      """)
    return result
  }
}
