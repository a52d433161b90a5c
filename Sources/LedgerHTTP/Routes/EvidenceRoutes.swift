import CanonicalJSON
import Encodings
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import NIOCore

/// The routes that read evidence, and check a proof without storing it.
struct EvidenceRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader

  func add(to routes: RouteTable) {
    routes.get("/api/evidence/:id", answers: ["application/octet-stream"], use: evidence)
    routes.post("/api/evidence/check", takes: ["digest"], bodies: [.bytes], use: check)
  }

  private func evidence(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let bytes = try await ledger.evidence.publicBytes(context.identifier())
    // The bytes are a stranger's. A browser must not render them, guess their type, or run them in this origin.
    var headers: HTTPFields = [
      .contentType: "application/octet-stream", .cacheControl: "public, max-age=300",
      .contentDisposition: "attachment", .contentSecurityPolicy: "default-src 'none'; sandbox",
      .xContentTypeOptions: "nosniff",
    ]
    headers[.eTag] = EntityTag.strong(Digest(hashing: bytes))
    return try ByteRange.response(bytes, to: request, headers: headers)
  }

  private func check(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try reader.checkWrite(request, context)
    let caller = try reader.caller(request, context)
    if !caller.isOperator { try ledger.quotas.takeProofCheck(caller.client) }
    let digest = try context.query["digest"].map { text throws(Refusal) in
      try Parameters.digest(text, field: "digest")
    }
    return try await reader.withBody(request, context) { bytes in
      .json(
        try await ledger.evidenceInspector.inspect(
          bytes, of: digest, client: caller.isOperator ? .shell : caller.client
        ).json,
        headers: [.cacheControl: "no-store"])
    }
  }
}
