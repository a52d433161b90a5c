import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerPages
import LedgerService
import Logging

/// Answers a browser with a page where a page that it asked for cannot be shown. A program gets the ``Problem``.
struct ErrorPageMiddleware: RouterMiddleware {
  let ledger: Ledger
  let reader: RequestReader
  let renderer: PageRenderer

  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    guard Self.isForPage(request) else { return try await next(request, context) }
    do { return try await next(request, context) } catch let error as HTTPError
      where error.status == .notFound
    {
      return try await page(Problem.noSuchPath, request, context)
    } catch {
      return try await page(Problem(error, logger: context.logger), request, context)
    }
  }

  /// Whether a request asks for a page: its client prefers HTML, and the path is none of those that programs read.
  private static func isForPage(_ request: Request) -> Bool {
    guard request.method == .get || request.method == .head else { return false }
    let path = request.uri.path
    let isForPrograms =
      ["/api/", "/assets/", "/tile/"].contains(where: path.hasPrefix) || path.hasSuffix(".json")
    return !isForPrograms
      && Accept(request.headers).best(of: ["application/json", "text/html"]) == "text/html"
  }

  private func page(
    _ problem: Problem, _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let name = problem.check == "identifier" ? Self.name(in: request.uri.path) : nil
    let page = ErrorPage(
      status: problem.status.code, check: problem.check, detail: problem.detail, text: name,
      candidates: problem.candidates, near: await near(name, request, context))
    var headers = problem.headers.with([.vary: "Accept", .cacheControl: "no-store"])
    headers[.retryAfter] = problem.secondsToWait.map { String($0) }
    return .page(try renderer.html(page), status: problem.status, headers: headers)
  }

  /// The name of the record in the address of a page.
  private static func name(in path: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count >= 2, parts[0] == "pith" || parts[0] == "paper" else { return nil }
    return try? Parameters.identifier(String(parts[1]))
  }

  /// Records with similar names. An error page without them is better than none.
  private func near(
    _ name: String?, _ request: Request, _ context: LedgerRequestContext
  ) async -> [NearMatch] {
    guard let name else { return [] }
    do {
      try ledger.quotas.takeHeavyRead(reader.client(request, context))
      return try await ledger.nearMatches.matches(for: name)
    } catch {
      context.logger.debug("no similar names: \(error)")
      return []
    }
  }
}
