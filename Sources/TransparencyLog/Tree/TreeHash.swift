public import Encodings

import struct Crypto.SHA256

/// The hashes of a Merkle tree (RFC 6962, section 2.1).
extension Digest {
  /// The root of the empty tree: SHA-256 of no bytes.
  public static let emptyTree = Digest(hashing: [])

  /// The hash of a leaf: SHA-256 of 0x00 and the data.
  public static func leaf(_ data: some Sequence<UInt8>) -> Digest {
    var bytes: [UInt8] = [0]
    bytes.append(contentsOf: data)
    return Digest(hashing: bytes)
  }

  /// The hash of a leaf, as the other function computes it. The data are not copied.
  public static func leaf(_ data: [UInt8]) -> Digest {
    var hasher = SHA256()
    unsafe withUnsafeBytes(of: UInt8(0)) { unsafe hasher.update(bufferPointer: $0) }
    unsafe data.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
    return Digest(hasher.finalize())
  }

  /// The hash of an inner node: SHA-256 of 0x01 and its children.
  public static func node(_ left: Digest, _ right: Digest) -> Digest {
    var hasher = SHA256()
    unsafe withUnsafeBytes(of: UInt8(1)) { unsafe hasher.update(bufferPointer: $0) }
    let children = (
      left.words.0.bigEndian, left.words.1.bigEndian, left.words.2.bigEndian,
      left.words.3.bigEndian, right.words.0.bigEndian, right.words.1.bigEndian,
      right.words.2.bigEndian, right.words.3.bigEndian
    )
    unsafe withUnsafeBytes(of: children) { unsafe hasher.update(bufferPointer: $0) }
    return Digest(hasher.finalize())
  }

  /// The root of a perfect subtree, computed from all its hashes at one level.
  ///
  /// - Parameter row: hashes from left to right; their count is a power of two.
  static func over(_ row: some Collection<Digest>) -> Digest {
    var row = Array(row)
    while row.count > 1 {
      row = stride(from: 0, to: row.count - 1, by: 2).map { .node(row[$0], row[$0 + 1]) }
    }
    return row.first ?? .emptyTree
  }
}
