import Crypto
public import ProofForms

/// A Bitcoin block header whose own proof of work holds.
///
/// Whether it belongs to the chain is the operator's word. Source: Bitcoin developer reference, "Block
/// Headers"; 80 bytes, numbers little-endian.
public struct BitcoinHeader: Sendable, Equatable {
  public static let size = 80
  public let bytes: [UInt8]
  /// Double SHA-256, in internal order; explorers show it reversed.
  public let hash: [UInt8]

  /// Errors: `header.size`, `header.proof_of_work`.
  public init(_ bytes: [UInt8]) throws(ProofFormError) {
    guard bytes.count == Self.size else {
      throw ProofFormError(
        "header.size", "A block header has 80 bytes, and this one \(bytes.count).")
    }
    self.bytes = bytes
    hash = Array(SHA256.hash(data: Array(SHA256.hash(data: bytes))))
    guard let target = Self.target(bits: Self.number(bytes, at: 72)),
      !target.lexicographicallyPrecedes(hash.reversed())
    else {
      throw ProofFormError(
        "header.proof_of_work", "The header's hash is above the target that it names itself.")
    }
  }

  private static func number(_ bytes: [UInt8], at index: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
  }

  /// The target in 32 big-endian bytes; `nil` for a negative or overflowing one.
  private static func target(bits: UInt32) -> [UInt8]? {
    let exponent = Int(bits >> 24)
    let mantissa = bits & 0x7F_FFFF
    guard bits & 0x80_0000 == 0, mantissa > 0 else { return nil }
    var target = [UInt8](repeating: 0, count: 32)
    for index in 0..<3 {
      let byte = UInt8(truncatingIfNeeded: mantissa >> UInt32(8 * index))
      // The byte's weight: 256 to the power of (exponent - 3 + index).
      let place = exponent - 3 + index
      guard place >= 0 else { continue }
      guard place < 32 else {
        if byte == 0 { continue }
        return nil
      }
      target[31 - place] = byte
    }
    return target
  }

  public var previous: [UInt8] { Array(bytes[4..<36]) }
  /// In internal order, as a proof's path leads to it.
  public var merkleRoot: [UInt8] { Array(bytes[36..<68]) }
  /// Seconds since 1970, by the miner's clock: good to a few hours.
  public var time: Int64 { Int64(Self.number(bytes, at: 68)) }
}
