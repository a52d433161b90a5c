import Encodings
import HTTPTypes
import Hummingbird

/// The entity tag of an answer (RFC 9110, section 8.8.3).
enum EntityTag {
  /// The tag of bytes that a proxy or this service may compress on the way. It is a weak one.
  static func weak(_ bytes: [UInt8]) -> String { "W/\"\(Digest(hashing: bytes).hex.prefix(32))\"" }

  /// The tag of bytes that are sent as they are.
  static func strong(_ digest: Digest) -> String { "\"\(digest.hex)\"" }

  /// Whether `If-None-Match` has a tag. The comparison is the weak one (section 8.8.3.2).
  static func isAmong(_ values: [String], _ tag: String) -> Bool {
    let wanted = opaque(tag[...])
    return values.joined(separator: ",").split(separator: ",").contains { part in
      let part = part.filter { $0 != " " && $0 != "\t" }
      return part == "*" || opaque(part[...]) == wanted
    }
  }

  private static func opaque(_ tag: Substring) -> Substring {
    tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
  }
}

/// Encoded bytes of an answer with their weak entity tag.
struct TaggedBytes: Sendable {
  let bytes: [UInt8]
  let tag: String

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    tag = EntityTag.weak(bytes)
  }
}

/// Answers with 304 where the client has what it asks for (RFC 9110, section 13.1.2).
struct ConditionalMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    guard request.isRead, request.headers.contains(.ifNoneMatch), let tag = response.headers[.eTag],
      response.status == .ok || response.status == .partialContent,
      EntityTag.isAmong(request.headers[values: .ifNoneMatch], tag)
    else { return response }
    var headers = response.headers
    for name in [HTTPField.Name.contentType, .contentLength, .contentRange] { headers[name] = nil }
    return Response(status: .notModified, headers: headers)
  }
}

/// Sends the head of an answer to `HEAD` as `GET` has it, and no body (RFC 9110, section 9.3.2).
struct HeadMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    guard request.method == .head else { return response }
    // A length of zero would be false for a body that is made while it is sent.
    let body =
      response.headers.contains(.contentLength)
      ? ResponseBody() : ResponseBody { writer in try await writer.finish(nil) }
    return Response(status: response.status, headers: response.headers, body: body)
  }
}

/// Allows pages of other sites to read what is public (the Fetch standard, section 3.2).
///
/// Answers to writes, those for the operator, and pages are not for them. No answer allows credentials.
struct CrossOriginMiddleware: RouterMiddleware {
  /// What begins with these paths is not for other sites.
  private static let ownPaths = ["/admin", "/api/admin/", "/mcp", "/metrics"]
  private static let readMethods = [
    HTTPRequest.Method.get.rawValue, HTTPRequest.Method.head.rawValue,
  ]
  /// The header fields that a reader may send, besides those that need no permission.
  private static let requestFields =
    "Cache-Control, If-None-Match, If-Range, Last-Event-ID, Range, X-Request-Id"

  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    guard !Self.ownPaths.contains(where: request.uri.path.hasPrefix) else { return response }
    if request.isRead {
      guard response.headers[.contentType]?.hasPrefix("text/html") != true else { return response }
      response.headers[.accessControlAllowOrigin] = "*"
      response.headers[.accessControlExposeHeaders] = "*"
    } else if request.method == .options, Self.asksToRead(request),
      response.headers[.allow]?.contains(HTTPRequest.Method.get.rawValue) == true
    {
      response.headers[.accessControlAllowOrigin] = "*"
      response.headers[.accessControlAllowMethods] = Self.readMethods.joined(separator: ", ")
      response.headers[.accessControlAllowHeaders] = Self.requestFields
      response.headers[.accessControlMaxAge] = "86400"
    }
    return response
  }

  /// Whether a browser asks if a page may read.
  private static func asksToRead(_ request: Request) -> Bool {
    request.headers.contains(.origin)
      && request.headers[.accessControlRequestMethod].map(readMethods.contains) ?? false
  }
}

extension Request {
  /// Whether the request reads.
  var isRead: Bool { method == .get || method == .head }
}
