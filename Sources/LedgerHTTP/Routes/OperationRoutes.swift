import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import TransparencyLog

/// The routes about the service itself: its health and its description.
struct OperationRoutes: Sendable {
  let ledger: Ledger

  func add(to routes: RouteTable) {
    routes.get("/healthz") { _, _ in Response.json(["status": "alive"]) }
    routes.get("/readyz") { _, _ in try await readiness() }
    routes.get("/.well-known/pith-ledger.json") { _, _ in try await description() }
    routes.get("/") { _, _ in index() }
  }

  private func readiness() async throws -> Response {
    let health = try await ledger.health()
    if let mismatch = await ledger.checkpoints.historyMismatch() {
      return .json(
        ["size": .integer(health.size.stored), "status": .string("refusing: \(mismatch)")],
        status: .serviceUnavailable)
    }
    if let outage = await ledger.checkpoints.signingOutage() {
      return .json(
        [
          "check": .string(outage.check), "size": .integer(health.size.stored),
          "status": .string("no checkpoint can be signed at the moment: \(outage.message)"),
        ], status: .serviceUnavailable)
    }
    return .json([
      "lag": .integer(health.lag), "size": .integer(health.size.stored), "status": "ready",
    ])
  }

  private func description() async throws -> Response {
    let key = try await ledger.checkpoints.verifierKey()
    return .json([
      "checkpoint": "/checkpoint", "keys": "/api/keys",
      "log_key": key.map { .string($0) } ?? .null,
      "origin": .string(ledger.origin),
      "notice": "What is signed and submitted here is public and permanent.",
    ])
  }

  private func index() -> Response {
    .json([
      "about": "An append-only ledger of attestations about papers with a Pith Number.",
      "check_proof": "POST /api/evidence/check?digest={sha256}",
      "checkpoint": "/checkpoint", "import": "POST /api/records", "keys": "/api/keys",
      "event": "/api/events/{event_id}", "key_events": "/api/keys/{fingerprint}/events",
      "log": "/api/events",
      "moderate": "POST /pith/{id}/action/moderation_decision",
      "replications": "/api/replications?standing=pending",
      "log_stream": "/api/events/stream", "origin": .string(ledger.origin),
      "proof": "/api/proof/{position or event_id}", "record": "/pith/{id}.json",
      "resolve": "/api/pith-number/resolve?arxiv=…",
      "search": "/api/records?title=…", "status": "/api/pith-number/{id}/status.json",
      "status_of_many": "/api/status?id=…&id=…",
      "submit": "POST /pith/{id}/action/{event_type} or POST /api/events",
    ])
  }
}
