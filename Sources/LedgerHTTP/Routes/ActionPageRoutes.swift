import Encodings
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerPages
import LedgerService
import LedgerStore
import RecordFormats

/// The routes of the forms with which people make statements in a browser.
struct ActionPageRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader
  let renderer: PageRenderer

  func add(to routes: RouteTable) {
    routes.page(
      "/pith/:id/attest/:kind", takes: ["event", "supersedes", "target"], use: form)
    routes.page("/your-key", use: yourKey)
    // ORCID answers in the fragment. Some errors come as query parameters; only the browser reads them.
    routes.page("/orcid", takes: ["error", "error_description", "state"], use: signedIn)
  }

  private func form(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    guard let kind = ActionPage.Kind(rawValue: try context.parameters.require("kind")) else {
      let kinds = ActionPage.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw Refusal(.notFound, check: "action", "The forms are \(kinds).")
    }
    let facts = try await ledger.actions.facts(context.identifier())
    let page =
      kind == .withdraw
      ? try await withdrawal(context, facts) : try await attestation(kind, context, facts)
    return .page(try renderer.html(page))
  }

  private func attestation(
    _ kind: ActionPage.Kind, _ context: LedgerRequestContext, _ facts: ActionFacts
  ) async throws -> ActionPage {
    let target = try Target(context.query["target"] ?? "record").text
    guard let supersedes = context.query["supersedes"] else {
      return try ActionPage(kind, facts, ledger.configuration, target: target)
    }
    return try ActionPage(
      kind, facts, ledger.configuration,
      earlier: try await statement(supersedes, about: facts, "supersedes"),
      supersedes: supersedes, target: target)
  }

  private func withdrawal(
    _ context: LedgerRequestContext, _ facts: ActionFacts
  ) async throws -> ActionPage {
    guard let name = context.query["event"] else {
      throw Refusal(
        .malformed, check: "query", field: "event",
        "Name the statement: ?event= and its event_id.")
    }
    return try ActionPage(
      withdrawing: try await statement(name, about: facts, "event"), facts, ledger.configuration)
  }

  /// An event about the record of a form.
  private func statement(
    _ name: String, about facts: ActionFacts, _ field: String
  ) async throws -> EventDetail {
    let detail = try await ledger.events.event(name)
    guard detail.event.record == facts.record.record else {
      throw Refusal(
        .malformed, check: "query", field: field, "This statement is about another record.")
    }
    return detail
  }

  private func yourKey(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    .page(try renderer.html(YourKeyPage(log: ledger.origin)))
  }

  private func signedIn(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    .page(
      try renderer.html(OrcidPage()), headers: [.cacheControl: "no-store"])
  }
}
