/// Why something about a transparency log was not believed: the check that failed and, in a text, where.
///
/// Equality is on the check.
public struct TransparencyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// In dotted snake case: `note.signature`, `proof.inclusion`.
  public let check: String
  /// The line of the text that it is about, from 1 on.
  public let line: Int?
  public let message: String

  public init(_ check: String, line: Int? = nil, _ message: String) {
    self.check = check
    self.line = line
    self.message = message
  }

  public var description: String {
    "\(message) [\(check)\(line.map { " at line \($0)" } ?? "")]"
  }

  public static func == (a: TransparencyError, b: TransparencyError) -> Bool { a.check == b.check }
}
