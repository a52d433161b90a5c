/// Lower-case hexadecimal, the only spelling in which digests and keys appear.
public enum Hex {
  public static func encode(_ bytes: some Sequence<UInt8>) -> String { encode(Array(bytes)) }

  /// The same of an array. Not generic, because every answer does this some times.
  public static func encode(_ bytes: [UInt8]) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
    return unsafe String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
      for (index, byte) in bytes.enumerated() {
        unsafe text[2 * index] = digit(byte >> 4)
        unsafe text[2 * index + 1] = digit(byte & 15)
      }
      return 2 * bytes.count
    }
  }

  /// The bytes, or `nil` for an odd count or anything but `0-9a-f`.
  public static func decode(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    func value(_ digit: UInt8) -> UInt8? {
      switch digit {
      case 0x30...0x39: digit - 0x30
      case 0x61...0x66: digit - 0x57
      default: nil
      }
    }
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}

/// Base64 (RFC 4648, sections 4 and 5), where every byte string has exactly one accepted spelling.
public enum Base64 {
  private static let standard = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let url = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// With padding.
  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    encode(Array(bytes), standard, padded: true)
  }

  /// The URL-safe alphabet, without padding.
  public static func encodeURL(_ bytes: some Collection<UInt8>) -> String {
    encode(Array(bytes), url, padded: false)
  }

  /// The bytes of padded base64; `nil` for white space, missing padding or stray trailing bits.
  ///
  /// - Parameter strict: whether stray trailing bits are refused; formats whose other readers let them pass
  ///   say `false`.
  public static func decode(_ text: String, strict: Bool = true) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { return nil }
    var end = characters.count
    while end > 0, characters.count - end < 2, characters[end - 1] == UInt8(ascii: "=") { end -= 1 }
    return decode(characters[..<end], plus: "+", slash: "/", strict: strict)
  }

  /// The bytes of unpadded URL-safe base64.
  public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
    decode(Array(text.utf8)[...], plus: "-", slash: "_")
  }

  private static func encode(_ bytes: [UInt8], _ alphabet: [UInt8], padded: Bool) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group: UInt32 = 0
      for index in 0..<3 {
        group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
      }
      for index in 0..<4 {
        if index <= count {
          text.append(alphabet[Int(group >> UInt32(18 - 6 * index) & 63)])
        } else if padded {
          text.append(UInt8(ascii: "="))
        }
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func decode(
    _ characters: ArraySlice<UInt8>, plus: Unicode.Scalar, slash: Unicode.Scalar,
    strict: Bool = true
  ) -> [UInt8]? {
    guard characters.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count * 3 / 4)
    var group: UInt32 = 0
    var bits = 0
    for character in characters {
      let value: UInt8
      switch character {
      case 0x41...0x5A: value = character - 0x41
      case 0x61...0x7A: value = character - 0x61 + 26
      case 0x30...0x39: value = character - 0x30 + 52
      case UInt8(ascii: plus): value = 62
      case UInt8(ascii: slash): value = 63
      default: return nil
      }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        group &= (1 << UInt32(bits)) - 1
      }
    }
    return group == 0 || !strict ? bytes : nil
  }
}

/// Base32 (RFC 4648, section 6), upper case and unpadded, as Pith Numbers use it.
public enum Base32 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    var group: UInt32 = 0
    var bits = 0
    for byte in bytes {
      group = group << 8 | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        text.append(alphabet[Int(group >> UInt32(bits) & 31)])
      }
      group &= (1 << UInt32(bits)) - 1
    }
    if bits > 0 { text.append(alphabet[Int(group << UInt32(5 - bits) & 31)]) }
    return String(decoding: text, as: UTF8.self)
  }
}

extension Base32 {
  /// The bytes of upper-case, unpadded base32; `nil` for any other spelling.
  public static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    var bits = 0
    for character in text.utf8 {
      let value: UInt8
      switch character {
      case 0x41...0x5A: value = character - 0x41
      case 0x32...0x37: value = character - 0x32 + 26
      default: return nil
      }
      group = (group << 5 | UInt32(value)) & 0xFFFF
      bits += 5
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        group &= (1 << UInt32(bits)) - 1
      }
    }
    return group == 0 && bits < 5 ? bytes : nil
  }
}

/// ORCID iDs in their bare form, `0000-0002-1825-0097`.
public enum ORCID {
  /// Whether the form and the check character hold (ISO 7064 MOD 11-2).
  public static func isValid(_ id: String) -> Bool {
    let characters = Array(id.utf8)
    guard characters.count == 19 else { return false }
    var total = 0
    for (index, character) in characters.enumerated() {
      if [4, 9, 14].contains(index) {
        guard character == UInt8(ascii: "-") else { return false }
      } else if index == 18 {
        let check = (12 - total % 11) % 11
        return character == (check == 10 ? UInt8(ascii: "X") : 0x30 + UInt8(check))
      } else {
        guard character >= 0x30, character <= 0x39 else { return false }
        total = (total + Int(character - 0x30)) * 2
      }
    }
    return false
  }
}

/// Why some bytes do not have the form of the proof they are said to be.
public struct ProofFormError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The check that failed: `ots.magic`, `rfc3161.imprint`, `jwt.alg`.
  public let check: String
  /// The byte at which, counted from 0, where there is one.
  public let offset: Int?
  public let message: String

  public init(_ check: String, offset: Int? = nil, _ message: String) {
    self.check = check
    self.offset = offset
    self.message = message
  }

  public var description: String {
    "\(message) [\(check)\(offset.map { " at byte \($0)" } ?? "")]"
  }
}
