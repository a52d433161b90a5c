import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import NIOCore
import PrometheusMetrics
import TransparencyLog

/// The routes about the service itself: its health and its description.
struct OperationRoutes: Sendable {
  let ledger: Ledger
  let metrics: ServiceMetricsText
  let reader: RequestReader

  func add(to routes: RouteTable) {
    routes.get("/healthz") { _, _ in
      Response.json(["status": "alive"], headers: [.cacheControl: "no-store"])
    }
    routes.get("/readyz") { _, _ in await readiness() }
    routes.get(
      "/metrics", answers: ["text/plain", "application/openmetrics-text"], use: exposition)
    routes.get("/.well-known/pith-ledger.json") { _, _ in try await description() }
  }

  private func readiness() async -> Response {
    var json: JSONObject = ["version": .string(LedgerVersion.current)]
    json["commit"] = LedgerVersion.commit.map { .string($0) }
    func add(_ health: Ledger.Health) {
      json["lag"] = .integer(health.lag)
      json["size"] = .integer(health.size.stored)
    }
    switch await ledger.readiness() {
    case .ready(let health):
      add(health)
      json["status"] = "ready"
      return .json(.object(json))
    case .notReady(let check, let reason, let health):
      if let health { add(health) }
      json["check"] = .string(check)
      json["status"] = .string(reason)
      let problem = Problem(.serviceUnavailable, check: check, reason)
      var headers: HTTPFields = [:]
      headers[.retryAfter] = problem.secondsToWait.map { String($0) }
      return .json(.object(json), status: .serviceUnavailable, headers: headers)
    }
  }

  /// The metrics of the service. They are numbers about all requests together, and name no client.
  private func exposition(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    if ledger.configuration.server.metricsAccess == .operator,
      try !reader.caller(request, context).isOperator
    {
      throw Refusal(
        .forbidden, check: "operator", "Only the operator reads the metrics of this ledger.")
    }
    let types = ["text/plain", "application/openmetrics-text"]
    let format: TextFormat =
      Accept(request.headers).best(of: types) == types[1] ? .openMetrics : .prometheus
    return Response(
      status: .ok, headers: [.contentType: format.mediaType, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: await metrics.text(format))))
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
