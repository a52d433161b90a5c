/// One row of a result in binary format. Columns are read by index, counted from 0.
///
/// - Throws: every function that reads a column throws a `PostgresError` with the code `decoding`
///   if the column has another type, or is NULL where a value is required.
public struct PostgresRow: Sendable {
  let columns: [[UInt8]?]
  let types: [UInt32]

  /// The number of columns.
  public var count: Int { columns.count }
  /// Whether a column is NULL.
  public func isNull(_ index: Int) -> Bool { columns[index] == nil }

  private func value(_ index: Int) throws(PostgresError) -> [UInt8] {
    guard columns.indices.contains(index) else {
      throw PostgresError(
        .decoding, "the row has \(columns.count) columns, and none of index \(index)")
    }
    guard let bytes = columns[index] else {
      throw PostgresError(.decoding, "column \(index) is NULL")
    }
    return bytes
  }

  private func mismatch(_ index: Int, _ wanted: String) -> PostgresError {
    PostgresError(.decoding, "column \(index) of type \(types[index]) is no \(wanted)")
  }

  /// Reads a `boolean`.
  public func bool(_ index: Int) throws(PostgresError) -> Bool {
    let bytes = try value(index)
    guard types[index] == 16, bytes.count == 1 else { throw mismatch(index, "bool") }
    return bytes[0] != 0
  }

  /// Reads a `smallint`, an `integer` or a `bigint`.
  public func int(_ index: Int) throws(PostgresError) -> Int64 {
    let bytes = try value(index)
    guard [20, 21, 23].contains(types[index]) else { throw mismatch(index, "integer") }
    return Self.signed(bytes[...])
  }

  /// Reads a column of a text type, or of `json` or `jsonb` as text.
  public func text(_ index: Int) throws(PostgresError) -> String {
    let bytes = try value(index)
    switch types[index] {
    case 25, 1043, 19, 114, 1042: return String(decoding: bytes, as: UTF8.self)
    case 3802: return String(decoding: bytes.dropFirst(), as: UTF8.self)
    default: throw mismatch(index, "text")
    }
  }

  /// Reads a `bytea`.
  public func bytes(_ index: Int) throws(PostgresError) -> [UInt8] {
    let bytes = try value(index)
    guard types[index] == 17 else { throw mismatch(index, "bytea") }
    return bytes
  }

  /// Reads a `timestamptz`, in microseconds since 1970.
  public func timestamp(_ index: Int) throws(PostgresError) -> Int64 {
    let bytes = try value(index)
    guard types[index] == 1184, bytes.count == 8 else { throw mismatch(index, "timestamptz") }
    return PostgresValue.unixTime(Self.signed(bytes[...]))
  }

  /// Reads a `boolean`; `nil` for NULL.
  public func optionalBool(_ index: Int) throws(PostgresError) -> Bool? {
    isNull(index) ? nil : try bool(index)
  }
  /// Reads a `smallint`, an `integer` or a `bigint`; `nil` for NULL.
  public func optionalInt(_ index: Int) throws(PostgresError) -> Int64? {
    isNull(index) ? nil : try int(index)
  }
  /// Reads a text, as ``text(_:)`` does; `nil` for NULL.
  public func optionalText(_ index: Int) throws(PostgresError) -> String? {
    isNull(index) ? nil : try text(index)
  }
  /// Reads a `bytea`; `nil` for NULL.
  public func optionalBytes(_ index: Int) throws(PostgresError) -> [UInt8]? {
    isNull(index) ? nil : try bytes(index)
  }
  /// Reads a `timestamptz`, in microseconds since 1970; `nil` for NULL.
  public func optionalTimestamp(_ index: Int) throws(PostgresError) -> Int64? {
    isNull(index) ? nil : try timestamp(index)
  }

  /// Reads a one-dimensional array of `bigint` without NULLs.
  public func int8Array(_ index: Int) throws(PostgresError) -> [Int64] {
    try elements(index, 20).map { Self.signed($0) }
  }
  /// Reads a one-dimensional array of `integer` without NULLs.
  public func int4Array(_ index: Int) throws(PostgresError) -> [Int32] {
    try elements(index, 23).map { Int32(truncatingIfNeeded: Self.signed($0)) }
  }
  /// Reads a one-dimensional array of `text` without NULLs.
  public func textArray(_ index: Int) throws(PostgresError) -> [String] {
    try elements(index, 25).map { String(decoding: $0, as: UTF8.self) }
  }

  private func elements(_ index: Int, _ type: UInt32) throws(PostgresError) -> [ArraySlice<UInt8>] {
    let bytes = try value(index)
    guard bytes.count >= 12, Self.signed(bytes[8..<12]) == Int64(type) else {
      throw mismatch(index, "array of type \(type)")
    }
    let dimensions = Self.signed(bytes[0..<4])
    if dimensions == 0 { return [] }
    guard dimensions == 1, bytes.count >= 20 else {
      throw mismatch(index, "array of one dimension")
    }
    var found: [ArraySlice<UInt8>] = []
    var position = 20
    for _ in 0..<Self.signed(bytes[12..<16]) {
      guard position + 4 <= bytes.count else { throw mismatch(index, "whole array") }
      let length = Int(Self.signed(bytes[position..<position + 4]))
      position += 4
      guard length >= 0, position + length <= bytes.count else {
        throw mismatch(index, "array without NULL")
      }
      found.append(bytes[position..<position + length])
      position += length
    }
    return found
  }

  static func signed(_ bytes: ArraySlice<UInt8>) -> Int64 {
    unsafe bytes.withUnsafeBytes { raw in
      switch raw.count {
      case 8: unsafe Int64(bigEndian: raw.loadUnaligned(as: Int64.self))
      case 4: unsafe Int64(Int32(bigEndian: raw.loadUnaligned(as: Int32.self)))
      case 2: unsafe Int64(Int16(bigEndian: raw.loadUnaligned(as: Int16.self)))
      default:
        unsafe raw.reduce(raw.first.map { $0 & 0x80 != 0 ? -1 : 0 } ?? 0) { $0 << 8 | Int64($1) }
      }
    }
  }
}
