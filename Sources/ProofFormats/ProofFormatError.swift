/// The reason why a proof or token is refused.
public struct ProofFormatError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The check that failed: `ots.magic`, `rfc3161.imprint`, `jwt.alg`.
  public let check: String
  /// The offset of the byte at fault, counted from 0; `nil` where there is none.
  public let offset: Int?
  /// What was wrong, in a sentence for a person.
  public let message: String

  /// Creates an error.
  public init(_ check: String, offset: Int? = nil, _ message: String) {
    self.check = check
    self.offset = offset
    self.message = message
  }

  /// The message, the name of the check and the offset.
  public var description: String {
    "\(message) [\(check)\(offset.map { " at byte \($0)" } ?? "")]"
  }
}
