import HTTPTypes
import Hummingbird
import NIOCore

/// Compresses answers of text with gzip, for clients that accept it.
///
/// It works in the task of the request and not on the event loop, which serves many connections. Answers whose parts a
/// client waits for, such as streams of events and answers to lines, are not compressed, and neither are bytes that are
/// no text, and ranges of bytes.
struct CompressionMiddleware<Context: RequestContext>: RouterMiddleware {
  /// Shorter answers fit into one packet, and are sent as they are.
  private static var minBytes: Int { 1024 }
  /// Longer answers are compressed while they are sent, and not in memory before.
  private static var maxBytesInMemory: Int { 4 << 20 }

  func handle(
    _ request: Request, context: Context,
    next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    guard request.method == .get || request.method == .head else { return response }
    if response.status == .notModified {
      response.headers.vary(by: "Accept-Encoding")
      return response
    }
    guard response.status != .partialContent,
      response.body.contentLength ?? .max >= Self.minBytes,
      let type = response.headers[.contentType], Self.isText(type),
      response.headers[.contentEncoding] == nil
    else { return response }
    response.headers.vary(by: "Accept-Encoding")
    guard AcceptEncoding.acceptsGzip(request.headers) else { return response }
    response.headers[.contentEncoding] = "gzip"
    response.body = try await Self.compressed(response.body)
    return response
  }

  /// Whether answers of a media type are compressed.
  private static func isText(_ type: String) -> Bool {
    let name = type.prefix { $0 != ";" }
    switch name {
    case "application/json", "application/xml", "application/x-bibtex",
      "application/x-research-info-systems":
      return true
    case "text/event-stream": return false
    default:
      return name.hasPrefix("text/") || name.hasSuffix("+json") || name.hasSuffix("+xml")
    }
  }

  private static func compressed(_ body: ResponseBody) async throws -> ResponseBody {
    // A body without a length is made while it is sent.
    guard body.contentLength ?? .max <= maxBytesInMemory else {
      return ResponseBody { writer in
        try await body.write(GzipWriter(to: writer, try GzipStream()))
      }
    }
    let collected = CollectedBody()
    try await body.write(BodyCollector(body: collected))
    return ResponseBody(byteBuffer: try GzipStream().compress(collected.buffer, isLast: true))
  }
}

/// The header field `Accept-Encoding` (RFC 9110, section 12.5.3).
enum AcceptEncoding {
  /// Whether the client accepts gzip, and does not prefer an answer without a coding.
  static func acceptsGzip(_ headers: HTTPFields) -> Bool {
    guard headers.contains(.acceptEncoding) else { return false }
    var weights: [Substring: Double] = [:]
    let codings = headers[values: .acceptEncoding].joined(separator: ",").lowercased()
    for part in codings.split(separator: ",").prefix(32) {
      let parameters = part.split(separator: ";").map { part in
        part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
      }
      guard let name = parameters.first else { continue }
      let weight =
        parameters.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
        ?? 1
      weights[name] = weight
    }
    let gzip = weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0
    return gzip > 0 && gzip >= weights["identity"] ?? 0
  }
}

/// Compresses a body part by part.
private struct GzipWriter: ResponseBodyWriter {
  private var writer: any ResponseBodyWriter
  private let stream: GzipStream

  init(to writer: any ResponseBodyWriter, _ stream: GzipStream) {
    self.writer = writer
    self.stream = stream
  }

  @concurrent
  mutating func write(_ buffer: ByteBuffer) async throws {
    let compressed = try stream.compress(buffer, isLast: false)
    if compressed.readableBytes > 0 { try await writer.write(compressed) }
  }

  @concurrent
  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
    try await writer.write(try stream.compress(ByteBuffer(), isLast: true))
    try await writer.finish(trailingHeaders)
  }
}

/// The bytes of a body.
private final class CollectedBody {
  var buffer = ByteBuffer()
}

/// Collects a body whose length is known.
private struct BodyCollector: ResponseBodyWriter {
  let body: CollectedBody

  mutating func write(_ buffer: ByteBuffer) async throws {
    body.buffer.writeImmutableBuffer(buffer)
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension HTTPFields {
  /// Adds a name to `Vary`.
  fileprivate mutating func vary(by name: String) {
    self[.vary] = self[.vary].map { "\($0), \(name)" } ?? name
  }
}
