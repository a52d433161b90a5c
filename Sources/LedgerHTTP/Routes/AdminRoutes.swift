import CanonicalJSON
import Encodings
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerPages
import LedgerService
import LedgerStore
import RecordFormats

/// The page for moderators and operators, and what only the operator may read and do over HTTP.
struct AdminRoutes: Sendable {
  private static let listLimit = 20

  let ledger: Ledger
  let reader: RequestReader
  let renderer: PageRenderer

  func add(to routes: RouteTable) {
    routes.page("/admin", takes: ["equivocations", "keys", "replications"], use: page)
    routes.get("/api/admin/status") { request, context in
      try requireOperator(request, context)
      return .json(try await AdminStatus(ledger).json, headers: [.cacheControl: "no-store"])
    }
    addAction(to: routes, "vouch") { key, fields in
      let type = try fields.signerType()
      let name = try fields.members.optionalText("name")
      try fields.members.finish()
      return try await ledger.keyAdministrator.vouch(key, as: type, name: name)
    }
    addAction(to: routes, "unvouch") { key, fields in
      let reason = try fields.members.text("reason", maxBytes: 500)
      try fields.members.finish()
      return try await ledger.keyAdministrator.withdrawVouching(key, reason: reason)
    }
    addAction(to: routes, "revoke") { key, fields in
      let reason = try fields.members.text("reason", maxBytes: 500)
      let from = try fields.members.optionalInteger("compromised_from_position")
      try fields.members.finish()
      return try await ledger.keyAdministrator.revoke(
        key, reason: reason, compromisedFrom: from.map(Position.init(rawValue:)), key: nil)
    }
  }

  // MARK: The operator

  private func requireOperator(
    _ request: Request, _ context: LedgerRequestContext
  ) throws {
    guard try reader.caller(request, context).isOperator else {
      throw Refusal(
        .forbidden, check: "operator", "Only the operator may read or do this.",
        remedy: .authorise)
    }
  }

  /// The members of a command.
  private struct Fields {
    var members: JSONObjectReader

    mutating func signerType() throws(Refusal) -> SignerType {
      guard let type = SignerType(name: try members.text("as")), type != .registry else {
        throw Refusal(
          .invalid, check: "signer_type", field: "as",
          "One of author, replicator, agent, moderator, storage_provider.")
      }
      return type
    }
  }

  /// Adds a command about a key, which the registry signs on the operator's authority.
  private func addAction(
    to routes: RouteTable, _ name: String,
    _ act: @escaping @Sendable (Digest128, inout Fields) async throws -> SubmissionAnswer
  ) {
    routes.post(RouterPath("/api/admin/keys/:id/\(name)")) { request, context in
      try reader.checkWrite(request, context)
      try requireOperator(request, context)
      let key = try Parameters.fingerprint(context.identifier())
      return try await reader.withBody(request, context) { bytes in
        var fields = Fields(members: try JSONObjectReader(Self.object(bytes), ""))
        let answer = try await act(key, &fields)
        return .json(
          answer.json, status: answer.created ? .created : .ok,
          headers: [.cacheControl: "no-store"])
      }
    }
  }

  private static func object(_ bytes: [UInt8]) throws(Refusal) -> JSON {
    do throws(JSONError) {
      return try JSON.parse(bytes, limits: JSONLimits(maxBytes: 16_384, maxDepth: 4))
    } catch { throw Refusal(json: error) }
  }

  // MARK: The page

  private func page(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    let query = context.query
    // Standings are computed for the request.
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    let replications = try await ledger.replications.page(
      ReplicationFilter(standing: "pending"), cursor: query["replications"],
      limit: Self.listLimit)
    let details = try await ledger.events.details(of: replications.items.map(\.event))
    let keys = try await ledger.keys.page(
      states: [.live], from: query.position("keys") ?? .first, limit: Self.listLimit)
    let equivocations = try await ledger.equivocations.page(
      cursor: query["equivocations"], limit: Self.listLimit)
    let page = try AdminPage(
      log: ledger.origin, replications: details, nextReplications: replications.next, keys: keys,
      equivocations: equivocations)
    return .page(try renderer.html(page))
  }
}
