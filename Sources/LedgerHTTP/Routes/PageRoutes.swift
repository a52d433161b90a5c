import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerPages
import LedgerService
import NIOCore
import RecordFormats

/// The routes of pages for people, and of the files that pages load.
struct PageRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader
  let renderer: PageRenderer

  func add(to routes: RouteTable) {
    routes.get("/assets/:version/:name", use: asset)
    routes.get("/", use: home)
  }

  private func asset(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    guard let asset = Asset.named(try context.parameters.require("name")) else {
      throw Problem(.notFound, check: "path", "There is no such file.")
    }
    // The address names the version. A page of an older version loads the newer file, and no cache keeps it for long.
    let isCurrent = try context.parameters.require("version") == Asset.version
    return .tagged(
      asset.bytes, to: request,
      headers: [
        .contentType: asset.type, .xContentTypeOptions: "nosniff",
        .cacheControl: isCurrent ? "public, max-age=31536000, immutable" : "no-cache",
      ])
  }

  private func home(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    guard Accept(request.headers).best(of: ["text/html", "application/json"]) == "text/html" else {
      return .json(ServiceDescription.index(origin: ledger.origin), headers: [.vary: "Accept"])
    }
    var frame = PageFrame(
      title: "Statements about papers that anyone can check",
      summary: "What is verified about a scholarly paper, and the proof.",
      canonicalURL: reader.links(request).home)
    frame.section = "/"
    return .page(
      try renderer.html(HomePage(frame: frame)), to: request, headers: [.vary: "Accept"])
  }
}
