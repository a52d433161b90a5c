public import CanonicalJSON

/// JSON whose text shows everything that is in it.
///
/// Characters that a reader does not see, or that change the direction or the place of others, are written as escapes:
/// control and format characters, line and paragraph separators, variation selectors, private use and unassigned code
/// points. The value is the same.
public enum PlainText {
  /// The canonical text of a value with these characters escaped.
  public static func string(_ json: JSON) -> String {
    String(decoding: bytes(json), as: UTF8.self)
  }

  /// The bytes of ``string(_:)``.
  public static func bytes(_ json: JSON) -> [UInt8] {
    let canonical = json.canonicalBytes()
    // Most answers are ASCII, in which the canonical form already escapes what must be.
    guard canonical.contains(where: { $0 >= 0x7F }) else { return canonical }
    var output: [UInt8] = []
    output.reserveCapacity(canonical.count + 64)
    // Outside of strings JSON has ASCII only, so that an escape always stands in a string.
    for scalar in String(decoding: canonical, as: UTF8.self).unicodeScalars {
      if isHidden(scalar) {
        for unit in String(scalar).utf16 { output += escape(unit) }
      } else {
        output += String(scalar).utf8
      }
    }
    return output
  }

  private static func escape(_ unit: UInt16) -> [UInt8] {
    let hex = String(unit, radix: 16)
    return Array("\\u".utf8) + [UInt8](repeating: 0x30, count: 4 - hex.utf8.count) + hex.utf8
  }

  /// Whether a reader of a text would not see the character as itself.
  static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value >= 0x7F else { return false }
    if (0xFE00...0xFE0F).contains(scalar.value) || (0xE0000...0xE0FFF).contains(scalar.value) {
      return true
    }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
      .unassigned:
      true
    default: scalar.properties.isDefaultIgnorableCodePoint
    }
  }
}
