/// Base64 (RFC 4648, sections 4 and 5). Each byte string has one accepted encoding.
public enum Base64 {
  private static let standard = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let url = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Encodes with padding.
  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    encode(Array(bytes), standard, padded: true)
  }

  /// Encodes with the URL-safe alphabet, without padding.
  public static func encodeURL(_ bytes: some Collection<UInt8>) -> String {
    encode(Array(bytes), url, padded: false)
  }

  /// The values of the characters, by character; 255 for a character that the alphabet does not have.
  private static let standardValues = values(of: standard)
  private static let urlValues = values(of: url)

  private static func values(of alphabet: [UInt8]) -> [UInt8] {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }

  /// Decodes padded base64. Returns `nil` for white space, missing padding or trailing bits that are not zero.
  ///
  /// - Parameters:
  ///   - text: the base64 text.
  ///   - strict: whether trailing bits must be zero. `false` is for formats whose other readers accept them.
  public static func decode(_ text: String, strict: Bool = true) -> [UInt8]? {
    let characters = text.utf8Span.span
    guard characters.count % 4 == 0 else { return nil }
    var end = characters.count
    while end > 0, characters.count - end < 2, characters[end - 1] == UInt8(ascii: "=") { end -= 1 }
    return decode(characters, count: end, standardValues, strict: strict)
  }

  /// Decodes unpadded URL-safe base64. Returns `nil` for any other text.
  public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
    let characters = Array(text.utf8)
    return decode(characters.span, count: characters.count, urlValues, strict: true)
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
    _ characters: Span<UInt8>, count: Int, _ values: [UInt8], strict: Bool
  ) -> [UInt8]? {
    guard count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 3 / 4)
    var group: UInt32 = 0
    var bits = 0
    for index in 0..<count {
      let value = values[Int(characters[index])]
      if value > 63 { return nil }
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
