import Foundation
import Logging

/// One line of the log, as bytes with its newline.
///
/// The line has no other newline and no control characters, whatever a message contains, and at most about
/// ``maxMessageBytes`` of a message.
struct LogLine {
  /// The largest number of bytes of a message. The rest is cut.
  static let maxMessageBytes = 8192
  /// The largest number of bytes of the value of one member.
  static let maxValueBytes = 1024
  /// The members of every line. Metadata under these names gets an underscore.
  private static let ownKeys: Set<String> = ["level", "message", "time"]

  let time: String
  let level: Logger.Level
  let message: String
  /// In the order of their keys.
  let members: [(key: String, value: Logger.MetadataValue)]

  init(time: String, level: Logger.Level, message: String, metadata: Logger.Metadata) {
    self.time = time
    self.level = level
    self.message = Redaction.applied(to: Self.cut(message, Self.maxMessageBytes))
    members = metadata.sorted { $0.key < $1.key }.map { key, value in
      (Self.ownKeys.contains(key) ? key + "_" : key, value)
    }
  }

  /// The line in a format.
  func bytes(_ format: LogFormat) -> [UInt8] {
    var line = ""
    switch format {
    case .json:
      line =
        "{\"time\":\(Self.quoted(time)),\"level\":\"\(level)\",\"message\":\(Self.quoted(message))"
      for (key, value) in members {
        line += ",\(Self.quoted(key)):\(Self.json(value))"
      }
      line += "}\n"
    case .text:
      line = "\(time) \(level) \(Self.escaped(message))"
      for (key, value) in members { line += " \(Self.word(key))=\(Self.word(Self.text(value)))" }
      line += "\n"
    }
    return Array(line.utf8)
  }

  // MARK: Values

  private static func json(_ value: Logger.MetadataValue, depth: Int = 0) -> String {
    switch value {
    case .stringConvertible(let number as Int): return "\(number)"
    case .stringConvertible(let number as Int64): return "\(number)"
    case .stringConvertible(let flag as Bool): return "\(flag)"
    case .array(let values) where depth < 4:
      return "[" + values.prefix(100).map { json($0, depth: depth + 1) }.joined(separator: ",")
        + "]"
    case .dictionary(let members) where depth < 4:
      let members = members.sorted { $0.key < $1.key }.prefix(100)
      return "{"
        + members.map { "\(quoted($0.key)):\(json($0.value, depth: depth + 1))" }
        .joined(separator: ",") + "}"
    default: return quoted(text(value))
    }
  }

  private static func text(_ value: Logger.MetadataValue) -> String {
    Redaction.applied(to: cut("\(value)", maxValueBytes))
  }

  private static func cut(_ text: String, _ limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: limit)
    while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return text[..<end] + "…"
  }

  // MARK: Escapes

  private static func quoted(_ text: String) -> String { "\"\(escaped(text, quotes: true))\"" }

  /// A word that a reader can split at spaces and at the first equals sign.
  private static func word(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }
    return isPlain ? text : quoted(text)
  }

  /// Replaces what ends a line, moves the cursor of a terminal or changes the direction of text.
  private static func escaped(_ text: String, quotes: Bool = false) -> String {
    // Most messages need no change.
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && (!quotes || ($0 != 0x22 && $0 != 0x5C)) })
    {
      return text
    }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      case "\t": escaped += "\\t"
      case "\"" where quotes: escaped += "\\\""
      case "\\" where quotes: escaped += "\\\\"
      default:
        if isInvisible(scalar) {
          escaped += codeUnits(scalar)
        } else {
          escaped.unicodeScalars.append(scalar)
        }
      }
    }
    return escaped
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: false
    }
  }

  private static func codeUnits(_ scalar: Unicode.Scalar) -> String {
    String(scalar).utf16.map { unit in
      let hex = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }.joined()
  }
}
