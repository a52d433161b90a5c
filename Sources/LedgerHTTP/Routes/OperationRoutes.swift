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
    routes.get("/healthz") { _, _ in
      Response.json(["status": "alive"], headers: [.cacheControl: "no-store"])
    }
    routes.get("/readyz") { _, _ in try await readiness() }
    routes.get("/.well-known/pith-ledger.json") { _, _ in try await description() }
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
}
