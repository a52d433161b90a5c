import HTTPTypes
import Hummingbird
import Logging
import Tracing

/// Continues the trace of a client (W3C Trace Context): a span for each request if the process has a tracer, and the
/// identifier of the trace in the lines of the log.
///
/// A span has the pattern of the route, the method and the status, and nothing else that the client sent.
struct TraceMiddleware<Context: RequestContext>: RouterMiddleware {
  /// Whether the process has a tracer. Without one a request takes no span.
  let hasTracer: Bool

  func handle(
    _ request: Request, context: Context,
    next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var context = context
    if let name = TraceParent.field, let parent = TraceParent(request.headers[values: name]) {
      context.logger[metadataKey: "trace_id"] = .string(parent.traceID)
    }
    guard hasTracer else { return try await next(request, context) }
    return try await traced(request, context, next)
  }

  private func traced(
    _ request: Request, _ context: Context,
    _ next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var instrumentation = InstrumentationContext.current ?? .topLevel
    InstrumentationSystem.instrument.extract(
      request.headers, into: &instrumentation, using: FieldExtractor())
    return try await withSpan("HTTP request", context: instrumentation, ofKind: .server) { span in
      let response = try await next(request, context)
      let route = context.endpointPath ?? "none"
      span.operationName = "\(request.method.rawValue) \(route)"
      span.updateAttributes { attributes in
        attributes["http.request.method"] = request.method.rawValue
        attributes["http.route"] = route
        attributes["http.response.status_code"] = response.status.code
      }
      if response.status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
      return response
    }
  }
}

/// The header field `traceparent` of version 00.
struct TraceParent: Sendable, Equatable {
  static let field = HTTPField.Name("traceparent")

  /// 32 hexadecimal digits in lower case, not all zero.
  let traceID: String

  /// `nil` unless there is one value, and it is well-formed.
  init?(_ values: [String]) {
    guard values.count == 1, values[0].utf8.count == 55 else { return nil }
    let parts = values[0].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, parts.map(\.utf8.count) == [2, 32, 16, 2], parts[0] == "00",
      parts.allSatisfy({ $0.utf8.allSatisfy(Self.isHex) }),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
    else { return nil }
    traceID = String(parts[1])
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}

/// Gives a tracer the header fields of a request.
private struct FieldExtractor: Extractor {
  func extract(key: String, from fields: HTTPFields) -> String? {
    HTTPField.Name(key).flatMap { fields[$0] }
  }
}
