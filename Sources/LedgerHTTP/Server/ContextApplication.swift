import CanonicalJSON
public import ContextProtocol
import HTTPTypes
public import Hummingbird
import LedgerDomain
public import LedgerService
public import Logging
import NIOCore
import Synchronization

/// The Model Context Protocol on a port: the path `/mcp`.
///
/// A page of another site has no access: host, origin and media type are checked as for writes of the service, and no
/// answer allows another origin.
struct ContextRoutes: Sendable {
  /// The number of requests in progress.
  static let maxRequests = 64

  let exchange: HTTPExchange
  let reader: RequestReader
  private let running = RequestCounter()

  init(_ exchange: HTTPExchange, _ reader: RequestReader) {
    self.exchange = exchange
    self.reader = reader
  }

  /// The router with the one path. It has no other methods: there are no streams and no sessions.
  func router() -> Router<LedgerRequestContext> {
    let routes = RouteTable()
    routes.post("/mcp", use: post)
    let router = Router(context: LedgerRequestContext.self)
    router.add(middleware: RequestIDMiddleware())
    router.add(middleware: ProblemMiddleware())
    router.add(middleware: MethodMiddleware(methods: PathMethods(routes)))
    routes.add(to: router)
    return router
  }

  private func post(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try reader.checkWrite(request, context)
    guard running.enter(limit: Self.maxRequests) else { return Self.response(HTTPExchange.busy) }
    defer { running.leave() }
    let headers = request.headers.map {
      (name: $0.name.canonicalName, value: $0.value)
    }
    return try await reader.withBody(request, context) { body in
      Self.response(try await exchange.answer(body, headers))
    }
  }

  private static func response(_ answer: HTTPExchange.Answer) -> Response {
    var headers: HTTPFields = [.cacheControl: "no-store"]
    guard let body = answer.body else {
      return Response(status: .init(code: answer.status), headers: headers)
    }
    headers[.contentType] = "application/json"
    return Response(
      status: .init(code: answer.status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

/// Counts requests in progress.
private final class RequestCounter: Sendable {
  private let count = Mutex(0)

  func enter(limit: Int) -> Bool {
    count.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
  }

  func leave() { count.withLock { $0 -= 1 } }
}

/// The Model Context Protocol on a port, with the limits of the service.
///
/// - Parameters:
///   - server: the server that answers.
///   - configuration: the settings, which have the limits.
///   - host: the address to listen on.
///   - port: the port; 0 selects a free one.
///   - logger: the log of the process.
///   - onServerRunning: told the port once connections are taken.
public func buildContextApplication(
  _ server: ContextServer, configuration: LedgerConfiguration, host: String, port: UInt16,
  logger: Logger, onServerRunning: @escaping @Sendable (Int?) async -> Void = { _ in }
) -> some ApplicationProtocol {
  let limits = configuration.server
  let table = ConnectionTable(
    total: limits.connections(descriptors: ServerLimits.raiseDescriptorLimit()),
    perClient: limits.connectionsPerClient, streamsPerClient: limits.streamsPerClient)
  // Pages of the ledger are no clients of this port.
  var own = configuration
  own.publicURL = nil
  let reader = RequestReader(
    configuration: own, callers: Callers(own, listensOn: host),
    bodies: BodyBudget(total: limits.bodyMemory))
  return Application(
    router: ContextRoutes(HTTPExchange(server), reader).router(),
    server: .limited(limits, table),
    configuration: .init(address: .hostname(host, port: Int(port)), backlog: 1024),
    onServerRunning: { channel in await onServerRunning(channel.localAddress?.port) },
    logger: logger)
}
