/// The reason why an address was not fetched.
public struct FetchError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The check that failed. The raw value is the name of the check in answers.
  public enum Code: String, Sendable {
    /// The text is not an http or https address that `WebAddress` accepts.
    case address = "fetch.address"
    /// The address is loopback, private, link-local or otherwise not public.
    case inside = "fetch.inside"
    /// The name does not resolve, or the server does not answer.
    case unreachable = "fetch.unreachable"
    /// The answer has more bytes than the limit.
    case tooLarge = "fetch.size"
    /// The answer took too long, or came too slowly.
    case tooSlow = "fetch.time"
    /// More redirects than the limit.
    case redirects = "fetch.redirects"
    /// The server answered with a status that the request does not accept.
    case status = "fetch.status"
    /// No slot became free in time, or the queue is full.
    case busy = "fetch.busy"
    /// The client has too many fetches in progress.
    case clientLimit = "fetch.client_limit"
  }

  /// The check that failed.
  public let code: Code
  /// What was wrong, in a sentence for a person.
  public let message: String
  /// The status of the answer, for ``Code/status``.
  public let status: Int?

  /// Creates an error.
  public init(_ code: Code, _ message: String, status: Int? = nil) {
    self.code = code
    self.message = message
    self.status = status
  }

  /// The message and the name of the check.
  public var description: String { "\(message) [\(code.rawValue)]" }
}
