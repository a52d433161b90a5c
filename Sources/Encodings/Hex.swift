/// Lower-case hexadecimal, the form of digests and fingerprints.
public enum Hex {
  /// Encodes bytes.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String { encode(Array(bytes)) }

  /// Encodes an array. The function is not generic, because each answer calls it several times.
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

  /// Decodes text. Returns `nil` for an odd length or a character other than `0-9a-f`.
  public static func decode(_ text: String) -> [UInt8]? {
    let digits = text.utf8Span.span
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  /// Decodes 16 digits of text from an index on, as a number. Returns `nil` for another character.
  static func word(_ digits: Span<UInt8>, from start: Int) -> UInt64? {
    var word: UInt64 = 0
    for index in start..<start + 16 {
      guard let digit = value(digits[index]) else { return nil }
      word = word << 4 | UInt64(digit)
    }
    return word
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x57
    default: nil
    }
  }
}
