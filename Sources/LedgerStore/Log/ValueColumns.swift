import LedgerDomain
import PostgresClient

extension PostgresValue {
  /// A position as a parameter of the type `bigint`.
  static func position(_ position: Position) -> PostgresValue { .int8(position.rawValue) }

  /// A record as a parameter of the type `bigint`.
  static func record(_ record: RecordID) -> PostgresValue { .int8(record.rawValue) }

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

  /// Reads a column of the type `bigint` that holds a record.
  func record(_ column: Int) throws -> RecordID { RecordID(rawValue: try int(column)) }
}
