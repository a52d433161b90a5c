import Encodings
public import ProofFormats

import struct Crypto.SHA256

/// A Bitcoin block header with a valid proof of work.
///
/// The operator decides whether it belongs to the chain. Source: Bitcoin developer reference, "Block
/// Headers"; 80 bytes, numbers little-endian.
public struct BitcoinHeader: Sendable, Equatable {
  /// The length of a header in bytes.
  public static let size = 80
  /// The 80 bytes of the header.
  public let bytes: [UInt8]
  /// Double SHA-256, in internal order. Explorers show it reversed.
  public let hash: [UInt8]

  /// Parses a header and checks its proof of work. Errors: `header.size`, `header.proof_of_work`.
  public init(_ bytes: [UInt8]) throws(ProofFormatError) {
    guard bytes.count == Self.size else {
      throw ProofFormatError(
        "header.size", "A block header has 80 bytes, and this one \(bytes.count).")
    }
    self.bytes = bytes
    hash = Array(SHA256.hash(data: Array(SHA256.hash(data: bytes))))
    guard let target = Self.target(bits: Self.number(bytes, at: 72)),
      !target.lexicographicallyPrecedes(hash.reversed())
    else {
      throw ProofFormatError(
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
      // The weight of the byte: 256 to the power of (exponent - 3 + index).
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

  /// The hash of the previous block, in internal order.
  public var previous: [UInt8] { Array(bytes[4..<36]) }
  /// The merkle root, in internal order: the message at the end of a proof's path.
  public var merkleRoot: [UInt8] { Array(bytes[36..<68]) }
  /// Seconds since 1970 by the miner's clock, accurate to a few hours.
  public var time: Int64 { Int64(Self.number(bytes, at: 68)) }
}

extension BitcoinHeader {
  /// Parses lines of `HEIGHT HEADERHEX`, and checks the links between consecutive heights.
  ///
  /// Errors: a `ProofFormatError` with check `header.form`, `header.size`, `header.proof_of_work`,
  /// `header.twice` or `header.link`, whose message names the line or the height.
  public static func lines(
    _ text: [UInt8]
  ) throws(ProofFormatError) -> [Int64: BitcoinHeader] {
    var headers: [Int64: BitcoinHeader] = [:]
    for (index, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      let words = line.split { $0 <= 0x20 }.map { String(decoding: $0, as: UTF8.self) }
      if words.isEmpty { continue }
      guard words.count == 2, let height = Int64(words[0]), height >= 0, height < .max,
        let bytes = Hex.decode(words[1].lowercased())
      else {
        throw ProofFormatError("header.form", "Line \(index + 1): a line is HEIGHT HEADERHEX.")
      }
      let header: BitcoinHeader
      do { header = try BitcoinHeader(bytes) } catch {
        throw ProofFormatError(
          error.check, "Line \(index + 1), height \(height): \(error.message)")
      }
      if let other = headers.updateValue(header, forKey: height), other != header {
        throw ProofFormatError(
          "header.twice", "Line \(index + 1): the file has another header of height \(height).")
      }
    }
    guard !headers.isEmpty else {
      throw ProofFormatError("header.form", "There is no header in the file.")
    }
    try checkLinks(headers)
    return headers
  }

  /// Checks that each header follows the header of the previous height, if that is among them.
  ///
  /// Errors: `header.link`.
  public static func checkLinks(_ headers: [Int64: BitcoinHeader]) throws(ProofFormatError) {
    for (height, header) in headers {
      guard let previous = headers[height - 1], header.previous != previous.hash else { continue }
      throw ProofFormatError(
        "header.link", "The header of \(height) does not follow that of \(height - 1).")
    }
  }
}
