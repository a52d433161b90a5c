import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import LedgerStore
import NIOCore
import TransparencyLog

/// The log for those who believe nothing: checkpoints, tiles and proofs (C2SP tlog-tiles, tlog-proof).
extension Routes {
  /// What never changes may be kept for a year, by anybody.
  private static let immutable = "public, max-age=31536000, immutable"

  func addTransparency(to router: Router<Context>) {
    router.get("/checkpoint") { _, _ in
      self.text(
        try await self.ledger.checkpoints.newest().cosigned, cacheControl: "public, max-age=1")
    }
    router.get("/tile/**") { request, context in
      let rest = context.parameters.getCatchAll().joined(separator: "/")
      guard let path = TilePath("tile/" + rest) else {
        throw Refusal(
          .notFound, check: "tile", field: "path",
          "A tile is /tile/LEVEL/INDEX or /tile/entries/INDEX, the index in groups of three digits as in "
            + "x001/x234/067, and .p/WIDTH behind it at the right edge.")
      }
      let bytes = try await self.ledger.proofs.tile(path)
      return Response(
        status: .ok,
        headers: [.contentType: "application/octet-stream", .cacheControl: Self.immutable],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
    router.get("/api/proof/consistency") { request, _ in
      guard let old = try self.number(request, "old") else {
        throw Refusal(
          .malformed, check: "query", field: "old",
          "Name the older size, and the newer one unless it is the newest checkpoint's.")
      }
      return self.answer(
        try await self.ledger.proofs.consistencyProof(
          old: UInt64(clamping: old), new: self.number(request, "new").map { UInt64(clamping: $0) })
      )
    }
    router.get("/api/proof/:id") { _, context in
      let proof = try await self.ledger.proofs.inclusionProof(self.identifier(context))
      return self.text(proof.description, cacheControl: "no-cache")
    }
  }

  private func text(_ text: String, cacheControl: String) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: cacheControl],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
