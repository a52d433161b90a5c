import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// Counts each request, and writes a line of the log about it at the level `info`.
///
/// The line has the pattern of the route, and never a path, a query, a header or an address.
struct ObservationMiddleware<Context: RequestContext>: RouterMiddleware {
  let metrics: RequestMetrics

  func handle(
    _ request: Request, context: Context,
    next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let observed = ObservedRequest(metrics, request.method, context.logger)
    var response: Response
    do { response = try await next(request, context) } catch {
      observed.answered(context.endpointPath, status: 500, isStream: false)
      throw error
    }
    observed.answered(
      context.endpointPath, status: response.status.code,
      isStream: response.headers[.contentType] == "text/event-stream")
    let body = response.body
    // An answer that is complete is sent with its head in one write, which a body of another kind would prevent.
    if body.contentLength != nil {
      observed.end()
      return response
    }
    // An answer to HEAD is not written: then the request ends when the last reference to it does.
    response.body = ResponseBody { writer in
      defer { observed.end() }
      try await body.write(writer)
    }
    return response
  }
}

/// A request that is being answered. It ends once.
private final class ObservedRequest: Sendable {
  private struct Answer {
    let route: String
    let status: Int
    let isStream: Bool
  }

  private let metrics: RequestMetrics
  private let method: HTTPRequest.Method
  private let logger: Logger
  private let start = ContinuousClock.now
  /// `nil` until the head of the answer is known, and again after the end.
  private let answer = Mutex<Answer?>(nil)

  init(_ metrics: RequestMetrics, _ method: HTTPRequest.Method, _ logger: Logger) {
    self.metrics = metrics
    self.method = method
    self.logger = logger
    metrics.began()
  }

  deinit { end() }

  func answered(_ route: String?, status: Int, isStream: Bool) {
    answer.withLock {
      // Hummingbird's name for a path without a route.
      let route = route.map { $0 == "NotFound" ? "none" : $0 } ?? "none"
      $0 = Answer(route: route, status: status, isStream: isStream)
    }
  }

  func end() {
    let last = answer.withLock { answer in
      defer { answer = nil }
      return answer
    }
    guard let last else { return }
    let duration = ContinuousClock.now - start
    metrics.ended(
      route: last.route, method: method, status: last.status,
      duration: last.isStream ? nil : duration)
    logger.info(
      "request",
      metadata: [
        "duration_us": .stringConvertible(Int(duration / .microseconds(1))),
        "method": .string(method.rawValue), "route": .string(last.route),
        "status": .stringConvertible(last.status),
      ])
  }
}
