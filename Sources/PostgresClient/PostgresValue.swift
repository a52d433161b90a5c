/// A parameter of a statement, sent in PostgreSQL's binary format.
public enum PostgresValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int2(Int16)
  case int4(Int32)
  case int8(Int64)
  case text(String)
  case bytes([UInt8])
  /// A `timestamptz` in microseconds since 1970; `Int64.max` and `.min` are the infinities.
  case timestamp(Int64)
  case boolArray([Bool?])
  case int2Array([Int16?])
  case int4Array([Int32?])
  case int8Array([Int64?])
  case textArray([String?])
  case bytesArray([[UInt8]?])
  case timestampArray([Int64?])

  /// PostgreSQL counts timestamps from 2000-01-01.
  @usableFromInline static let epochOffset: Int64 = 946_684_800_000_000

  /// The type's object identifier; 0 leaves the type to the server.
  var oid: UInt32 {
    switch self {
    case .null: 0
    case .bool: 16
    case .bytes: 17
    case .int8: 20
    case .int2: 21
    case .int4: 23
    case .text: 25
    case .timestamp: 1184
    case .boolArray: 1000
    case .bytesArray: 1001
    case .int2Array: 1005
    case .int4Array: 1007
    case .textArray: 1009
    case .int8Array: 1016
    case .timestampArray: 1185
    }
  }

  /// The value's binary form without its length; `nil` for NULL.
  var encoded: [UInt8]? {
    var output: [UInt8] = []
    switch self {
    case .null: return nil
    case .bool(let value): output.append(value ? 1 : 0)
    case .int2(let value): output.append(integer: value)
    case .int4(let value): output.append(integer: value)
    case .int8(let value): output.append(integer: value)
    case .text(let value): output = Array(value.utf8)
    case .bytes(let value): output = value
    case .timestamp(let value): output.append(integer: Self.serverTime(value))
    case .boolArray(let values): Self.array(values, 16, into: &output) { $0.append($1 ? 1 : 0) }
    case .int2Array(let values): Self.array(values, 21, into: &output) { $0.append(integer: $1) }
    case .int4Array(let values): Self.array(values, 23, into: &output) { $0.append(integer: $1) }
    case .int8Array(let values): Self.array(values, 20, into: &output) { $0.append(integer: $1) }
    case .textArray(let values): Self.array(values, 25, into: &output) { $0 += $1.utf8 }
    case .bytesArray(let values): Self.array(values, 17, into: &output) { $0 += $1 }
    case .timestampArray(let values):
      Self.array(values, 1184, into: &output) { $0.append(integer: Self.serverTime($1)) }
    }
    return output
  }

  static func serverTime(_ microseconds: Int64) -> Int64 {
    switch microseconds {
    case .max, .min: microseconds
    default: microseconds &- epochOffset
    }
  }

  @inlinable static func unixTime(_ microseconds: Int64) -> Int64 {
    switch microseconds {
    case .max, .min: microseconds
    default: microseconds &+ epochOffset
    }
  }

  /// One dimension, counted from 1 (`array_recv` in PostgreSQL's `arrayfuncs.c`).
  private static func array<T>(
    _ values: [T?], _ element: UInt32, into output: inout [UInt8],
    write: (inout [UInt8], T) -> Void
  ) {
    output.append(integer: Int32(values.isEmpty ? 0 : 1))
    output.append(integer: Int32(values.contains { $0 == nil } ? 1 : 0))
    output.append(integer: element)
    guard !values.isEmpty else { return }
    output.append(integer: Int32(values.count))
    output.append(integer: Int32(1))
    for value in values {
      guard let value else {
        output.append(integer: Int32(-1))
        continue
      }
      let place = output.count
      output.append(integer: Int32(0))
      write(&output, value)
      let length = UInt32(output.count - place - 4)
      for index in 0..<4 {
        output[place + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
      }
    }
  }
}

extension [UInt8] {
  /// Appends an integer in network byte order.
  mutating func append(integer: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: integer.bigEndian) { unsafe append(contentsOf: $0) }
  }
}

/// One row of a binary result, its columns read by index.
public struct PostgresRow: Sendable {
  let columns: [[UInt8]?]
  let types: [UInt32]

  public var count: Int { columns.count }
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

  public func bool(_ index: Int) throws(PostgresError) -> Bool {
    let bytes = try value(index)
    guard types[index] == 16, bytes.count == 1 else { throw mismatch(index, "bool") }
    return bytes[0] != 0
  }

  /// A `smallint`, `integer` or `bigint`.
  public func int(_ index: Int) throws(PostgresError) -> Int64 {
    let bytes = try value(index)
    guard [20, 21, 23].contains(types[index]) else { throw mismatch(index, "integer") }
    return Self.signed(bytes[...])
  }

  /// A text type, or `json`/`jsonb` as text.
  public func text(_ index: Int) throws(PostgresError) -> String {
    let bytes = try value(index)
    switch types[index] {
    case 25, 1043, 19, 114, 1042: return String(decoding: bytes, as: UTF8.self)
    case 3802: return String(decoding: bytes.dropFirst(), as: UTF8.self)
    default: throw mismatch(index, "text")
    }
  }

  public func bytes(_ index: Int) throws(PostgresError) -> [UInt8] {
    let bytes = try value(index)
    guard types[index] == 17 else { throw mismatch(index, "bytea") }
    return bytes
  }

  /// A `timestamptz` in microseconds since 1970.
  public func timestamp(_ index: Int) throws(PostgresError) -> Int64 {
    let bytes = try value(index)
    guard types[index] == 1184, bytes.count == 8 else { throw mismatch(index, "timestamptz") }
    return PostgresValue.unixTime(Self.signed(bytes[...]))
  }

  public func optionalBool(_ index: Int) throws(PostgresError) -> Bool? {
    isNull(index) ? nil : try bool(index)
  }
  public func optionalInt(_ index: Int) throws(PostgresError) -> Int64? {
    isNull(index) ? nil : try int(index)
  }
  public func optionalText(_ index: Int) throws(PostgresError) -> String? {
    isNull(index) ? nil : try text(index)
  }
  public func optionalBytes(_ index: Int) throws(PostgresError) -> [UInt8]? {
    isNull(index) ? nil : try bytes(index)
  }
  public func optionalTimestamp(_ index: Int) throws(PostgresError) -> Int64? {
    isNull(index) ? nil : try timestamp(index)
  }

  public func int8Array(_ index: Int) throws(PostgresError) -> [Int64] {
    try elements(index, 20).map { Self.signed($0) }
  }
  public func int4Array(_ index: Int) throws(PostgresError) -> [Int32] {
    try elements(index, 23).map { Int32(truncatingIfNeeded: Self.signed($0)) }
  }
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

/// A statement and its parameters, to be sent with others in one pipeline.
public struct PostgresStatement: Sendable {
  public var sql: String
  public var parameters: [PostgresValue]

  public init(_ sql: String, _ parameters: [PostgresValue] = []) {
    self.sql = sql
    self.parameters = parameters
  }
}

/// What another session said by NOTIFY.
public struct PostgresNotification: Sendable, Equatable {
  public let channel: String
  public let payload: String
  public let processID: Int32
}
