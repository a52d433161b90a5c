public import Crypto

/// A SHA-256 hash: of content, of an event's body, or of a node of a Merkle tree.
///
/// The value is four machine words and needs no allocation.
@frozen
public struct Digest: Hashable, Sendable, BitwiseCopyable, Comparable, CustomStringConvertible {
  /// The bytes as four words, most significant first.
  public var words: (UInt64, UInt64, UInt64, UInt64)

  /// The length of a digest in bytes.
  public static let byteCount = 32

  /// Creates a digest from 32 bytes. Returns `nil` for any other count.
  public init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

  /// Creates a digest from a slice of 32 bytes. Returns `nil` for any other count.
  ///
  /// The initialiser is not generic, because replay calls it several times for each event.
  public init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    words = unsafe bytes.withUnsafeBytes(Self.words)
  }

  /// Creates a digest from four words, most significant first.
  @inlinable
  public init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// Creates a digest from 64 lower-case hexadecimal digits. Returns `nil` for any other text.
  public init?(hex: String) {
    let digits = hex.utf8Span.span
    guard digits.count == 2 * Self.byteCount, let a = Hex.word(digits, from: 0),
      let b = Hex.word(digits, from: 16), let c = Hex.word(digits, from: 32),
      let d = Hex.word(digits, from: 48)
    else { return nil }
    words = (a, b, c, d)
  }

  /// Creates a digest from padded base64 of 32 bytes. Returns `nil` for any other text.
  public init?(base64: some StringProtocol) {
    guard let bytes = Base64.decode(String(base64)) else { return nil }
    self.init(bytes: bytes)
  }

  /// Computes SHA-256 of the bytes.
  public init(hashing bytes: [UInt8]) { self.init(SHA256.hash(data: bytes)) }

  /// Takes over the result of a hash function that was fed in pieces.
  public init(_ hash: SHA256Digest) {
    words = unsafe hash.withUnsafeBytes(Self.words)
  }

  /// Reads four big-endian words.
  private static func words(_ raw: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
    func word(_ index: Int) -> UInt64 {
      unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    return (word(0), word(1), word(2), word(3))
  }

  /// The 32 bytes, most significant first.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  /// Appends the 32 bytes.
  public func append(to bytes: inout [UInt8]) {
    let bigEndian = (
      words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian
    )
    unsafe withUnsafeBytes(of: bigEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { Hex.encode(bytes) }

  /// Padded base64, the form of checkpoints and proofs.
  public var base64: String { Base64.encode(bytes) }

  /// The same as ``hex``.
  public var description: String { hex }

  /// The first 16 bytes.
  @inlinable public var prefix: Digest128 { Digest128(high: words.0, low: words.1) }

  @inlinable
  public static func == (a: Digest, b: Digest) -> Bool {
    a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2
      && a.words.3 == b.words.3
  }

  /// Hashes the first 16 bytes, which are uniformly distributed.
  @inlinable
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }

  /// Compares the bytes from the left.
  @inlinable
  public static func < (a: Digest, b: Digest) -> Bool { a.words < b.words }
}
