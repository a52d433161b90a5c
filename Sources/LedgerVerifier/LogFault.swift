public import CanonicalJSON
public import LedgerDomain
public import TransparencyLog

/// A fault of a log or a bundle, with the first place where it was found.
///
/// Two faults are equal if check, position and place are equal. Specification: errors.md, section
/// Faults of a log.
public struct LogFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// The name of the check that failed, such as `entry.signature`, `tree.tile` or
  /// `checkpoint.root`.
  public let check: String
  /// The position of the entry at fault; `nil` if the fault is not about one entry.
  public let position: Position?
  /// The file, or the member of a bundle.
  public let place: String?
  /// A description in English.
  public let message: String

  /// Makes a fault from its parts.
  public init(
    _ check: String, position: Position? = nil, place: String? = nil, _ message: String
  ) {
    self.check = check
    self.position = position
    self.place = place
    self.message = message
  }

  /// Makes a fault from an error of a parser or a proof. The error's line number is added to
  /// `place`.
  public init(_ error: TransparencyError, position: Position? = nil, place: String? = nil) {
    let line = error.line.map { "line \($0)" }
    self.init(
      error.check, position: position,
      place: [place, line].compactMap { $0 }.joined(separator: ", ").nilIfEmpty, error.message)
  }

  /// The message with check, place and position.
  public var description: String {
    let whole = [place, position.map { "position \($0)" }].compactMap { $0 }
      .joined(separator: ", ")
    return "\(message) [\(check)\(whole.isEmpty ? "" : " at \(whole)")]"
  }

  /// An object with the members `check`, `message`, `place` and `position`.
  public var json: JSON {
    [
      "check": .string(check), "message": .string(message),
      "place": place.map { .string($0) } ?? .null,
      "position": position.map { .integer($0.rawValue) } ?? .null,
    ]
  }

  /// Compares check, position and place.
  public static func == (a: LogFault, b: LogFault) -> Bool {
    a.check == b.check && a.position == b.position && a.place == b.place
  }
}

extension String {
  fileprivate var nilIfEmpty: String? { isEmpty ? nil : self }
}
