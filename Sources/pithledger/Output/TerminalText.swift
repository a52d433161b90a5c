import CanonicalJSON
import Foundation

/// Text of others on a terminal: what could move the cursor, change colours or hide text is written as an escape.
enum TerminalText {
  /// Whether standard output is a terminal.
  static let isOutput = isatty(STDOUT_FILENO) == 1
  /// Whether standard error is a terminal.
  static let isDiagnostics = isatty(STDERR_FILENO) == 1

  /// Whether colours are written to standard output: it is a terminal that has them, and `NO_COLOR` is not set.
  static let hasColours: Bool = {
    let environment = ProcessInfo.processInfo.environment
    return isOutput && (environment["NO_COLOR"] ?? "").isEmpty
      && !["", "dumb"].contains(environment["TERM"] ?? "")
  }()

  /// The text with escapes such as `\u{1B}`.
  ///
  /// - Parameter keepsLines: whether line feeds stay.
  static func escaped(_ text: String, keepsLines: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: isActive) else { return text }
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if isActive(scalar), !(keepsLines && scalar == "\n") {
        escaped += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars
      } else {
        escaped.append(scalar)
      }
    }
    return String(escaped)
  }

  /// The JSON text with escapes of JSON. Its value stays the same.
  static func escapedJSON(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isActive) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if isActive(scalar) {
        for unit in String(scalar).utf16 {
          let hex = String(unit, radix: 16)
          escaped += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// The canonical text of a value for standard output; on a terminal with escapes for what acts on it.
  static func output(_ json: JSON) -> String {
    isOutput ? escapedJSON(json.canonicalString()) : json.canonicalString()
  }

  /// Whether a terminal does something else than to show the character: control characters, line and paragraph
  /// separators, and those that change the direction of text.
  private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069:
      true
    default: false
    }
  }
}

extension Optional where Wrapped == JSON {
  /// A text in one line, without what acts on a terminal; empty for any other value.
  var line: String { TerminalText.escaped(self?.stringValue ?? "") }
}
