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
  /// The tables of a database that the fault is in, such as `ledger.event`. More than one if two tables
  /// contradict each other. Empty for a log outside a database.
  public let tables: [String]

  /// Makes a fault from its parts.
  public init(
    _ check: String, position: Position? = nil, place: String? = nil, _ message: String,
    tables: [String] = []
  ) {
    self.check = check
    self.position = position
    self.place = place
    self.message = message
    self.tables = tables
  }

  /// The same fault in some tables of a database.
  public func with(tables: [String]) -> LogFault {
    LogFault(check, position: position, place: place, message, tables: tables)
  }

  /// Makes a fault from an error of a parser or a proof. The error's line number is added to
  /// `place`.
  public init(_ error: TransparencyError, position: Position? = nil, place: String? = nil) {
    let line = error.line.map { "line \($0)" }
    self.init(
      error.check, position: position,
      place: [place, line].compactMap { $0 }.joined(separator: ", ").nilIfEmpty, error.message)
  }

  /// The message with check, tables, place and position.
  public var description: String {
    let tables = tables.isEmpty ? nil : tables.joined(separator: " or ")
    let whole = [tables, place, position.map { "position \($0)" }].compactMap { $0 }
      .joined(separator: ", ")
    return "\(message) [\(check)\(whole.isEmpty ? "" : " at \(whole)")]"
  }

  /// An object with the members `check`, `message`, `place`, `position` and `tables`.
  public var json: JSON {
    [
      "check": .string(check), "message": .string(message),
      "place": place.map { .string($0) } ?? .null,
      "position": position.map { .integer($0.rawValue) } ?? .null,
      "tables": .array(tables.map { .string($0) }),
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
