import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerPages
import RecordFormats

/// The route that explains the types of problems. Problem documents name its addresses as `type`.
struct ProblemRoutes: Sendable {
  /// The media types of a page. A client that prefers none gets the first.
  private static let representations = ["text/html", "application/json"]

  let reader: RequestReader
  let renderer: PageRenderer

  func add(to routes: RouteTable) {
    routes.get("/problems/:check", answers: Self.representations, use: problem)
  }

  private func problem(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    guard let type = ProblemType.of(try context.parameters.require("check")) else {
      throw Problem(.notFound, check: "path", "There is no such type of problem.")
    }
    guard Accept(request.headers).best(of: Self.representations) == "text/html" else {
      return .json(type.json, headers: [.vary: "Accept"])
    }
    let page = ProblemPage(
      check: type.check, title: type.title, meaning: type.meaning, remedy: type.remedy,
      statuses: type.statuses,
      canonicalURL: reader.links(request).problem(type.check))
    return .page(try renderer.html(page), headers: [.vary: "Accept"])
  }
}

extension ProblemType {
  /// The type as JSON.
  var json: JSON {
    [
      "check": .string(check), "meaning": .string(meaning), "remedy": .string(remedy),
      "statuses": .array(statuses.map { .integer(Int64($0)) }), "title": .string(title),
      "type": .string(Problem.type(check)),
    ]
  }
}
