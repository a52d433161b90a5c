import HTTPTypes
import Hummingbird
import NIOCore

/// The routes of the service, with what each takes and answers.
///
/// A request is checked before the route's handler runs. A condition that is misspelt must not be ignored, and a client that
/// accepts none of the answer's media types is told so.
final class RouteTable {
  /// Answers a request.
  typealias Handler =
    @Sendable (Request, LedgerRequestContext) async throws -> Response

  /// What is known of a method of a path.
  struct Route: Sendable {
    let path: RouterPath
    let method: HTTPRequest.Method
    /// The query parameters that the route takes.
    let parameters: [QueryParameter]
    /// Whether the path is the action of a form.
    let isForm: Bool
    /// The media types of the body; empty for a route that reads.
    let bodies: [RequestReader.MediaType]
    /// The media types of the answer. Empty for a redirection, and where the address decides.
    let answers: [String]
    let handler: Handler

    /// Answers a request that passes the checks.
    func respond(
      _ request: Request, _ context: LedgerRequestContext
    ) async throws -> Response {
      var context = context
      context.query = try Query(request.uri.query, taking: parameters, isForm: isForm)
      context.bodyTypes = bodies
      if !answers.isEmpty { try Accept.require(answers, request.headers) }
      return try await handler(request, context)
    }
  }

  private(set) var routes: [Route] = []

  /// Adds a path that is read. `HEAD` is answered like `GET`.
  ///
  /// - Parameters:
  ///   - answers: the media types of the answer; empty for a redirection, and where the address decides.
  ///   - isForm: whether the path is the action of a form.
  func get(
    _ path: RouterPath, takes parameters: [QueryParameter] = [],
    answers: [String] = ["application/json"], isForm: Bool = false, use handler: @escaping Handler
  ) {
    for method in [HTTPRequest.Method.get, .head] {
      routes.append(
        Route(
          path: path, method: method, parameters: parameters, isForm: isForm, bodies: [],
          answers: answers, handler: handler))
    }
  }

  /// Adds a page.
  func page(
    _ path: RouterPath, takes parameters: [QueryParameter] = [], isForm: Bool = false,
    use handler: @escaping Handler
  ) {
    get(path, takes: parameters, answers: ["text/html"], isForm: isForm, use: handler)
  }

  /// Adds a path that is written to.
  ///
  /// - Parameters:
  ///   - bodies: the media types of the body.
  ///   - answers: the media types of the answer.
  func post(
    _ path: RouterPath, takes parameters: [QueryParameter] = [],
    bodies: [RequestReader.MediaType] = [.json], answers: [String] = ["application/json"],
    use handler: @escaping Handler
  ) {
    routes.append(
      Route(
        path: path, method: .post, parameters: parameters, isForm: false, bodies: bodies,
        answers: answers, handler: handler))
  }

  /// Adds the routes to a router.
  func add(to router: Router<LedgerRequestContext>) {
    for route in routes {
      router.on(route.path, method: route.method) { request, context in
        try await route.respond(request, context)
      }
    }
  }
}

/// The methods that each path has.
struct PathMethods: Sendable {
  /// What `OPTIONS` answers. It has each path once.
  private let responder: RouterResponder<LedgerRequestContext>

  init(_ table: RouteTable) {
    let router = Router(context: LedgerRequestContext.self)
    for routes in Dictionary(grouping: table.routes, by: \.path.description).values {
      let headers = Self.headers(routes)
      router.on(routes[0].path, method: .options) { _, _ in
        Response(status: .noContent, headers: headers)
      }
    }
    responder = router.buildResponder()
  }

  private static func headers(_ routes: [RouteTable.Route]) -> HTTPFields {
    let methods = Set(routes.map(\.method.rawValue)).union([HTTPRequest.Method.options.rawValue])
    var headers: HTTPFields = [.allow: methods.sorted().joined(separator: ", ")]
    let bodies = routes.flatMap(\.bodies)
    if !bodies.isEmpty { headers[.acceptPost] = RequestReader.MediaType.list(bodies) }
    return headers
  }

  /// The answer to `OPTIONS` for the path of a request; `nil` if there is no such path.
  func options(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response? {
    var head = request.head
    head.method = .options
    let response = try await responder.respond(
      to: Request(head: head, body: RequestBody(buffer: ByteBuffer())), context: context)
    return response.headers[.allow] == nil ? nil : response
  }
}

/// Answers requests for which a path has no route: `OPTIONS`, and methods that the path does not have.
struct MethodMiddleware: RouterMiddleware {
  let methods: PathMethods

  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    do { return try await next(request, context) } catch let error as HTTPError
      where error.status == .notFound && context.endpointPath == Self.noRoute
    {
      return try await answer(request, context, otherwise: error)
    }
  }

  /// What the framework names the path of a request without a route.
  private static let noRoute = "NotFound"

  private func answer(
    _ request: Request, _ context: LedgerRequestContext, otherwise error: HTTPError
  ) async throws -> Response {
    if request.method == .options, request.head.path == "*" {
      // It is about the service as a whole (RFC 9110, section 9.3.7).
      return Response(status: .noContent, headers: [.allow: "GET, HEAD, OPTIONS, POST"])
    }
    guard let options = try await methods.options(request, context) else {
      throw error
    }
    if request.method == .options { return options }
    let allowed = options.headers[.allow] ?? ""
    var problem = Problem(
      .methodNotAllowed, check: "method", "This path has the methods \(allowed).")
    problem.headers[.allow] = allowed
    throw problem
  }
}
