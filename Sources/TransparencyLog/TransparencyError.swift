/// The reason why a note, a proof or a tile is refused.
///
/// Equality is on the check.
public struct TransparencyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The check that failed, in dotted snake case: `note.signature`, `proof.inclusion`.
  public let check: String
  /// The line at fault, counted from 1; `nil` where there is none.
  public let line: Int?
  /// The reason as a phrase for a person.
  public let message: String

  /// Creates an error.
  public init(_ check: String, line: Int? = nil, _ message: String) {
    self.check = check
    self.line = line
    self.message = message
  }

  /// The message, the name of the check and the line.
  public var description: String {
    "\(message) [\(check)\(line.map { " at line \($0)" } ?? "")]"
  }

  /// Compares the checks.
  public static func == (a: TransparencyError, b: TransparencyError) -> Bool { a.check == b.check }
}
