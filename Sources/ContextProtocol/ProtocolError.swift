public import CanonicalJSON

/// An error of JSON-RPC: the request is not answered with a result.
public struct ProtocolError: Error, Sendable, Equatable {
  /// The code, as JSON-RPC and the Model Context Protocol number them.
  public enum Code: Int64, Sendable {
    /// The text is not JSON.
    case parse = -32700
    /// The message is no request.
    case invalidRequest = -32600
    /// There is no such method.
    case unknownMethod = -32601
    /// A parameter is missing, has another type, or names nothing.
    case invalidParameters = -32602
    /// Something went wrong here.
    case `internal` = -32603
    /// Too many requests are in progress.
    case busy = -32000
    /// No answer within the time limit.
    case timeout = -32001
    /// The resource does not exist (versions with a handshake).
    case unknownResource = -32002
    /// Headers and body of an HTTP request contradict each other.
    case headerMismatch = -32020
    /// The version of the request is not spoken here.
    case unsupportedVersion = -32022
  }

  /// The code.
  public let code: Code
  /// What is wrong, in one sentence. It repeats no text of the request.
  public let message: String
  /// More about the error; `nil` for none.
  public let data: JSON?

  /// Makes an error from its parts.
  public init(_ code: Code, _ message: String, data: JSON? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  /// The refusal of a version.
  static func unsupported(_ version: String) -> ProtocolError {
    ProtocolError(
      .unsupportedVersion, "This version of the protocol is not spoken without a handshake.",
      data: [
        "requested": .string(String(version.prefix(64))),
        "supported": .array(ProtocolVersion.stateless.map { .string($0.rawValue) }),
      ])
  }

  /// The status of an HTTP answer with this error, for versions without a handshake.
  var status: Int {
    switch code {
    case .unknownMethod: 404
    case .busy: 503
    case .internal, .timeout, .unknownResource: 200
    default: 400
    }
  }
}
