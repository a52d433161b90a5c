public import CanonicalJSON
public import LedgerDomain
public import TransparencyLog

/// What is wrong with a log, and the first place where it shows.
public struct LogFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// In dotted snake case: `entry.signature`, `tree.tile`, `checkpoint.root`.
  public let check: String
  /// The position of the entry that it is about.
  public let position: Position?
  /// The file, or the member of a bundle.
  public let place: String?
  public let message: String

  public init(
    _ check: String, position: Position? = nil, place: String? = nil, _ message: String
  ) {
    self.check = check
    self.position = position
    self.place = place
    self.message = message
  }

  /// The fault that a reader of a text reports, at the place where the text stands.
  public init(_ error: TransparencyError, position: Position? = nil, place: String? = nil) {
    let line = error.line.map { "line \($0)" }
    self.init(
      error.check, position: position,
      place: [place, line].compactMap { $0 }.joined(separator: ", ").nilIfEmpty, error.message)
  }

  public var description: String {
    let whole = [place, position.map { "position \($0)" }].compactMap { $0 }
      .joined(separator: ", ")
    return "\(message) [\(check)\(whole.isEmpty ? "" : " at \(whole)")]"
  }

  public var json: JSON {
    [
      "check": .string(check), "message": .string(message),
      "place": place.map { .string($0) } ?? .null,
      "position": position.map { .integer($0.rawValue) } ?? .null,
    ]
  }

  public static func == (a: LogFault, b: LogFault) -> Bool {
    a.check == b.check && a.position == b.position && a.place == b.place
  }
}

extension String {
  fileprivate var nilIfEmpty: String? { isEmpty ? nil : self }
}
