/// The first 16 bytes of a SHA-256 digest: a key fingerprint, a slot or an identity.
@frozen
public struct Digest128: Hashable, Sendable, BitwiseCopyable, Comparable, CustomStringConvertible {
  /// Bytes 0 to 7, big-endian.
  public var high: UInt64
  /// Bytes 8 to 15, big-endian.
  public var low: UInt64

  /// Creates a value from two words.
  @inlinable
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Creates a value from 16 bytes. Returns `nil` for any other count.
  public init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

  /// Creates a value from a slice of 16 bytes. Returns `nil` for any other count.
  public init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count == 16 else { return nil }
    let (high, low) = unsafe bytes.withUnsafeBytes { raw in
      unsafe (
        UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    self.init(high: high, low: low)
  }

  /// Creates a value from 32 lower-case hexadecimal digits. Returns `nil` for any other text.
  public init?(hex: String) {
    let digits = hex.utf8Span.span
    guard digits.count == 32, let high = Hex.word(digits, from: 0),
      let low = Hex.word(digits, from: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  /// Hashes a list of strings. Each is preceded by its length, so that different lists have different input.
  public init(of parts: String...) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.utf8.count + 4 })
    for part in parts {
      bytes += String(part.utf8.count).utf8
      bytes.append(UInt8(ascii: ":"))
      bytes += part.utf8
    }
    self = Digest(hashing: bytes).prefix
  }

  /// The 16 bytes, most significant first.
  public var bytes: [UInt8] {
    unsafe withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { unsafe Array($0) }
  }

  /// 32 lower-case hexadecimal digits.
  public var hex: String { Hex.encode(bytes) }
  /// The same as ``hex``.
  public var description: String { hex }

  /// The first 8 bytes, for grouping. A collision costs time and is never an error.
  @inlinable public var hash64: Int64 { Int64(bitPattern: high) }

  /// Compares the bytes from the left.
  @inlinable
  public static func < (a: Digest128, b: Digest128) -> Bool {
    (a.high, a.low) < (b.high, b.low)
  }
}
