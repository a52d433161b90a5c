/// A refusal of a submission or a request: the check that failed, where, and what to do.
///
/// Two refusals are equal if code and check are equal. Specification: errors.md, section Checks.
public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// The class of a refusal. Interfaces translate it, for example to an HTTP status.
  public enum Code: String, Sendable {
    /// The bytes do not have the required format.
    case malformed
    /// The caller is not allowed to do this.
    case forbidden
    /// Nothing has this name.
    case notFound = "not_found"
    /// The bytes were here and were erased.
    case gone
    /// The submission contradicts the log.
    case conflict
    /// The bytes exceed a limit.
    case tooLarge = "too_large"
    /// The submission is well formed, and is provably false or not allowed.
    case invalid
    /// The client has reached a limit.
    case tooMany = "too_many"
    /// The ledger cannot accept the request now. The same request may succeed later.
    case unavailable
  }

  /// What the caller can do about a refusal. Each interface describes it in its own terms: as a
  /// request over HTTP, as a command in the shell.
  public enum Remedy: Sendable {
    /// Import the record.
    case importRecord
    /// Submit the event without the name of a record.
    case submitToRegistry
    /// Submit a bare payload as an action on a record.
    case submitAction
    /// Prepare the event, to obtain the bytes to sign.
    case prepareEvent
    /// Submit as the operator.
    case authorise
  }

  /// The class of the refusal.
  public let code: Code
  /// The name of the check that failed, such as `signature`, `event_id` or `slot`.
  public let check: String
  /// The member at fault as a dotted path, such as `payload.relation`.
  public let field: String?
  /// The byte offset in the submitted text, counted from 0.
  public let offset: Int?
  /// What is wrong, and what to do if that is the same in every interface, in one or two English
  /// sentences.
  public let message: String
  /// What the caller can do, if each interface offers it in another way.
  public let remedy: Remedy?
  /// The names that an ambiguous name can mean.
  public let candidates: [String]
  /// The number of seconds after which the same request may succeed; `nil` if waiting does not
  /// help.
  public let retryAfter: Int?

  /// Makes a refusal from its parts.
  ///
  /// - Parameters:
  ///   - code: the class of the refusal, which decides the status code and the exit code.
  ///   - check: the name of the check that failed. docs/specification/errors.md lists them.
  ///   - field: the path of the member, the parameter or the option that is refused.
  ///   - offset: the offset of the first wrong byte.
  ///   - message: names no time after which to try again. A sentence with `retryAfter` is added to it, so that the
  ///     text and the number agree.
  ///   - remedy: what corrects it, if that is known.
  ///   - candidates: what an ambiguous name can mean.
  ///   - retryAfter: seconds after which a new attempt can succeed.
  public init(
    _ code: Code, check: String, field: String? = nil, offset: Int? = nil, _ message: String,
    remedy: Remedy? = nil, candidates: [String] = [], retryAfter: Int? = nil
  ) {
    self.code = code
    self.check = check
    self.field = field
    self.offset = offset
    self.message =
      retryAfter.map { "\(message) Try again in \($0) \($0 == 1 ? "second" : "seconds")." }
      ?? message
    self.remedy = remedy
    self.candidates = candidates
    self.retryAfter = retryAfter
  }

  /// The message with check, field, offset and candidates.
  public var description: String {
    let place = [field, offset.map { "byte \($0)" }].compactMap { $0 }.joined(separator: ", ")
    let names = candidates.isEmpty ? "" : " Candidates: \(candidates.joined(separator: ", "))."
    return "\(message) [\(check)\(place.isEmpty ? "" : " at \(place)")]\(names)"
  }

  /// Compares code and check.
  public static func == (a: Refusal, b: Refusal) -> Bool {
    a.code == b.code && a.check == b.check
  }
}
