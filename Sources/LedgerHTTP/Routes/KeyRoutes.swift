import CanonicalJSON
import Hummingbird
import LedgerDomain
import LedgerService
import RecordFormats

/// The routes that read keys, and what they signed.
struct KeyRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader

  func add(to routes: RouteTable) {
    routes.get(
      "/api/keys", takes: ["fingerprint", "from", "limit", "signer", "standing"], use: keys)
    routes.get("/api/keys/:id") { _, context in
      Response.json(try await ledger.keys.key(context.identifier()).json)
    }
    routes.get(
      "/api/keys/:id/events",
      takes: QueryParameter.eventFilter + ["cursor", "from", "limit", "order"],
      use: events)
  }

  private func keys(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let query = context.query
    let states = try query["standing"].map { text throws(Refusal) in
      try ListQuery.choices(
        text, "standing", among: KeyStanding.State.allCases.map { ($0.rawValue, $0) })
    }
    let limit = try query.pageLimit(otherwise: Int64(KeyQueries.pageSize))
    let page = try await ledger.keys.page(
      signer: query["signer"], fingerprint: query["fingerprint"].map(Parameters.fingerprint),
      states: Set(states ?? []), from: query.position("from") ?? .first,
      limit: limit)
    var json: JSONObject = ["keys": .array(page.keys.map(\.json))]
    let conditions = ["fingerprint", "signer", "standing"].compactMap { name in
      query[name].map { (name: name, value: $0) }
    }
    json["next"] = page.next.map {
      .string(reader.links(request).keys(from: $0, limit: limit, conditions))
    }
    return .json(.object(json))
  }

  private func events(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let filter = try reader.eventFilter(request, context, ledger.quotas)
    let page = try await ledger.events.page(
      signedBy: context.identifier(), filter, from: context.query.position("from"),
      cursor: context.query["cursor"],
      limit: context.query.pageLimit())
    return .json(try page.json(reader.links(request)))
  }
}
