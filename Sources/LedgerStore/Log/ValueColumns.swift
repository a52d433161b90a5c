import LedgerDomain
import PostgresClient
import TransparencyLog

extension PostgresValue {
  /// A position as a parameter of the type `bigint`.
  static func position(_ position: Position) -> PostgresValue { .int8(position.rawValue) }

  /// A record as a parameter of the type `bigint`.
  static func record(_ record: RecordID) -> PostgresValue { .int8(record.rawValue) }

  /// A number of entries as a parameter of the type `bigint`.
  static func treeSize(_ size: TreeSize) -> PostgresValue { .int8(size.stored) }

  static func positions(_ positions: some Sequence<Position>) -> PostgresValue {
    .int8Array(positions.map(\.rawValue))
  }

  static func records(_ records: some Sequence<RecordID>) -> PostgresValue {
    .int8Array(records.map(\.rawValue))
  }
}

extension PostgresRow {
  /// Reads a column of the type `bigint` that holds a position.
  func position(_ column: Int) throws -> Position { Position(rawValue: try int(column)) }

  /// Reads a column of the type `bigint` that holds a number of entries.
  func treeSize(_ column: Int) throws -> TreeSize { TreeSize(stored: try int(column)) }

  /// Reads a column of the type `bigint` that holds a record.
  func record(_ column: Int) throws -> RecordID { RecordID(rawValue: try int(column)) }
}
