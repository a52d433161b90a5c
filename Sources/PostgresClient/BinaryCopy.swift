/// Encodes rows for `COPY … FROM STDIN (FORMAT binary)`.
///
/// Source: PostgreSQL 15 documentation, COPY, section "Binary Format".
public struct BinaryCopyWriter: Sendable {
  static let signature: [UInt8] =
    Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)

  private var buffer: [UInt8] = signature

  /// Makes a writer. Its buffer holds the header.
  public init() {}

  /// The number of encoded bytes that ``take()`` has not returned yet.
  public var count: Int { buffer.count }

  /// Appends a whole row.
  public mutating func append(_ row: [PostgresValue]) {
    beginRow(columns: row.count)
    for value in row {
      guard let bytes = value.encoded else {
        appendNull()
        continue
      }
      buffer.append(integer: Int32(bytes.count))
      buffer += bytes
    }
  }

  // The following functions write a row column by column. They allocate no array for each row, which
  // matters for millions of rows.

  /// Begins a row. The caller appends exactly this number of columns next.
  public mutating func beginRow(columns: Int) { buffer.append(integer: Int16(columns)) }

  /// Appends NULL.
  public mutating func appendNull() { buffer.append(integer: Int32(-1)) }

  /// Appends a `bigint`.
  public mutating func append(int8 value: Int64) { append(field: value) }

  /// Appends an `integer`.
  public mutating func append(int4 value: Int32) { append(field: value) }
  /// Appends a column of type `smallint`.
  public mutating func append(int2 value: Int16) { append(field: value) }

  /// Appends a `boolean`.
  public mutating func append(bool value: Bool) { append(field: UInt8(value ? 1 : 0)) }

  /// Appends a `boolean`; NULL for `nil`.
  public mutating func append(bool value: Bool?) {
    guard let value else { return appendNull() }
    append(bool: value)
  }

  /// Appends a `timestamptz` in microseconds since 1970; NULL for `nil`.
  public mutating func append(timestamp microseconds: Int64?) {
    guard let microseconds else { return appendNull() }
    append(int8: PostgresValue.serverTime(microseconds))
  }

  /// Appends a `bytea`; NULL for `nil`.
  public mutating func append(bytes: [UInt8]?) {
    guard let bytes else { return appendNull() }
    buffer.append(integer: Int32(bytes.count))
    buffer += bytes
  }

  /// Appends a `text`; NULL for `nil`.
  public mutating func append(text: String?) {
    guard var text else { return appendNull() }
    text.withUTF8 {
      buffer.append(integer: Int32($0.count))
      unsafe buffer.append(contentsOf: $0)
    }
  }

  /// Appends an array of `text` with one dimension and the lower bound 1, or without elements.
  public mutating func append(textArray values: [String]) {
    let bytes = values.reduce(0) { $0 + 4 + $1.utf8.count }
    let dimensions = values.isEmpty ? [] : [values.count, 1]
    for number in [12 + 4 * dimensions.count + bytes, dimensions.count / 2, 0, 25] + dimensions {
      buffer.append(integer: Int32(number))
    }
    for value in values { append(text: value) }
  }

  /// Appends a `tsvector` of some words without positions; NULL for `nil`. The server sorts them.
  ///
  /// The words must be distinct, without U+0000, and together shorter than 1 MiB.
  public mutating func append(words: [String]?) {
    guard let words else { return appendNull() }
    buffer.append(integer: Int32(words.reduce(4) { $0 + $1.utf8.count + 3 }))
    buffer.append(integer: Int32(words.count))
    for word in words {
      buffer += word.utf8
      // The end of the word, and no positions.
      buffer += [0, 0, 0]
    }
  }

  /// Appends an array of `integer` with one dimension and the lower bound 1.
  public mutating func append(int4Array values: [Int32]) {
    let fields = 8 * values.count
    for number in [20 + fields, 1, 0, 23, values.count, 1] {
      buffer.append(integer: Int32(number))
    }
    grow(fields) { bytes, start in
      for (index, value) in values.enumerated() {
        // One store writes the length and the number.
        let field = 4 << 32 | UInt64(UInt32(bitPattern: value))
        bytes.storeBytes(
          of: field.bigEndian, toByteOffset: start + 8 * index, as: UInt64.self)
      }
    }
  }

  /// Appends a field of fixed width.
  private mutating func append<T: FixedWidthInteger & BitwiseCopyable>(field value: T) {
    let width = MemoryLayout<T>.size
    grow(4 + width) { bytes, start in
      bytes.storeBytes(of: Int32(width).bigEndian, toByteOffset: start, as: Int32.self)
      bytes.storeBytes(of: value.bigEndian, toByteOffset: start + 4, as: T.self)
    }
  }

  /// Extends the buffer by zero bytes, and calls `fill` to overwrite them.
  private mutating func grow(
    _ count: Int, _ fill: (_ bytes: inout MutableRawSpan, _ start: Int) -> Void
  ) {
    let start = buffer.count
    buffer.append(addingCapacity: count) { $0.append(repeating: 0, count: count) }
    var span = buffer.mutableSpan
    // This is safe: every bit pattern is a valid byte.
    var bytes = unsafe span.mutableBytes
    fill(&bytes, start)
  }

  /// Returns the bytes that were encoded since the last call. The first call returns the header
  /// too.
  public mutating func take() -> [UInt8] {
    defer { buffer.removeAll(keepingCapacity: true) }
    return buffer
  }

  /// Appends the trailer, and returns the remaining bytes. No row may follow.
  public mutating func finish() -> [UInt8] {
    buffer.append(integer: Int16(-1))
    return take()
  }
}

/// Reads fields from the messages of `COPY … TO STDOUT (FORMAT binary)`. Each message is one row.
///
/// The caller reads each field once, in the order of the columns.
///
/// - Throws: every function throws a `PostgresError` with the code `decoding` if the bytes do not
///   have the requested form.
public struct BinaryCopyCursor: Sendable {
  @usableFromInline var offset = 0
  private var headerRead = false

  /// Makes a cursor before the first message.
  public init() {}

  /// Begins a message. Returns the number of columns of its row; `nil` for the trailer.
  public mutating func begin(_ message: RawSpan) throws(PostgresError) -> Int? {
    offset = 0
    if !headerRead {
      // The header comes in the same message as the first row.
      try skip(15, of: message)
      let extra = try length(in: message)
      try skip(max(0, extra), of: message)
      headerRead = true
    }
    let columns = Int(Int16(bigEndian: try load(message)))
    return columns < 0 ? nil : columns
  }

  /// Reads an integer of 8 bytes; `nil` for NULL.
  @inlinable public mutating func int8(in message: RawSpan) throws(PostgresError) -> Int64? {
    guard try width(8, in: message) else { return nil }
    return Int64(bigEndian: try load(message))
  }

  /// Reads an integer of 4 bytes; `nil` for NULL.
  @inlinable public mutating func int4(in message: RawSpan) throws(PostgresError) -> Int32? {
    guard try width(4, in: message) else { return nil }
    return Int32(bigEndian: try load(message))
  }

  /// Reads an integer of 2 bytes; `nil` for NULL.
  @inlinable public mutating func int2(in message: RawSpan) throws(PostgresError) -> Int16? {
    guard try width(2, in: message) else { return nil }
    return Int16(bigEndian: try load(message))
  }

  /// Reads a `timestamptz` in microseconds since 1970; `nil` for NULL.
  @inlinable public mutating func timestamp(in message: RawSpan) throws(PostgresError) -> Int64? {
    try int8(in: message).map(PostgresValue.unixTime)
  }

  /// Reads 16 bytes as two 64-bit integers, the most significant first; `nil` for NULL.
  @inlinable public mutating func words2(
    in message: RawSpan
  ) throws(PostgresError) -> (UInt64, UInt64)? {
    guard try width(16, in: message) else { return nil }
    return (UInt64(bigEndian: try load(message)), UInt64(bigEndian: try load(message)))
  }

  /// Reads 32 bytes as four 64-bit integers, the most significant first; `nil` for NULL.
  @inlinable public mutating func words4(
    in message: RawSpan
  ) throws(PostgresError) -> (UInt64, UInt64, UInt64, UInt64)? {
    guard try width(32, in: message) else { return nil }
    return (
      UInt64(bigEndian: try load(message)), UInt64(bigEndian: try load(message)),
      UInt64(bigEndian: try load(message)), UInt64(bigEndian: try load(message))
    )
  }

  /// Reads the bytes of a field; `nil` for NULL.
  public mutating func bytes(in message: RawSpan) throws(PostgresError) -> [UInt8]? {
    let count = try length(in: message)
    guard count >= 0 else { return nil }
    let start = offset
    try skip(count, of: message)
    return (start..<start + count).map {
      unsafe message.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
    }
  }

  /// Reads the length of a field, which is NULL or has this width. Returns `false` for NULL.
  @inlinable mutating func width(_ wanted: Int, in message: RawSpan) throws(PostgresError) -> Bool {
    let count = try length(in: message)
    if count < 0 { return false }
    guard count == wanted else {
      throw PostgresError(.decoding, "a field of \(count) bytes where \(wanted) belong")
    }
    return true
  }

  @inlinable mutating func length(in message: RawSpan) throws(PostgresError) -> Int {
    Int(Int32(bigEndian: try load(message)))
  }

  @inlinable mutating func skip(_ count: Int, of message: RawSpan) throws(PostgresError) {
    guard count <= message.byteCount - offset else {
      throw PostgresError(.decoding, "the COPY data ends within a row")
    }
    offset += count
  }

  @inlinable mutating func load<N: FixedWidthInteger & BitwiseCopyable>(
    _ message: RawSpan
  ) throws(PostgresError) -> N {
    let start = offset
    try skip(MemoryLayout<N>.size, of: message)
    // This is safe: any bytes form an integer, and `skip` has checked that they exist.
    return unsafe message.unsafeLoadUnaligned(fromByteOffset: start, as: N.self)
  }
}
