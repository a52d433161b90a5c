import Encodings
import Foundation
import ProofFormats

/// A setting of the program: its name, what its values are, and what it means.
///
/// ``SettingsTable`` has all of them. A setting is given by a flag, an environment variable or a member of
/// the configuration file. See `docs/configuration.md`.
public struct Setting: Sendable {
  /// What the values of a setting are.
  public enum Kind: Sendable, Equatable {
    /// Any text.
    case text
    /// The path of a file. A relative one is below the working directory of the process.
    case file
    /// `1` or `0`; in the file, `true` or `false`.
    case flag
    /// A whole number in this range.
    case number(ClosedRange<Int>)
    /// A number of days, at most a hundred years.
    case days
    /// One of these words.
    case choice([String])
    /// Texts, separated by commas; in the file, an array.
    case list
    /// The address of a service.
    case address
    /// Addresses, separated by commas; in the file, an array.
    case addresses
  }

  /// The value that a setting has if it is not set.
  public enum Fallback: Sendable, Equatable {
    /// This value.
    case value(String)
    /// No fixed value: a description of what happens.
    case described(String)
  }

  /// The largest number that a setting accepts. Sums and products of a few such numbers fit in 64 bits.
  static let maxNumber = 1_000_000_000_000
  private static let maxDays = 36_500
  /// The prefix of the environment variables.
  public static let prefix = "PITHLEDGER_"

  /// The name without the prefix of environment variables.
  public let name: String
  /// What its values are.
  public let kind: Kind
  /// What it means, in Markdown.
  public let meaning: String
  /// What it is if it is not set.
  public let fallback: Fallback
  /// Whether the value is not printed.
  public let isSecret: Bool

  /// Makes a setting with a default value.
  init(
    _ name: String, _ kind: Kind, _ meaning: String, default fallback: String,
    isSecret: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.meaning = meaning
    self.fallback = .value(fallback)
    self.isSecret = isSecret
  }

  /// Makes a setting without a default value.
  ///
  /// - Parameter absent: what happens if it is not set.
  init(
    _ name: String, _ kind: Kind, _ meaning: String, absent: String = "none",
    isSecret: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.meaning = meaning
    fallback = .described(absent)
    self.isSecret = isSecret
  }

  /// The name of the environment variable.
  public var variable: String { Self.prefix + name }

  /// The name of the member of the configuration file.
  public var member: String { name.lowercased() }

  /// What is wrong with a value; `nil` if it can be used.
  func fault(of value: String) -> String? {
    switch kind {
    case .text, .file, .list: nil
    case .flag:
      ["0", "1"].contains(value) ? nil : "Either 1 or 0."
    case .number(let range):
      Self.number(value, in: range) == nil
        ? "Not a whole number from \(range.lowerBound) to \(range.upperBound)." : nil
    case .days:
      Self.number(value, in: 1...Self.maxDays) == nil
        ? "Not a whole number of days from 1 to \(Self.maxDays)." : nil
    case .choice(let words):
      words.contains(value) ? nil : "Either \(words.joined(separator: " or "))."
    case .address: Self.addressFault(value)
    case .addresses: Self.items(value).lazy.compactMap(Self.addressFault).first
    }
  }

  private static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
    // `Int` accepts a sign before the digits.
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
      return nil
    }
    return range.contains(number) ? number : nil
  }

  private static func addressFault(_ text: String) -> String? {
    do throws(WebAddress.Fault) {
      _ = try WebAddress(text)
      return nil
    } catch { return error.message }
  }

  /// The items of a list, without empty ones.
  static func items(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }
}

extension Setting.Kind {
  /// The kind of values in a few words, for the documentation.
  public var words: String {
    switch self {
    case .text: "text"
    case .file: "file"
    case .flag: "`1` or `0`"
    case .number(let range):
      range.upperBound == Setting.maxNumber
        ? "number" : "number, \(range.lowerBound) to \(range.upperBound)"
    case .days: "days"
    case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
    case .list: "list"
    case .address: "address"
    case .addresses: "list of addresses"
    }
  }
}
