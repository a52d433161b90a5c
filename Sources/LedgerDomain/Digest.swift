import Crypto
import ProofForms

/// A SHA-256 digest held in four machine words, so that a million of them cost no allocation.
public struct Digest: Hashable, Sendable, BitwiseCopyable, Comparable, CustomStringConvertible {
  var words: (UInt64, UInt64, UInt64, UInt64)

  /// The digest that these 32 bytes spell; `nil` for any other count.
  public init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

  /// The same of a slice. Not generic, because replay does this some times for every event.
  public init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count == 32 else { return nil }
    words = unsafe bytes.withUnsafeBytes(Self.words)
  }

  /// The digest of these words, the most significant first.
  public init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// The digest that 64 lower-case hexadecimal digits spell.
  public init?(hex: String) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// SHA-256 of some bytes.
  public init(hashing bytes: [UInt8]) {
    words = unsafe SHA256.hash(data: bytes).withUnsafeBytes(Self.words)
  }

  /// The words that 32 bytes spell.
  private static func words(_ raw: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
    func word(_ index: Int) -> UInt64 {
      unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    return (word(0), word(1), word(2), word(3))
  }

  /// The 32 bytes, most significant first.
  public var bytes: [UInt8] {
    let spelled = (
      words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian
    )
    return unsafe withUnsafeBytes(of: spelled) { unsafe Array($0) }
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { Hex.encode(bytes) }
  public var description: String { hex }

  /// The first half, where 128 bits are enough to tell statements apart.
  public var prefix: Digest128 { Digest128(high: words.0, low: words.1) }

  public static func == (a: Digest, b: Digest) -> Bool {
    a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2
      && a.words.3 == b.words.3
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }

  public static func < (a: Digest, b: Digest) -> Bool { a.words < b.words }
}

/// The first 128 bits of a SHA-256 digest: key fingerprints, slots and identities.
public struct Digest128: Hashable, Sendable, BitwiseCopyable, Comparable, CustomStringConvertible {
  public var high: UInt64
  public var low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The value that these 16 bytes spell; `nil` for any other count.
  public init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

  /// The same of a slice.
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

  /// The value that 32 lower-case hexadecimal digits spell.
  public init?(hex: String) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// The first 128 bits of the SHA-256 of some parts, each preceded by its length, so that no two
  /// lists of parts share their bytes.
  public init(of parts: String...) {
    var bytes: [UInt8] = []
    for part in parts {
      bytes += "\(part.utf8.count):".utf8
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
  public var description: String { hex }

  /// 64 bits for grouping, where a collision costs time and never correctness.
  public var word: Int64 { Int64(bitPattern: high) }

  public static func < (a: Digest128, b: Digest128) -> Bool {
    (a.high, a.low) < (b.high, b.low)
  }
}
