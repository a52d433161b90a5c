/// Encodes rows as `COPY … FROM STDIN (FORMAT binary)` takes them.
///
/// Source: PostgreSQL 15, COPY, section "Binary Format".
public struct BinaryCopyWriter: Sendable {
  static let signature: [UInt8] =
    Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)

  private var buffer: [UInt8] = signature

  public init() {}

  /// Bytes waiting to be taken.
  public var count: Int { buffer.count }

  public mutating func append(_ row: [PostgresValue]) {
    buffer.append(integer: Int16(row.count))
    for value in row {
      guard let bytes = value.encoded else {
        buffer.append(integer: Int32(-1))
        continue
      }
      buffer.append(integer: Int32(bytes.count))
      buffer += bytes
    }
  }

  /// What has been encoded since the last call; the header comes with the first.
  public mutating func take() -> [UInt8] {
    defer { buffer.removeAll(keepingCapacity: true) }
    return buffer
  }

  /// The rest, and the trailer after which nothing may follow.
  public mutating func finish() -> [UInt8] {
    buffer.append(integer: Int16(-1))
    return take()
  }
}

/// Decodes what `COPY … TO STDOUT (FORMAT binary)` sends, whatever the sizes it arrives in.
public struct BinaryCopyReader: Sendable {
  private var buffer: [UInt8] = []
  private var position = 0
  private var headerRead = false
  /// Where each field of the row begins and ends; −1 twice for NULL. Kept, so that a row costs no memory.
  private var fields: [Int] = []
  /// Whether the trailer has been read.
  public private(set) var isFinished = false

  public init() {}

  /// Takes some bytes, and calls `row` for each whole row among those received so far.
  public mutating func feed(
    _ bytes: [UInt8], row: (BinaryCopyRow) throws -> Void
  ) throws {
    if position > 0 {
      buffer.removeFirst(position)
      position = 0
    }
    buffer += bytes
    if !headerRead {
      guard buffer.count >= 19 else { return }
      guard buffer.starts(with: BinaryCopyWriter.signature.prefix(11)) else {
        throw PostgresError(.decoding, "the COPY data has no binary header")
      }
      position = 19 + Int(PostgresRow.signed(buffer[15..<19]))
      headerRead = true
    }
    while !isFinished, position + 2 <= buffer.count {
      let columns = Int(PostgresRow.signed(buffer[position..<position + 2]))
      if columns < 0 {
        isFinished = true
        position += 2
        return
      }
      var end = position + 2
      fields.removeAll(keepingCapacity: true)
      for _ in 0..<columns {
        guard end + 4 <= buffer.count else { return }
        let length = Int(PostgresRow.signed(buffer[end..<end + 4]))
        end += 4
        fields.append(length < 0 ? -1 : end)
        if length >= 0 { end += length }
        fields.append(length < 0 ? -1 : end)
      }
      guard end <= buffer.count else { return }
      try row(BinaryCopyRow(buffer: buffer, fields: fields))
      position = end
    }
  }
}

/// One row of binary COPY data; its fields are read in place.
public struct BinaryCopyRow {
  let buffer: [UInt8]
  let fields: [Int]

  public var count: Int { fields.count / 2 }
  public func isNull(_ index: Int) -> Bool { fields[index * 2] < 0 }

  /// The bytes of a field that is not NULL.
  public func slice(_ index: Int) throws(PostgresError) -> ArraySlice<UInt8> {
    guard index >= 0, index < count, fields[index * 2] >= 0 else {
      throw PostgresError(.decoding, "column \(index) of the COPY data is missing or NULL")
    }
    return buffer[fields[index * 2]..<fields[index * 2 + 1]]
  }

  /// An integer of 2, 4 or 8 bytes.
  public func int(_ index: Int) throws(PostgresError) -> Int64 {
    PostgresRow.signed(try slice(index))
  }

  public func optionalInt(_ index: Int) throws(PostgresError) -> Int64? {
    isNull(index) ? nil : try int(index)
  }

  /// A `timestamptz` in microseconds since 1970.
  public func timestamp(_ index: Int) throws(PostgresError) -> Int64 {
    PostgresValue.unixTime(try int(index))
  }
}
