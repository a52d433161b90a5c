/// Text of documents and events, made harmless for formats that are read line by line or displayed.
public enum PlainText {
  /// The largest number of characters that a format takes from a text.
  public static let maxCharacters = 2000

  /// The text on one line: control characters, line separators and runs of white space become one space, and
  /// characters that change the direction of the text around them, or that are no characters, are left out.
  ///
  /// A text of more than `limit` characters is cut, and ends with an ellipsis.
  public static func oneLine(_ text: String, limit: Int = maxCharacters) -> String {
    var line = String.UnicodeScalarView()
    var followsSpace = false
    // A text may have megabytes, and a character may have many scalars.
    for scalar in text.unicodeScalars.prefix(8 * limit) {
      if isSpace(scalar) {
        followsSpace = true
        continue
      }
      if isLeftOut(scalar) { continue }
      if followsSpace && !line.isEmpty { line.append(" ") }
      followsSpace = false
      line.append(scalar)
    }
    let cleaned = String(line)
    return cleaned.count > limit ? cleaned.prefix(limit - 1) + "…" : cleaned
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
  }

  private static func isLeftOut(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // Embeddings, overrides and isolates of directions.
    case 0x202A...0x202E, 0x2066...0x2069, 0x061C: true
    // Deprecated format characters, the mark of byte order, annotations, tags.
    case 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F: true
    default: scalar.properties.isNoncharacterCodePoint
    }
  }

  /// A text with some characters replaced. Characters are compared as scalars, because a letter and a combining mark
  /// behind a character of markup are one `Character`.
  static func replacingScalars(
    of text: String, _ replacement: (Unicode.Scalar) -> String?
  ) -> String {
    var replaced = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if let other = replacement(scalar) {
        replaced.append(contentsOf: other.unicodeScalars)
      } else {
        replaced.append(scalar)
      }
    }
    return String(replaced)
  }
}
