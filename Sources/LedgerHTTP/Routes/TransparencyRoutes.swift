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

  /// The media type of a COSE receipt (RFC 9052, section 9.5).
  private static let cose = "application/cose"
  /// The media types of proofs. A client that prefers none gets the first.
  private static let inclusionTypes = ["text/plain", cose]
  private static let consistencyTypes = ["application/json", cose]

  func add(to routes: RouteTable) {
    routes.get("/checkpoint", answers: ["text/plain"], use: checkpoint)
    routes.get("/tile/**", answers: ["application/octet-stream"], use: tile)
    routes.get(
      "/api/proof/consistency", takes: ["new", "old"], answers: Self.consistencyTypes,
      use: consistencyProof)
    routes.get("/api/proof/:id", answers: Self.inclusionTypes, use: inclusionProof)
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
    let sizes = (
      old: TreeSize(stored: old),
      new: try context.query.wholeNumber("new").map { TreeSize(stored: $0) }
    )
    if Accept(request.headers).best(of: Self.consistencyTypes) == Self.cose {
      return Self.receipt(
        try await ledger.proofs.consistencyReceipt(old: sizes.old, new: sizes.new))
    }
    return .json(
      try await ledger.proofs.consistencyProof(old: sizes.old, new: sizes.new).json,
      headers: [.vary: "Accept"])
  }

  private func inclusionProof(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let name = try context.identifier()
    if Accept(request.headers).best(of: Self.inclusionTypes) == Self.cose {
      return Self.receipt(try await ledger.proofs.inclusionReceipt(name).receipt)
    }
    let proof = try await ledger.proofs.inclusionProof(name)
    var response = Response.text(proof.description, cacheControl: "no-cache")
    response.headers[.vary] = "Accept"
    return response
  }

  private static func receipt(_ receipt: COSEReceipt) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: cose, .cacheControl: "no-cache", .vary: "Accept"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: receipt.bytes)))
  }
}
