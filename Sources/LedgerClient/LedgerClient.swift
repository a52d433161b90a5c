import AsyncHTTPClient
public import CanonicalJSON
import Foundation
public import LedgerDomain
import NIOCore
import NIOHTTP1
import NIOSSL
import ProofFormats

/// A client of a ledger that is served over HTTP.
///
/// The server is not trusted: an answer is bounded in size and time, a redirect is not followed, and an answer of
/// another form is an error. Errors: a `Refusal`. The refusal of the server has the check, the field and the code of
/// its problem document; what is wrong with the connection or the answer has the check `server`.
public final class LedgerClient: Sendable {
  /// The limits of an exchange.
  public struct Limits: Sendable {
    /// Bytes of an answer.
    public var answerBytes = 64 << 20
    /// Time of an exchange from its beginning to the last byte of the answer.
    public var time: Duration = .seconds(120)
    /// Time to connect, and between two parts of an answer.
    public var idleTime: Duration = .seconds(30)
    /// The defaults.
    public init() {}
  }

  private let base: WebAddress
  private let token: String?
  private let limits: Limits
  private let client: HTTPClient
  private static let jsonLimits = JSONLimits(maxBytes: 64 << 20, maxDepth: 64)

  /// Makes a client.
  ///
  /// - Parameters:
  ///   - server: the address of the ledger. It may have a path.
  ///   - token: the operator's token. It is sent with requests that need it, and over TLS or to this machine only.
  ///   - additionalRoots: a PEM file of TLS roots, trusted in addition to the system's.
  ///   - limits: the limits of an exchange.
  ///
  /// Errors: a `Refusal` with check `server` for an address that is none or has a query.
  public init(
    server: String, token: String? = nil, additionalRoots: String? = nil, limits: Limits = Limits()
  ) throws(Refusal) {
    do throws(WebAddress.Fault) { base = try WebAddress(server) } catch {
      throw Refusal(.malformed, check: "server", field: "--server", error.message)
    }
    guard base.query == nil else {
      throw Refusal(
        .malformed, check: "server", field: "--server", "The address of a ledger has no query.")
    }
    let isLocal = ["127.0.0.1", "::1", "localhost"].contains(base.bareHost)
    guard token == nil || base.scheme == "https" || isLocal else {
      throw Refusal(
        .malformed, check: "server", field: "--server",
        "The operator's token is sent over https only.")
    }
    self.token = token
    self.limits = limits
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.httpVersion = .http1Only
    // A server that refuses the connection is reported at once.
    configuration.connectionPool.retryConnectionEstablishment = false
    let idle = TimeAmount(limits.idleTime)
    configuration.timeout = .init(connect: idle, read: idle)
    if let additionalRoots {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.additionalTrustRoots = [.file(additionalRoots)]
      configuration.tlsConfiguration = tls
    }
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  /// Closes the connections.
  public func close() async { try? await client.shutdown() }

  // MARK: Requests

  /// The answer to a GET request as JSON.
  ///
  /// - Parameters:
  ///   - path: the components of the path, which are escaped here.
  ///   - query: names and values. One without a value is left out.
  ///   - asOperator: whether the operator's token is sent.
  public func get(
    _ path: [String], _ query: [(String, String?)] = [], asOperator: Bool = false
  ) async throws -> JSON {
    var request = HTTPClientRequest(url: address(path, query))
    if asOperator { authorise(&request) }
    return try Self.parse(try await success(request))
  }

  /// The answer to a GET request.
  ///
  /// - Parameters:
  ///   - path: the components of the path, which are escaped here.
  ///   - query: names and values. One without a value is left out.
  ///   - type: the media type to ask for; `nil` for what the address has.
  public func bytes(
    _ path: [String], _ query: [(String, String?)] = [], accept type: String? = nil
  ) async throws -> [UInt8] {
    var request = HTTPClientRequest(url: address(path, query))
    if let type { request.headers.add(name: "Accept", value: type) }
    return try await success(request)
  }

  /// The answer to a POST request as JSON.
  ///
  /// - Parameters:
  ///   - path: the components of the path, which are escaped here.
  ///   - query: names and values. One without a value is left out.
  ///   - body: the body.
  ///   - type: its media type.
  ///   - asOperator: whether the operator's token is sent.
  public func post(
    _ path: [String], _ query: [(String, String?)] = [], body: [UInt8],
    type: String = "application/json", asOperator: Bool = true
  ) async throws -> JSON {
    var request = self.request(path, query, (body, type))
    if asOperator { authorise(&request) }
    return try Self.parse(try await success(request))
  }

  /// An answer as it came, also one that is a refusal.
  public struct Answer: Sendable {
    /// The status code.
    public let status: Int
    /// The body.
    public let body: [UInt8]
  }

  /// The answer to a request without the operator's token, whatever its status is.
  ///
  /// - Parameters:
  ///   - path: the components of the path, which are escaped here.
  ///   - query: names and values. One without a value is left out.
  ///   - body: the body of a POST request with its media type; `nil` for a GET request.
  ///   - maxBytes: the largest answer.
  ///
  /// Errors: a `Refusal` with check `answer_size` for a larger one.
  public func answer(
    _ path: [String], _ query: [(String, String?)] = [],
    body: (bytes: [UInt8], type: String)? = nil, maxBytes: Int
  ) async throws -> Answer {
    do {
      let (response, bytes) = try await exchange(request(path, query, body), maxBytes)
      if (300...399).contains(response.status.code) { throw problem(response, bytes) }
      return Answer(status: Int(response.status.code), body: bytes)
    } catch let oversize as Oversize {
      throw Refusal(
        .tooLarge, check: "answer_size",
        "The result has more than \(oversize.limit) bytes. Ask for less, or read it over HTTP.")
    }
  }

  private func request(
    _ path: [String], _ query: [(String, String?)], _ body: (bytes: [UInt8], type: String)?
  ) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: address(path, query))
    guard let body else { return request }
    request.method = .POST
    request.headers.add(name: "Content-Type", value: body.type)
    request.body = .bytes(ByteBuffer(bytes: body.bytes))
    return request
  }

  private func authorise(_ request: inout HTTPClientRequest) {
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
  }

  private func address(_ path: [String], _ query: [(String, String?)]) -> String {
    let root = base.path.hasSuffix("/") ? String(base.path.dropLast()) : base.path
    let items = query.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
    return base.origin + root + path.map { "/" + Self.escaped($0) }.joined()
      + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
  }

  /// Percent-encodes everything except the unreserved characters of RFC 3986.
  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        escaped.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        escaped += "%" + (hex.utf8.count == 1 ? "0" : "") + hex
      }
    }
    return escaped
  }

  // MARK: Answers

  private func success(_ request: HTTPClientRequest) async throws -> [UInt8] {
    do {
      let (response, bytes) = try await exchange(request, limits.answerBytes)
      guard (200...299).contains(response.status.code) else { throw problem(response, bytes) }
      return bytes
    } catch let oversize as Oversize {
      throw refusal("The answer of the server has more than \(oversize.limit) bytes.")
    }
  }

  /// An answer is larger than a limit, in bytes.
  private struct Oversize: Error {
    let limit: Int
  }

  private func exchange(
    _ request: HTTPClientRequest, _ limit: Int
  ) async throws -> (HTTPClientResponse, [UInt8]) {
    var request = request
    if !request.headers.contains(name: "Accept") {
      request.headers.add(name: "Accept", value: "application/json, text/plain, */*;q=0.1")
    }
    request.headers.add(name: "User-Agent", value: "pithledger")
    do {
      return try await withThrowingTaskGroup(of: (HTTPClientResponse, [UInt8]).self) { group in
        group.addTask { [request] in try await self.answer(to: request, limit) }
        group.addTask {
          try await Task.sleep(for: self.limits.time)
          throw self.refusal("The server did not answer within \(self.limits.time).")
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
      }
    } catch let refusal as Refusal {
      throw refusal
    } catch let oversize as Oversize {
      throw oversize
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw refusal("The server cannot be reached: \(error).")
    }
  }

  private func answer(
    to request: HTTPClientRequest, _ limit: Int
  ) async throws -> (HTTPClientResponse, [UInt8]) {
    let response = try await client.execute(
      request, timeout: TimeAmount(limits.time))
    let isProblem = !(200...299).contains(response.status.code)
    let limit = isProblem ? 1 << 16 : limit
    var bytes: [UInt8] = []
    for try await part in response.body {
      bytes += part.readableBytesView
      guard bytes.count <= limit else {
        throw Oversize(limit: limit)
      }
    }
    return (response, bytes)
  }

  private static func parse(_ bytes: [UInt8]) throws(Refusal) -> JSON {
    do throws(JSONError) { return try JSON.parse(bytes, limits: jsonLimits) } catch {
      throw Refusal(
        .unavailable, check: "server", offset: error.offset,
        "The answer of the server is not JSON: \(error.message).")
    }
  }

  private func refusal(_ message: String) -> Refusal {
    Refusal(.unavailable, check: "server", field: base.origin, message)
  }

  /// The refusal that a problem document describes. Specification: errors.md, section Problem documents.
  private func problem(_ response: HTTPClientResponse, _ bytes: [UInt8]) -> Refusal {
    let status = response.status.code
    if (300...399).contains(status) {
      let place = response.headers.first(name: "Location").map { " to \($0.prefix(200))" } ?? ""
      return refusal("The server redirects\(place). Name the address of the ledger itself.")
    }
    guard let json = try? JSON.parse(bytes, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8)),
      let check = json["check"]?.stringValue, let detail = json["detail"]?.stringValue,
      json["status"]?.integerValue == Int64(status)
    else { return refusal("The server answered with status \(status) and no problem document.") }
    // `Refusal` adds this sentence.
    let wait = json["retry_after"]?.integerValue.map { Int(clamping: max(0, $0)) }
    let sentence = wait.map { " Try again in \($0) \($0 == 1 ? "second" : "seconds")." } ?? ""
    let candidates = (json["candidates"]?.arrayValue ?? []).compactMap(\.stringValue)
    return Refusal(
      Self.code(of: status), check: check, field: json["field"]?.stringValue,
      offset: json["offset"]?.integerValue.map { Int(clamping: $0) },
      detail.hasSuffix(sentence) ? String(detail.dropLast(sentence.count)) : detail,
      candidates: candidates, retryAfter: wait)
  }

  private static func code(of status: UInt) -> Refusal.Code {
    switch status {
    case 403: .forbidden
    case 404: .notFound
    case 409: .conflict
    case 410: .gone
    case 413: .tooLarge
    case 422: .invalid
    case 429: .tooMany
    case 400...499: .malformed
    default: .unavailable
    }
  }
}
