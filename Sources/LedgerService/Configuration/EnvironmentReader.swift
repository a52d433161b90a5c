import DurableFiles
import Encodings
import Foundation
import LedgerDomain
import ProofFormats

/// Reads and checks the values of `PITHLEDGER_*` environment variables.
///
/// The functions take a variable's name without the prefix. An empty value counts as absent. Errors: a
/// `Refusal` with check `configuration` that names the variable.
struct EnvironmentReader: Sendable {
  static let prefix = "PITHLEDGER_"
  /// The largest number that a setting accepts. Sums and products of a few such numbers fit in 64 bits.
  static let maxNumber = 1_000_000_000_000
  private static let maxDays = 36_500

  let environment: [String: String]

  /// The value without changes. `nil` if it is absent.
  func text(_ name: String) -> String? {
    environment[Self.prefix + name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Whether the value is `1`.
  func flag(_ name: String) -> Bool { text(name) == "1" }

  /// An integer from 1 to ``maxNumber``.
  func number(_ name: String, default fallback: Int) throws(Refusal) -> Int {
    guard let value = text(name) else { return fallback }
    guard let number = Int(value), (1...Self.maxNumber).contains(number) else {
      throw refusal(name, "Not a whole number from 1 to \(Self.maxNumber).")
    }
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

  /// A duration in days, at most 36500.
  func days(_ name: String, default fallback: Duration) throws(Refusal) -> Duration {
    let days = try number(name, default: Int(fallback.components.seconds / 86_400))
    guard days <= Self.maxDays else { throw refusal(name, "At most \(Self.maxDays) days.") }
    return .seconds(86_400 * days)
  }

  /// Items separated by commas. `nil` if the variable is absent.
  func list(_ name: String) -> [String]? {
    text(name)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// Addresses separated by commas.
  func addresses(_ name: String) throws(Refusal) -> [String]? {
    guard let items = list(name) else { return nil }
    for item in items { try LedgerConfiguration.checkAddress(item, Self.prefix + name) }
    return items
  }

  /// An address without a slash at its end.
  func address(_ name: String) throws(Refusal) -> String? {
    guard let text = text(name) else { return nil }
    try LedgerConfiguration.checkAddress(text, Self.prefix + name)
    return Self.withoutFinalSlash(text)
  }

  static func withoutFinalSlash(_ text: String) -> String {
    text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  /// The first line of the file that a variable names. The file must be readable by its owner only.
  func firstLine(ofFile name: String) throws(Refusal) -> String? {
    guard let file = text(name) else { return nil }
    return try Self.firstLine(of: file, field: Self.prefix + name)
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

  /// The refusal of a variable's value.
  func refusal(_ name: String, _ message: String) -> Refusal {
    Refusal(.malformed, check: "configuration", field: Self.prefix + name, message)
  }
}
