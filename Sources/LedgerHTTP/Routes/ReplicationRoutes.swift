import CanonicalJSON
import Hummingbird
import LedgerService

/// The route that lists replication records, for moderators.
struct ReplicationRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader

  func add(to routes: RouteTable) {
    routes.get(
      "/api/replications", takes: ["cursor", "limit", "record", "standing"], use: page)
  }

  private func page(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    let query = context.query
    let filter = try ReplicationFilter(record: query["record"], standing: query["standing"])
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    let page = try await ledger.replications.page(
      filter, cursor: query["cursor"], limit: query.pageLimit())
    return .json(try page.json(reader.links(request)))
  }
}
