/// Why a submission was not accepted: the check that failed, where, and what to do about it.
///
/// Equality is on the code and the check, never on the wording.
public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of refusal, in the classes that every surface can translate.
  public enum Code: String, Sendable {
    /// The bytes are not what the format asks for.
    case malformed
    /// The caller may not do this.
    case forbidden
    /// Nothing here has that name.
    case notFound = "not_found"
    /// It contradicts what stands in the log.
    case conflict
    /// More bytes than the limit.
    case tooLarge = "too_large"
    /// Well formed, and provably false or not allowed.
    case invalid
    /// The body is of a type that is not taken here.
    case unsupportedType = "unsupported_type"
    /// This client has used up its allowance for now.
    case tooMany = "too_many"
    /// The ledger cannot take it now and could later.
    case unavailable
  }

  public let code: Code
  /// The check that failed, in snake case: `signature`, `event_id`, `slot`.
  public let check: String
  /// The member the check is about, as a dotted path: `payload.relation`.
  public let field: String?
  /// The byte offset in the submitted text, where there is one.
  public let offset: Int?
  /// What was wrong and what to do, in one sentence or two.
  public let message: String
  /// Names the caller may choose from, where the refused one was ambiguous.
  public let candidates: [String]
  /// Whole seconds after which the same request may succeed; `nil` where time alone changes nothing.
  public let retryAfter: Int?

  public init(
    _ code: Code, check: String, field: String? = nil, offset: Int? = nil, _ message: String,
    candidates: [String] = [], retryAfter: Int? = nil
  ) {
    self.code = code
    self.check = check
    self.field = field
    self.offset = offset
    self.message = message
    self.candidates = candidates
    self.retryAfter = retryAfter
  }

  public var description: String {
    let place = [field, offset.map { "byte \($0)" }].compactMap { $0 }.joined(separator: ", ")
    let names = candidates.isEmpty ? "" : " Candidates: \(candidates.joined(separator: ", "))."
    return "\(message) [\(check)\(place.isEmpty ? "" : " at \(place)")]\(names)"
  }

  public static func == (a: Refusal, b: Refusal) -> Bool {
    a.code == b.code && a.check == b.check
  }
}
