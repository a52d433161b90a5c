import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import LedgerStore
import RecordFormats

/// The routes of records in the formats of other systems.
struct FormatRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader

  func add(to routes: RouteTable) {
    routes.get(
      "/pith/:id/record.jsonld", answers: [RecordFormat.linkedData.mediaType], use: linkedData)
    routes.get("/pith/:id/linkset.json", answers: ["application/linkset+json"], use: linkset)
    routes.get("/pith/:id/feed.atom", answers: ["application/atom+xml"], use: feed)
    routes.get("/pith/:id/badge.svg", answers: ["image/svg+xml"], use: badge)
    routes.get("/pith/:id/citation.bib", answers: [RecordFormat.bibTeX.mediaType], use: bibTeX)
    routes.get("/pith/:id/citation.ris", answers: [RecordFormat.ris.mediaType], use: ris)
    routes.get("/pith/:id/citation.csl.json", answers: [RecordFormat.csl.mediaType], use: csl)
    routes.get(
      "/oembed", takes: ["dnt", "format", "maxheight", "maxwidth", "url"],
      answers: ["application/json", "text/xml"], use: oEmbed)
    routes.get("/robots.txt", answers: ["text/plain"], use: robots)
    routes.get("/sitemap.xml", takes: ["part"], answers: ["application/xml"], use: sitemap)
    routes.get(
      "/sitemap/records.xml", takes: ["from"], answers: ["application/xml"], use: sitemapList)
  }

  // MARK: Metadata

  private func linkedData(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let view = try await ledger.records.view(
      context.identifier(), maxEvents: RecordLinkedData.maxEvents)
    let links = reader.links(request)
    let json = try await Self.linkedData(view, ledger.citations, links)
    return Self.metadata(json.canonicalBytes(), .linkedData, view.record.pithNumber, links)
  }

  /// A record as JSON-LD, with its newest citations in both directions.
  static func linkedData(
    _ view: RecordView, _ citations: CitationQueries, _ links: Links
  ) async throws -> JSON {
    func newest(_ direction: String) async throws -> CitationPage {
      let values = ["direction": direction, "order": "desc", "standing": "verified"]
      return try await citations.page(
        view.record.pithNumber.description, CitationFilter { values[$0] },
        limit: GraphView.maxCitations)
    }
    async let inbound = newest("in")
    async let outbound = newest("out")
    return try await RecordLinkedData(
      view, inbound: inbound, outbound: outbound, links: links
    ).json()
  }

  private func linkset(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let paper = try await paper(context, maxClaims: Signposting.maxAuthors)
    return .tagged(
      Signposting(paper, links: reader.links(request)).json.canonicalBytes(),
      headers: .format("application/linkset+json"))
  }

  private func bibTeX(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try await reference(.bibTeX, request, context) { BibTeX($0, links: $1).text }
  }

  private func ris(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try await reference(.ris, request, context) { RIS($0, links: $1).text }
  }

  private func csl(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try await reference(.csl, request, context) { CSL($0, links: $1).json.canonicalString() }
  }

  private func reference(
    _ format: RecordFormat, _ request: Request, _ context: LedgerRequestContext,
    _ text: (PaperDescription, Links) -> String
  ) async throws -> Response {
    let paper = try await paper(context)
    let links = reader.links(request)
    return Self.metadata(Array(text(paper, links).utf8), format, paper.number, links)
  }

  /// The metadata of a paper in a format, with links back to its page.
  static func metadata(
    _ bytes: [UInt8], _ format: RecordFormat, _ number: PithNumber, _ links: Links
  ) -> Response {
    var headers = HTTPFields.format(format.mediaType)
    headers[.link] = HTTPFields.links(Signposting.ofMetadata(number, links: links))
    return .tagged(bytes, headers: headers)
  }

  /// - Parameter maxClaims: the largest number of claims of authorship that are read.
  private func paper(
    _ context: LedgerRequestContext, maxClaims: Int = 1
  ) async throws -> PaperDescription {
    PaperDescription(
      try await ledger.records.view(context.identifier(), maxEvents: 1, maxClaims: maxClaims))
  }

  // MARK: Events and status

  private func feed(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let paper = try await paper(context)
    let events = try await ledger.events.page(
      of: paper.number.description, Query.newestFirst(), limit: AtomFeed.maxEntries)
    let feed = try AtomFeed(paper, events: events, links: reader.links(request))
    return .tagged(
      Array(feed.xml.utf8), headers: .format("application/atom+xml; charset=utf-8"))
  }

  private func badge(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let status = try await ledger.records.status(context.identifier()).verificationStatus
    var headers = HTTPFields.format("image/svg+xml")
    headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
    return .tagged(Array(StatusBadge(status).svg.utf8), headers: headers)
  }

  // MARK: Other sites

  private func oEmbed(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let query = context.query
    let format = query["format"] ?? "json"
    guard format == "json" || format == "xml" else {
      var problem = Problem(
        .notImplemented, check: "query", "The formats are json and xml.")
      problem.field = "format"
      throw problem
    }
    guard let url = query["url"] else {
      throw Refusal(
        .malformed, check: "query", field: "url", "The address of a record's page here.")
    }
    let links = reader.links(request)
    guard let component = links.recordName(in: url),
      let name = try? Parameters.identifier(component)
    else {
      throw Refusal(
        .notFound, check: "query", field: "url", "Not the address of a record's page here.")
    }
    let view = try await Self.existing {
      try await ledger.records.view(name, maxEvents: 1, maxClaims: 1)
    }
    let embed = OEmbed(
      PaperDescription(view), badge: StatusBadge(view.status?.verificationStatus),
      maxWidth: try query.wholeNumber("maxwidth").map { Int($0) },
      maxHeight: try query.wholeNumber("maxheight").map { Int($0) }, links: links)
    return format == "json"
      ? .tagged(
        embed.json.canonicalBytes(), headers: .format("application/json"))
      : .tagged(
        Array(embed.xml.utf8), headers: .format("text/xml; charset=utf-8"))
  }

  /// A malformed name is the address of no page.
  private static func existing<R>(_ read: () async throws -> R) async throws -> R {
    do { return try await read() } catch let refusal as Refusal where refusal.code == .malformed {
      throw Refusal(.notFound, check: refusal.check, field: "url", refusal.message)
    }
  }

  private func robots(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let text = Sitemap(reader.links(request)).robots(parts: try await ledger.list.parts())
    return .tagged(
      Array(text.utf8), headers: .format("text/plain; charset=utf-8"))
  }

  private func sitemap(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let part = try context.query.wholeNumber("part") ?? 0
    let ranges = try await ledger.list.ranges(part: part)
    return .tagged(
      Array(Sitemap(reader.links(request)).index(ranges, part: part).utf8),
      headers: .format("application/xml; charset=utf-8"))
  }

  private func sitemapList(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let start = try context.query.position("from") ?? .first
    let records = try await ledger.list.records(from: start)
    return .tagged(
      Array(Sitemap(reader.links(request)).list(records, from: start).utf8),
      headers: .format("application/xml; charset=utf-8"))
  }
}

extension Query {
  /// The filter of all events, the newest first.
  fileprivate static func newestFirst() throws(Refusal) -> EventFilter {
    try EventFilter(
      types: nil, signer: nil, target: nil, standings: nil, since: nil, order: "desc")
  }
}

extension HTTPFields {
  /// The header fields of an answer in a format. It may contain the host of the request, so that no cache serves it without
  /// asking.
  static func format(_ type: String) -> HTTPFields {
    [.contentType: type, .xContentTypeOptions: "nosniff", .cacheControl: "no-cache"]
  }

  /// These fields, with others in place of those of the same name.
  func with(_ others: HTTPFields) -> HTTPFields {
    var fields = self
    for field in others { fields[field.name] = field.value }
    return fields
  }

  /// The fields of the answers at the address of a record's page, which `Accept` chooses among.
  static func ofPage(_ signposting: Signposting) -> HTTPFields {
    [.vary: "Accept", .link: links(signposting.ofPage)]
  }

  /// The value of the header field `Link`.
  static func links(_ links: [TypedLink]) -> String {
    links.map(\.headerValue).joined(separator: ", ")
  }
}
