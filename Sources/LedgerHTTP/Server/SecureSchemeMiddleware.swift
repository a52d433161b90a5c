import Hummingbird

/// Gives requests that came over TLS the scheme `https`, with which links begin.
///
/// The connection decides, and no header: `X-Forwarded-Proto` and its like are never read.
struct SecureSchemeMiddleware: RouterMiddleware {
  typealias Context = LedgerRequestContext

  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    // The Unix socket has no TLS.
    guard case .network = context.peer else { return try await next(request, context) }
    var head = request.head
    head.scheme = "https"
    return try await next(Request(head: head, body: request.body), context)
  }
}
