import CanonicalJSON
import Encodings

/// The streamable HTTP transport, without sockets: one message in, at most one message out.
///
/// It keeps no sessions. A request of a version with a handshake is answered as one of its own, and the server names no
/// session in the answer to `initialize`. Answers are JSON and no event streams. A cancellation that is posted has no
/// effect, because it could name another client's request; a client cancels by closing the connection.
public struct HTTPExchange: Sendable {
  /// A header: its name in lower case, and its value.
  public typealias Header = (name: String, value: String)

  /// The answer to a request.
  public struct Answer: Sendable {
    /// The status code.
    public let status: Int
    /// A JSON text; `nil` for no body.
    public let body: [UInt8]?
  }

  private let server: ContextServer

  /// Makes a transport.
  public init(_ server: ContextServer) { self.server = server }

  /// Answers the body of a POST request.
  ///
  /// - Throws: a `CancellationError` if the task is cancelled.
  public func answer(_ body: [UInt8], _ headers: [Header]) async throws -> Answer {
    let message: ClientMessage
    do throws(ClientMessage.Fault) { message = try ClientMessage(body) } catch {
      return Self.answer(error.id, error.error)
    }
    let headers = headers.filter { Self.routing.contains($0.name) }
    if let twice = Self.routing.first(where: { name in headers.count { $0.name == name } > 1 }) {
      var id: MessageID?
      if case .request(let named, _, _) = message { id = named }
      return Self.answer(id, ProtocolError(.headerMismatch, "The header \(twice) is given twice."))
    }
    switch message {
    case .answer: return Answer(status: 202, body: nil)
    case .notification:
      do throws(ProtocolError) { _ = try Self.named(headers) } catch {
        return Self.answer(nil, error)
      }
      return Answer(status: 202, body: nil)
    case .request(let id, let method, let params):
      return try await answer(id, method, params, headers)
    }
  }

  /// The refusal of a request while too many others are in progress.
  public static let busy = Self.answer(
    nil, ProtocolError(.busy, "The server has as many requests in progress as it takes."))

  private func answer(
    _ id: MessageID, _ method: String, _ params: JSONObject, _ headers: [Header]
  ) async throws -> Answer {
    var isStateless = true
    do {
      let version = try Self.version(method, params, headers)
      isStateless = version.isStateless
      let result = try await server.answer(method, params, version)
      return Answer(status: 200, body: ServerMessage.bytes(id, result: result))
    } catch let error as ProtocolError {
      let answer = Self.answer(id, error)
      // Clients of versions with a handshake take other status codes for faults of the transport.
      return isStateless ? answer : Answer(status: 200, body: answer.body)
    }
  }

  private static func answer(_ id: MessageID?, _ error: ProtocolError) -> Answer {
    Answer(status: error.status, body: ServerMessage.bytes(id, error: error))
  }

  // MARK: Headers

  private static let versionHeader = "mcp-protocol-version"
  private static let methodHeader = "mcp-method"
  private static let nameHeader = "mcp-name"
  private static let routing = [versionHeader, methodHeader, nameHeader]
  /// The parameter that the header `Mcp-Name` repeats, by method.
  private static let names = [
    "prompts/get": "name", "resources/read": "uri", "tools/call": "name",
  ]

  private static func value(_ name: String, _ headers: [Header]) -> String? {
    headers.first { $0.name == name }?.value
  }

  /// The version that a header names; `nil` without a header.
  private static func named(_ headers: [Header]) throws(ProtocolError) -> ProtocolVersion? {
    guard let text = value(versionHeader, headers) else { return nil }
    // A client that names no version, or this one, speaks as in the next version.
    if text == "2025-03-26" { return .june2025 }
    guard let version = ProtocolVersion(rawValue: text) else {
      throw ProtocolError.unsupported(text)
    }
    return version
  }

  /// The version of a request. Headers and body must say the same.
  private static func version(
    _ method: String, _ params: JSONObject, _ headers: [Header]
  ) throws(ProtocolError) -> ProtocolVersion {
    let meta = params["_meta"]?.objectValue?[MetaKey.version]
    guard let meta else {
      if method == "initialize" { return try ContextServer.negotiated(params) }
      let version = try named(headers) ?? .june2025
      guard !version.isStateless else {
        throw ProtocolError(.invalidParameters, "_meta lacks \(MetaKey.version).")
      }
      return version
    }
    guard let text = meta.stringValue, value(versionHeader, headers) == text else {
      throw mismatch("MCP-Protocol-Version", "the version in _meta")
    }
    guard value(methodHeader, headers) == method else {
      throw mismatch("Mcp-Method", "the method")
    }
    if let key = names[method], let name = params[key]?.stringValue {
      guard value(nameHeader, headers).flatMap(decoded) == name else {
        throw mismatch("Mcp-Name", key)
      }
    }
    guard let version = try ContextServer.version(in: params) else {
      throw ProtocolError(.invalidParameters, "_meta lacks \(MetaKey.version).")
    }
    return version
  }

  private static func mismatch(_ header: String, _ member: String) -> ProtocolError {
    ProtocolError(.headerMismatch, "The header \(header) differs from \(member).")
  }

  /// The text of a header's value, which may be in base64 between `=?base64?` and `?=`; `nil` if it is malformed.
  static func decoded(_ value: String) -> String? {
    guard value.hasPrefix("=?base64?"), value.hasSuffix("?="), value.utf8.count >= 11 else {
      return value
    }
    return Base64.decode(String(value.dropFirst(9).dropLast(2))).flatMap {
      String(validating: $0, as: UTF8.self)
    }
  }
}
