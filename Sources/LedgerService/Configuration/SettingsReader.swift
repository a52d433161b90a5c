import DurableFiles
import Encodings
import Foundation
import LedgerDomain

/// Reads the values of settings as the types that the program uses.
///
/// The functions take a setting's name without the prefix. Errors: a `Refusal` with check `configuration`
/// that names the place at which the setting was given.
struct SettingsReader: Sendable {
  let values: SettingValues

  /// The value without changes. `nil` if it is absent.
  func text(_ name: String) -> String? { values.value(name) }

  /// Whether the value is `1`.
  func flag(_ name: String) -> Bool { text(name) == "1" }

  /// The value, which fits the setting's kind.
  private func checked(_ name: String) throws(Refusal) -> String? {
    guard let value = text(name) else { return nil }
    if let message = SettingsTable.setting(named: name)?.fault(of: value) {
      throw refusal(name, message)
    }
    return value
  }

  /// A whole number.
  func number(_ name: String, default fallback: Int) throws(Refusal) -> Int {
    guard let value = try checked(name) else { return fallback }
    guard let number = Int(value) else { throw refusal(name, "Not a whole number.") }
    return number
  }

  /// The same as a 64-bit integer.
  func number(_ name: String, default fallback: Int64) throws(Refusal) -> Int64 {
    Int64(try number(name, default: Int(fallback)))
  }

  /// A duration in seconds.
  func seconds(_ name: String, default fallback: Duration) throws(Refusal) -> Duration {
    .seconds(try number(name, default: Int(fallback.components.seconds)))
  }

  /// A duration in days.
  func days(_ name: String, default fallback: Duration) throws(Refusal) -> Duration {
    .seconds(86_400 * (try number(name, default: Int(fallback.components.seconds / 86_400))))
  }

  /// Items separated by commas. `nil` if the setting is absent.
  func list(_ name: String) -> [String]? { text(name).map(Setting.items) }

  /// Addresses separated by commas.
  func addresses(_ name: String) throws(Refusal) -> [String]? {
    try checked(name).map(Setting.items)
  }

  /// An address without a slash at its end.
  func address(_ name: String) throws(Refusal) -> String? {
    try checked(name).map(Self.withoutFinalSlash)
  }

  static func withoutFinalSlash(_ text: String) -> String {
    text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  /// The first line of the file that a setting names. The file must be readable by its owner only.
  func firstLine(ofFile name: String) throws(Refusal) -> String? {
    guard let file = text(name) else { return nil }
    return try Self.firstLine(of: file, field: values.place(of: name))
  }

  /// The value of a setting, or the first line of the file that another one names. The one of the two that was given
  /// at the place with the higher precedence counts; at the same place, the file.
  func text(_ name: String, orFirstLineOf file: String) throws(Refusal) -> String? {
    if values.precedence(of: name) > values.precedence(of: file) { return text(name) }
    return try firstLine(ofFile: file) ?? text(name)
  }

  /// The first line of a file that is readable by its owner only.
  static func firstLine(of file: String, field: String) throws(Refusal) -> String {
    let bytes: [UInt8]
    do throws(DurableFileError) { bytes = try SecretFile.read(file) } catch {
      throw Refusal(.malformed, check: "configuration", field: field, error.message)
    }
    guard let line = bytes.split(separator: 0x0A).first else {
      throw Refusal(
        .malformed, check: "configuration", field: field, "The first line of \(file) is empty.")
    }
    return String(decoding: line, as: UTF8.self)
  }

  /// The refusal of a setting's value.
  func refusal(_ name: String, _ message: String) -> Refusal { values.refusal(name, message) }
}
