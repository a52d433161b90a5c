public import Encodings

import struct Crypto.SHA256

/// The hashes of a Merkle Patricia tree, and the bits of its keys.
///
/// Specification: specification/map.md, section Tree.
extension Digest {
  /// The root of a tree without keys: SHA-256 of no bytes.
  public static let emptyPatriciaTree = Digest(hashing: [])

  /// The hash of a leaf: SHA-256 of the key and the value.
  public static func patriciaLeaf(_ key: Digest, _ value: Digest) -> Digest {
    var hasher = SHA256()
    key.feed(to: &hasher)
    value.feed(to: &hasher)
    return Digest(hasher.finalize())
  }

  /// The hash of an inner node: SHA-256 of its children and one byte, the index of the bit in which the keys
  /// below it first differ.
  public static func patriciaNode(_ left: Digest, _ right: Digest, bit: UInt8) -> Digest {
    var hasher = SHA256()
    left.feed(to: &hasher)
    right.feed(to: &hasher)
    unsafe withUnsafeBytes(of: bit) { unsafe hasher.update(bufferPointer: $0) }
    return Digest(hasher.finalize())
  }

  private func feed(to hasher: inout SHA256) {
    let bigEndian = (
      words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian
    )
    unsafe withUnsafeBytes(of: bigEndian) { unsafe hasher.update(bufferPointer: $0) }
  }

  /// A bit of the digest. Bit 0 is the most significant bit of the first byte.
  func bit(_ index: UInt8) -> Bool {
    let word =
      switch index >> 6 {
      case 0: words.0
      case 1: words.1
      case 2: words.2
      default: words.3
      }
    return word >> UInt64(63 - index & 63) & 1 == 1
  }

  /// The first bit in which two digests differ. `nil` for equal digests.
  func firstDifference(from other: Digest) -> UInt8? {
    let differences = (
      words.0 ^ other.words.0, words.1 ^ other.words.1, words.2 ^ other.words.2,
      words.3 ^ other.words.3
    )
    if differences.0 != 0 { return UInt8(differences.0.leadingZeroBitCount) }
    if differences.1 != 0 { return UInt8(64 + differences.1.leadingZeroBitCount) }
    if differences.2 != 0 { return UInt8(128 + differences.2.leadingZeroBitCount) }
    return differences.3 == 0 ? nil : UInt8(192 + differences.3.leadingZeroBitCount)
  }
}
