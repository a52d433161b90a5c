import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService

/// Parses the parts of a request target.
enum Parameters {
  /// Parses a whole number from 0 to 2^53 − 1, in digits.
  ///
  /// - Parameters:
  ///   - check: the check that a refusal names.
  ///   - field: the parameter or header that a refusal names.
  static func wholeNumber(
    _ text: some StringProtocol, check: String, field: String
  ) throws(Refusal) -> Int64 {
    // 2^53 − 1 is the largest integer of canonical JSON, and one more is still an Int64.
    guard (1...16).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int64(text), number <= JSON.maxInteger
    else {
      throw Refusal(
        .malformed, check: check, field: field, "Not a whole number from 0 to \(JSON.maxInteger).")
    }
    return number
  }

  /// Decodes the percent escapes of a path component, and removes the suffix `.json`.
  static func identifier(_ component: String) throws(Refusal) -> String {
    let name = try decoded(component)
    return name.hasSuffix(".json") ? String(name.dropLast(5)) : name
  }

  /// Decodes the percent escapes of a path component.
  fileprivate static func decoded(_ component: String) throws(Refusal) -> String {
    guard let name = component.removingPercentEncoding, !name.utf8.contains(0) else {
      throw Refusal(.malformed, check: "path", "The path's percent escapes are not text.")
    }
    return name
  }

  /// Parses a SHA-256 in hexadecimal.
  static func digest(_ text: some StringProtocol, field: String) throws(Refusal) -> Digest {
    guard let digest = Digest(hex: text.lowercased()) else {
      throw Refusal(
        .malformed, check: "query", field: field, "A SHA-256 has 64 hexadecimal digits.")
    }
    return digest
  }

  /// Parses a key's fingerprint in hexadecimal.
  static func fingerprint(_ text: String) throws(Refusal) -> Digest128 {
    guard let fingerprint = Digest128(hex: text.lowercased()) else {
      throw Refusal(
        .malformed, check: "query", field: "fingerprint",
        "A fingerprint has 32 hexadecimal digits.")
    }
    return fingerprint
  }

  /// The events that are submitted as an action on a record: attestations, withdrawals, and decisions of
  /// moderators.
  private static let actions = EventType.attestations + [.eventWithdrawn, .moderationDecision]

  /// Parses the name of an action.
  static func action(_ name: String) throws(Refusal) -> EventType {
    guard let action = EventType(name: name), actions.contains(action) else {
      throw Refusal(
        .notFound, check: "action",
        "The actions are \(actions.map(\.name).joined(separator: ", ")).")
    }
    return action
  }
}

extension Query {
  /// A parameter that is a whole number from 0 to 2^53 − 1. `nil` if it is absent.
  func wholeNumber(_ name: String) throws(Refusal) -> Int64? {
    guard let text = self[name] else { return nil }
    return try Parameters.wholeNumber(text, check: "query", field: name)
  }

  /// A parameter that is a position. `nil` if it is absent.
  func position(_ name: String) throws(Refusal) -> Position? {
    try wholeNumber(name).map(Position.init(rawValue:))
  }

  /// How many items a page may have: the parameter `limit`.
  ///
  /// - Parameter otherwise: the number if the parameter is absent.
  func pageLimit(otherwise: Int64 = 100) throws(Refusal) -> Int {
    Int(clamping: try wholeNumber("limit") ?? otherwise)
  }

  /// Whether a parameter is `true`. An absent one is not.
  func isSet(_ name: String) throws(Refusal) -> Bool {
    guard let text = self[name] else { return false }
    guard let value = Bool(text) else {
      throw Refusal(.malformed, check: "query", field: name, "The value is true or false.")
    }
    return value
  }

  /// The events that the parameters select.
  func eventFilter() throws(Refusal) -> EventFilter {
    try EventFilter(
      types: self["type"], signer: self["signer"], target: self["target"],
      standings: self["standing"], since: self["since"], order: self["order"])
  }
}

extension Request {
  /// The address under which the client reached the service, for links.
  var baseURL: String { "\(head.scheme ?? "http")://\(head.authority ?? "localhost")" }
}

extension RequestContext {
  /// The path parameter `id`: a record, a key, an entry or a digest.
  func identifier() throws -> String {
    try Parameters.identifier(parameters.require("id"))
  }

  /// Whether the path parameter `id` ends with `.json`.
  func identifierIsJSON() throws -> Bool {
    try Parameters.decoded(parameters.require("id")).hasSuffix(".json")
  }
}
