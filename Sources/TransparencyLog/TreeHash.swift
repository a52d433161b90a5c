import Crypto
import ProofForms

/// A node of an RFC 6962 Merkle tree: a SHA-256 value in four machine words.
public struct TreeHash: Hashable, Sendable, CustomStringConvertible {
  private var words: (UInt64, UInt64, UInt64, UInt64)

  /// How many bytes a hash has, and so takes in a tile.
  public static let byteCount = 32

  /// The hash that these 32 bytes spell; `nil` for any other count.
  public init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

  /// The same of a slice.
  public init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self = unsafe bytes.withUnsafeBytes { unsafe Self(raw: $0) }
  }

  /// The hash that padded base64 spells.
  public init?(base64: some StringProtocol) {
    guard let bytes = Base64.decode(String(base64)) else { return nil }
    self.init(bytes: bytes)
  }

  private init(raw: UnsafeRawBufferPointer) {
    func word(_ index: Int) -> UInt64 {
      unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// The hash of the tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1).
  public static let emptyTree = TreeHash(SHA256.hash(data: [UInt8]()))

  private init(_ digest: SHA256Digest) {
    self = unsafe digest.withUnsafeBytes { unsafe Self(raw: $0) }
  }

  /// The hash of a leaf: SHA-256 of 0x00 and the data.
  public static func leaf(_ data: some Sequence<UInt8>) -> TreeHash {
    var bytes: [UInt8] = [0]
    bytes.append(contentsOf: data)
    return TreeHash(SHA256.hash(data: bytes))
  }

  /// The hash of an inner node: SHA-256 of 0x01 and its children.
  public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
    var hasher = SHA256()
    unsafe withUnsafeBytes(of: UInt8(1)) { unsafe hasher.update(bufferPointer: $0) }
    let children = (
      left.words.0.bigEndian, left.words.1.bigEndian, left.words.2.bigEndian,
      left.words.3.bigEndian, right.words.0.bigEndian, right.words.1.bigEndian,
      right.words.2.bigEndian, right.words.3.bigEndian
    )
    unsafe withUnsafeBytes(of: children) { unsafe hasher.update(bufferPointer: $0) }
    return TreeHash(hasher.finalize())
  }

  /// The hash over a perfect subtree, of which these are all the hashes at one level.
  ///
  /// - Parameter row: a power of two of them.
  static func over(_ row: some Collection<TreeHash>) -> TreeHash {
    var row = Array(row)
    while row.count > 1 {
      row = stride(from: 0, to: row.count - 1, by: 2).map { .node(row[$0], row[$0 + 1]) }
    }
    return row.first ?? .emptyTree
  }

  /// The 32 bytes, most significant first.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  func append(to bytes: inout [UInt8]) {
    let spelled = (
      words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian
    )
    unsafe withUnsafeBytes(of: spelled) { unsafe bytes.append(contentsOf: $0) }
  }

  public var base64: String { Base64.encode(bytes) }
  public var description: String { base64 }

  public static func == (a: TreeHash, b: TreeHash) -> Bool {
    a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2
      && a.words.3 == b.words.3
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }
}
