/// Text of XML 1.0 documents, and of HTML.
enum XMLText {
  /// The text as character data, or as the value of an attribute in double quotes.
  ///
  /// A character that XML 1.0 does not allow becomes U+FFFD (section 2.2). White space that an attribute would
  /// normalise is written as a reference.
  static func escaped(_ text: String) -> String {
    PlainText.replacingScalars(of: text) { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      // `]]>` must not occur in character data.
      case ">": "&gt;"
      case "\"": "&quot;"
      case "'": "&#39;"
      case "\t": "&#9;"
      case "\n": "&#10;"
      case "\r": "&#13;"
      default: isAllowed(scalar) ? nil : "\u{FFFD}"
      }
    }
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
  }

  /// An element with text.
  static func element(_ name: String, _ text: String) -> String { element(name, [], text) }

  /// An element with attributes and text.
  static func element(
    _ name: String, _ attributes: [(name: String, value: String)], _ text: String
  ) -> String {
    "<\(name)\(list(attributes))>\(escaped(text))</\(name)>"
  }

  /// An element without contents.
  static func empty(_ name: String, _ attributes: [(name: String, value: String)]) -> String {
    "<\(name)\(list(attributes))/>"
  }

  private static func list(_ attributes: [(name: String, value: String)]) -> String {
    attributes.map { " \($0.name)=\"\(escaped($0.value))\"" }.joined()
  }
}
