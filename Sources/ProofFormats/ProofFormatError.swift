/// Why some bytes do not have the form of the proof they are said to be.
public struct ProofFormatError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The check that failed: `ots.magic`, `rfc3161.imprint`, `jwt.alg`.
  public let check: String
  /// The byte at which, counted from 0, where there is one.
  public let offset: Int?
  public let message: String

  public init(_ check: String, offset: Int? = nil, _ message: String) {
    self.check = check
    self.offset = offset
    self.message = message
  }

  public var description: String {
    "\(message) [\(check)\(offset.map { " at byte \($0)" } ?? "")]"
  }
}
