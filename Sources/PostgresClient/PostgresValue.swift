/// A parameter of a statement. It is sent in PostgreSQL's binary format.
public enum PostgresValue: Sendable, Equatable {
  /// NULL. The server infers the type.
  case null
  /// A `boolean`.
  case bool(Bool)
  /// A `smallint`.
  case int2(Int16)
  /// An `integer`.
  case int4(Int32)
  /// A `bigint`.
  case int8(Int64)
  /// A `text`.
  case text(String)
  /// A `bytea`.
  case bytes([UInt8])
  /// A `timestamptz` in microseconds since 1970. `Int64.max` and `Int64.min` are `infinity` and
  /// `-infinity`.
  case timestamp(Int64)
  /// A `boolean[]`. In this and the following arrays `nil` is NULL.
  case boolArray([Bool?])
  /// A `smallint[]`.
  case int2Array([Int16?])
  /// An `integer[]`.
  case int4Array([Int32?])
  /// A `bigint[]`.
  case int8Array([Int64?])
  /// A `text[]`.
  case textArray([String?])
  /// A `bytea[]`.
  case bytesArray([[UInt8]?])
  /// A `timestamptz[]`, in microseconds since 1970.
  case timestampArray([Int64?])

  /// The microseconds from 1970-01-01 to 2000-01-01, from which PostgreSQL counts timestamps.
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

  /// Converts microseconds since 1970 to microseconds since 2000. The infinities stay as they are.
  static func serverTime(_ microseconds: Int64) -> Int64 {
    switch microseconds {
    case .max, .min: microseconds
    default: microseconds &- epochOffset
    }
  }

  /// Converts microseconds since 2000 to microseconds since 1970. The infinities stay as they are.
  @inlinable static func unixTime(_ microseconds: Int64) -> Int64 {
    switch microseconds {
    case .max, .min: microseconds
    default: microseconds &+ epochOffset
    }
  }

  /// Writes an array with one dimension and the lower bound 1. Source: `array_recv` in PostgreSQL's
  /// `arrayfuncs.c`.
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
