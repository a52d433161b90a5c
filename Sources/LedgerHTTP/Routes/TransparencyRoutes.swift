import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import LedgerStore
import NIOCore
import TransparencyLog

/// The routes that prove the log: checkpoints, tiles and proofs (C2SP tlog-tiles, C2SP tlog-proof).
struct TransparencyRoutes: Sendable {
  let ledger: Ledger

  /// For responses that never change: any cache may store them for a year.
  private static let immutable = "public, max-age=31536000, immutable"

  func add(to routes: RouteTable) {
    routes.get("/checkpoint", answers: ["text/plain"], use: checkpoint)
    routes.get("/tile/**", answers: ["application/octet-stream"], use: tile)
    routes.get("/api/proof/consistency", takes: ["new", "old"], use: consistencyProof)
    routes.get("/api/proof/:id", answers: ["text/plain"], use: inclusionProof)
  }

  private func checkpoint(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    .text(try await ledger.checkpoints.newest().cosigned, cacheControl: "public, max-age=1")
  }

  private func tile(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    let rest = context.parameters.getCatchAll().joined(separator: "/")
    guard let path = TilePath("tile/" + rest) else {
      throw Refusal(
        .notFound, check: "tile", field: "path",
        "A tile is /tile/LEVEL/INDEX or /tile/entries/INDEX. The index is in groups of three digits, as in "
          + "x001/x234/067. A partial tile ends in .p/WIDTH.")
    }
    let bytes = try await ledger.proofs.tile(path)
    return Response(
      status: .ok,
      headers: [.contentType: "application/octet-stream", .cacheControl: Self.immutable],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private func consistencyProof(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    guard let old = try context.query.wholeNumber("old") else {
      throw Refusal(
        .malformed, check: "query", field: "old",
        "Give the older size, and the newer size unless it is the newest checkpoint's.")
    }
    let new = try context.query.wholeNumber("new")
    return .json(
      try await ledger.proofs.consistencyProof(
        old: TreeSize(stored: old), new: new.map { TreeSize(stored: $0) }
      ).json)
  }

  private func inclusionProof(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let proof = try await ledger.proofs.inclusionProof(context.identifier())
    return .text(proof.description, cacheControl: "no-cache")
  }
}
