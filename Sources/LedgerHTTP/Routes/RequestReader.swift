import Foundation
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import NIOCore
import RecordFormats

/// Reads what all writing requests have in common: the caller, the media type and the body.
final class RequestReader: Sendable {
  let configuration: LedgerConfiguration
  let callers: Callers
  let bodies: BodyBudget

  init(
    configuration: LedgerConfiguration, callers: Callers, bodies: BodyBudget
  ) {
    self.configuration = configuration
    self.callers = callers
    self.bodies = bodies
  }

  /// The media types that the service reads.
  enum MediaType: String {
    case json = "application/json"
    case lines = "application/x-ndjson"
    /// Another name of ``lines``.
    case jsonLines = "application/jsonl"
    case bytes = "application/octet-stream"

    /// Media types as the value of a header field.
    static func list(_ types: [MediaType]) -> String {
      types.map(\.rawValue).joined(separator: ", ")
    }
  }

  /// Who sends a request, and with which authority.
  struct Caller {
    let client: ClientID
    let isOperator: Bool
  }

  /// The client that the request counts for.
  func client(_ request: Request, _ context: LedgerRequestContext) -> ClientID {
    callers.client(request.headers, context.peer)
  }

  /// The client, and whether it is the operator.
  func caller(_ request: Request, _ context: LedgerRequestContext) throws -> Caller {
    Caller(
      client: client(request, context),
      isOperator: try callers.isOperator(request.headers, context.peer))
  }

  /// The links of a response. The base is the configured public address, or the address of the request.
  func links(_ request: Request) -> Links {
    Links(configuration, otherwise: request.baseURL)
  }

  /// The events that the parameters select. Standings are computed for the request, which is a heavy read.
  func eventFilter(
    _ request: Request, _ context: LedgerRequestContext, _ quotas: Quotas
  ) throws -> EventFilter {
    let filter = try context.query.eventFilter()
    if !filter.standings.isEmpty { try quotas.takeHeavyRead(client(request, context)) }
    return filter
  }

  /// Refuses a write that a page of another site may have sent, and a body of another media type than the route takes.
  ///
  /// Errors: a `Refusal` of the site; a ``Problem``, 415 with check `content_type` or `content_encoding`.
  ///
  /// - Returns: the body's media type.
  @discardableResult
  func checkWrite(_ request: Request, _ context: LedgerRequestContext) throws -> MediaType {
    try callers.checkSite(request.head, context.peer, localAddress: context.localAddress)
    let codings = request.headers[values: .contentEncoding]
    guard codings.allSatisfy({ $0.lowercased() == "identity" }) else {
      throw Self.unsupported(
        "content_encoding", .contentEncoding, "Send the body without a content coding.",
        [.acceptEncoding: "identity"])
    }
    let types = context.bodyTypes
    let values = request.headers[values: .contentType]
    guard values.count <= 1, let type = values.first.flatMap(Self.mediaType), types.contains(type)
    else {
      let list = MediaType.list(types)
      throw Self.unsupported(
        "content_type", .contentType,
        (values.isEmpty
          ? "The header Content-Type is missing. "
          : "The header Content-Type is \(Self.text(values)). ")
          + "Send \(types.map(\.rawValue).joined(separator: " or ")).",
        [.accept: list, .acceptPost: list])
    }
    return type
  }

  /// The answer to a body that is not read, with what would be (RFC 9110, section 15.5.16).
  private static func unsupported(
    _ check: String, _ field: HTTPField.Name, _ message: String, _ headers: HTTPFields
  ) -> Problem {
    var problem = Problem(.unsupportedMediaType, check: check, message)
    problem.field = field.rawName
    problem.headers = headers
    return problem
  }

  /// The media type of a header, without its parameters.
  private static func mediaType(_ value: String) -> MediaType? {
    // Nearly every client writes it like this, without parameters.
    if let type = MediaType(rawValue: value) { return type }
    let name = value.split(separator: ";", omittingEmptySubsequences: false)[0]
    return MediaType(rawValue: name.trimmingCharacters(in: .whitespaces).lowercased())
  }

  /// The values of a header for a message: printable ASCII, at most 100 characters.
  private static func text(_ values: [String]) -> String {
    let text = values.joined(separator: ", ").unicodeScalars.prefix(100).map {
      $0.isASCII && $0.value >= 0x20 && $0.value != 0x7F ? Character($0) : "?"
    }
    return String(text)
  }

  /// Passes the request's body to `body`. Its memory counts until `body` returns.
  ///
  /// Errors: an `HTTPError` with 413 if the body is too large; `unavailable` if the service lacks memory; what `body`
  /// throws.
  func withBody<R: Sendable>(
    _ request: Request, _ context: LedgerRequestContext, _ body: ([UInt8]) async throws -> R
  ) async throws -> R {
    let limit = configuration.limits.submissionBytes
    let lease = bodies.lease(for: client(request, context))
    var bytes: [UInt8] = []
    for try await buffer in request.body {
      guard bytes.count + buffer.readableBytes <= limit else { throw HTTPError(.contentTooLarge) }
      try await lease.hold(bytes.count + buffer.readableBytes)
      bytes += buffer.readableBytesView
    }
    defer { lease.end() }
    return try await body(bytes)
  }
}
