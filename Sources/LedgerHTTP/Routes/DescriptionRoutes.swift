import APIDescription
import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import RecordFormats

/// The routes that describe the interface for programs: OpenAPI, and a JSON Schema for each kind of value.
struct DescriptionRoutes: Sendable {
  let description: APIDescription
  let reader: RequestReader

  func add(to routes: RouteTable) {
    routes.get("/openapi.json", use: openAPI)
    routes.get("/schemas/:name", answers: ["application/schema+json"], use: schema)
  }

  private func openAPI(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let server = String(reader.links(request).home.dropLast())
    let json = description.openAPI(server: server, version: LedgerVersion.current)
    return .tagged(
      json.canonicalBytes(), headers: .format("application/json"))
  }

  private func schema(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let file = try context.parameters.require("name")
    guard file.hasSuffix(".json"),
      let schema = description.schema(
        String(file.dropLast(5)), address: "\(reader.links(request).home)schemas/\(file)")
    else {
      throw Refusal(
        .notFound, check: "path", field: "name",
        "No such schema. /openapi.json lists them below components.schemas.")
    }
    return .tagged(
      schema.canonicalBytes(), headers: .format("application/schema+json"))
  }
}
