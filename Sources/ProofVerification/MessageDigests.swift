import CLibCrypto
import Crypto
import ProofFormats

/// The hash functions of OpenTimestamps' operations.
enum MessageDigests {
  static func digest(
    _ algorithm: OpenTimestampsProof.DigestAlgorithm, of message: [UInt8]
  ) -> [UInt8]? {
    switch algorithm {
    case .sha1: Array(Insecure.SHA1.hash(data: message))
    case .sha256: Array(SHA256.hash(data: message))
    case .ripemd160: ripemd160(message)
    case .keccak256: Keccak256.hash(message)
    }
  }

  /// Returns `nil` where this machine's libcrypto lacks the function.
  private static func ripemd160(_ message: [UInt8]) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: 20)
    let worked = unsafe pithledger_ripemd160(message, message.count, &digest)
    return worked == 1 ? digest : nil
  }
}

/// Keccak-256 with the padding of the original submission, as in Ethereum. SHA3-256 has another padding.
///
/// Source: the Keccak reference, version 3.0, sections 1.1 and 1.2.
enum Keccak256 {
  private static let rate = 136
  private static let rotations: [UInt64] = [
    1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
  ]
  private static let lanes = [
    10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
  ]

  /// The constants of ι come from a linear feedback shift register.
  private static let constants: [UInt64] = {
    var register: UInt8 = 1
    return (0..<24).map { _ in
      var constant: UInt64 = 0
      for power in 0..<7 {
        if register & 1 == 1 { constant |= 1 << ((UInt64(1) << UInt64(power)) - 1) }
        register = register & 0x80 == 0 ? register << 1 : (register << 1) ^ 0x71
      }
      return constant
    }
  }()

  static func hash(_ message: [UInt8]) -> [UInt8] {
    var state = State(repeating: 0)
    var index = 0
    for byte in message {
      state[index / 8] ^= UInt64(byte) << UInt64(index % 8 * 8)
      index += 1
      if index == rate {
        permute(&state)
        index = 0
      }
    }
    state[index / 8] ^= 1 << UInt64(index % 8 * 8)
    state[rate / 8 - 1] ^= 1 << 63
    permute(&state)
    return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 8] >> UInt64($0 % 8 * 8)) }
  }

  /// The state has a fixed size and is changed in place: an array for each row would cost more than the
  /// permutation.
  private typealias State = InlineArray<25, UInt64>

  private static func rotate(_ lane: UInt64, _ count: UInt64) -> UInt64 {
    lane &<< count | lane &>> (64 &- count)
  }

  private static func permute(_ state: inout State) {
    var parity = InlineArray<5, UInt64>(repeating: 0)
    for constant in constants {
      for x in 0..<5 {
        parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]
      }
      for x in 0..<5 {
        let effect = parity[(x + 4) % 5] ^ rotate(parity[(x + 1) % 5], 1)
        for y in 0..<5 { state[x + 5 * y] ^= effect }
      }
      var moving = state[1]
      for step in 0..<24 {
        let lane = lanes[step]
        let next = state[lane]
        state[lane] = rotate(moving, rotations[step])
        moving = next
      }
      for y in 0..<5 {
        let row = 5 * y
        for x in 0..<5 { parity[x] = state[row + x] }
        for x in 0..<5 { state[row + x] = parity[x] ^ (~parity[(x + 1) % 5] & parity[(x + 2) % 5]) }
      }
      state[0] ^= constant
    }
  }
}
