import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerPages
import LedgerService
import NIOCore
import RecordFormats

/// The routes of the files that pages load.
struct PageRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader
  let renderer: PageRenderer

  func add(to routes: RouteTable) {
    routes.get("/assets/:version/:name", answers: [], use: asset)
  }

  private func asset(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    guard let asset = Asset.named(try context.parameters.require("name")) else {
      throw Problem(.notFound, check: "path", "There is no such file.")
    }
    // The address names the version. A page of an older version loads the newer file, and no cache keeps it for long.
    let isCurrent = try context.parameters.require("version") == Asset.version
    return .tagged(
      asset.bytes,
      headers: [
        .contentType: asset.type, .xContentTypeOptions: "nosniff",
        .cacheControl: isCurrent ? "public, max-age=31536000, immutable" : "no-cache",
      ])
  }
}
