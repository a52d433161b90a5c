import Hummingbird
import LedgerDomain
import LedgerPages
import LedgerService
import NIOCore
import RecordFormats

/// The page of a record, and its lists of events and citations.
struct RecordPages: Sendable {
  let ledger: Ledger
  let reader: RequestReader
  let renderer: PageRenderer
  let cache: PageCache

  /// The number of items in a page of a list.
  private static let listed = 25

  /// Adds the lists. The route of the record itself also serves other representations.
  func add(to routes: RouteTable) {
    routes.page("/pith/:id/events", takes: ["from", "type"], use: events)
    routes.page(
      "/pith/:id/citations", takes: ["cursor", "direction", "relation"], use: citations)
  }

  private func events(_ request: Request, _ context: LedgerRequestContext) async throws -> Response
  {
    let name = try context.identifier()
    let filter = try EventFilter(
      types: context.query["type"], signer: nil, target: nil, standings: nil, since: nil,
      order: "desc")
    let page = try await ledger.events.page(
      of: name, filter, from: context.query.position("from"), limit: Self.listed)
    let crumb = RecordCrumb(try await ledger.records.view(name, maxEvents: 1, maxClaims: 1))
    return .page(
      try renderer.html(
        RecordEventsPage(crumb, page, try await ledger.events.details(of: page.events))))
  }

  private func citations(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let name = try context.identifier()
    let given = context.query
    let filter = try CitationFilter { parameter in
      switch parameter {
      case "order": "desc"
      case "standing": "verified"
      default: given[parameter]
      }
    }
    let page = try await ledger.citations.page(
      name, filter, cursor: given["cursor"], limit: Self.listed)
    let crumb = RecordCrumb(try await ledger.records.view(name, maxEvents: 1, maxClaims: 1))
    return .page(try renderer.html(CitationsPage(crumb, page)))
  }

  func record(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    let name = try context.identifier()
    let links = reader.links(request)
    let past = try await past(name, request, context)
    let page =
      if past == nil {
        // Links in the page begin with the address under which the client reached the service.
        try await cache.value("\(links.home) \(name)") {
          try await answer(name, links, past: nil)
        }
      } else {
        try await answer(name, links, past: past).value
      }
    return .tagged(page.html, headers: .page.with(page.headers))
  }

  private func answer(
    _ name: String, _ links: Links, past: RecordPage.Past?
  ) async throws -> PageCache.Answer {
    let overview = try await ledger.overviews.overview(name)
    let view = overview.view
    let signposting = Signposting(PaperDescription(view), links: links)
    let page = try RecordPage(
      overview, logKey: try await ledger.checkpoints.verifierKey(), links: links,
      past: past
    ).with(
      linkedData: RecordLinkedData(view, outbound: overview.outbound, links: links).head,
      alternates: signposting.alternates)
    return PageCache.Answer(
      value: RenderedPage(
        html: TaggedBytes(Array(try renderer.html(page).utf8)), headers: .ofPage(signposting)),
      until: view.status?.validUntil, document: view.provenance?.documentDigest,
      // Bytes that were erased may be stored again without an event.
      isCacheable: !view.isDocumentMissing)
  }

  /// The status at the end of the day that the reader chose.
  private func past(
    _ name: String, _ request: Request, _ context: LedgerRequestContext
  ) async throws -> RecordPage.Past? {
    guard let day = context.query["as_of"] else { return nil }
    guard day.utf8.count == 10, let point = try? LogPoint(day + "T23:59:59.999999Z", field: "as_of")
    else {
      throw Refusal(
        .malformed, check: "query", field: "as_of", "A day as 2026-11-27.")
    }
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    do {
      return .status(try await ledger.records.status(name, at: point), day: day)
    } catch let refusal as Refusal where refusal.check == "as_of" {
      return .none("This ledger did not have the record at the end of \(day) (UTC).", day: day)
    }
  }
}
