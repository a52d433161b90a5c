import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import LedgerStore
import RecordFormats
import TransparencyLog

/// The routes that read records.
struct RecordRoutes: Sendable {
  let ledger: Ledger
  let statuses: StatusCache
  let reader: RequestReader
  let pages: RecordPages

  func add(to routes: RouteTable) {
    routes.get("/pith/:id", takes: ["as_of"], answers: Self.representations, use: document)
    routes.get("/pith/:id/state.json", use: state)
    routes.get("/pith/:id/bundle.json", use: bundle)
    routes.get("/paper/:id", answers: [], use: paper)
    routes.get(
      "/api/pith-number/resolve", takes: ["arxiv", "doi", "id", "json"], answers: [], use: resolve)
    routes.get("/api/pith-number/:id/graph.json", use: graph)
    routes.get(
      "/api/pith-number/:id/events.json", takes: QueryParameter.eventPage, use: events)
    routes.get(
      "/api/pith-number/:id/citations.json",
      takes: CitationFilter.parameters.map { QueryParameter(stringLiteral: $0) } + [
        "cursor", "limit",
      ], use: citations)
    routes.get("/api/pith-number/:id/status.json", takes: ["as_of", "at_least"], use: status)
    routes.get(
      "/api/records",
      takes: RecordFilter.parameters.map { QueryParameter(stringLiteral: $0) } + [
        "cursor", "limit",
      ], use: search)
    routes.get("/api/status", takes: ["at_least", .repeatable("id")], use: statusOfMany)
  }

  /// The media types of `/pith/{id}`. A client that prefers none gets the first.
  private static let representations = ["text/html", "application/json", "application/ld+json"]

  private func document(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    // A name that ends with `.json` has one representation.
    let isJSON = try context.identifierIsJSON()
    if isJSON { try Accept.require(["application/json"], request.headers) }
    let type =
      isJSON ? "application/json" : Accept(request.headers).best(of: Self.representations)
    if type == "text/html" { return try await pages.record(request, context) }
    guard context.query["as_of"] == nil else {
      throw Refusal(
        .malformed, check: "query", field: "as_of",
        "The page of a record takes this parameter. For JSON, ask for status.json.")
    }
    let links = reader.links(request)
    let view = try await ledger.records.view(context.identifier())
    if isJSON {
      return FormatRoutes.metadata(
        try view.json(links).canonicalBytes(), .json, view.record.pithNumber, links)
    }
    let json =
      type == "application/json"
      ? try view.json(links) : try await FormatRoutes.linkedData(view, ledger.citations, links)
    return .tagged(
      json.canonicalBytes(),
      headers: .format(type).with(.ofPage(Signposting(PaperDescription(view), links: links))))
  }

  private func citations(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let filter = try CitationFilter { context.query[$0] }
    let page = try await ledger.citations.page(
      context.identifier(), filter, cursor: context.query["cursor"],
      limit: context.query.pageLimit(otherwise: 50))
    return .json(page.json(reader.links(request)))
  }

  private func search(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let filter = try RecordFilter { context.query[$0] }
    let page = try await ledger.search.page(
      filter, cursor: context.query["cursor"], limit: context.query.pageLimit(otherwise: 50))
    return .json(page.json(reader.links(request)))
  }

  private func state(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    return .json(bytes: try await ledger.mergedStates.state(context.identifier()))
  }

  private func bundle(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    let name = try context.identifier()
    let number = try await ledger.records.resolve(name).record.pithNumber
    return .bundle(
      try await ledger.bundles.bundle(name),
      headers: [.link: HTTPFields.links(Signposting.ofItem(number, links: reader.links(request)))])
  }

  private func paper(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let number = try await ledger.records.resolve(context.identifier()).record.pithNumber
    return .found(Links(base: request.baseURL).page(number))
  }

  private func resolve(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let query = context.query
    let names = ["arxiv", "doi", "id"].compactMap { query[$0] }
    guard let name = names.first, names.count == 1 else {
      throw Refusal(.malformed, check: "query", "Name the record by one of arxiv, doi and id.")
    }
    let (record, others) = try await ledger.records.resolve(name)
    let page = Links(base: request.baseURL).page(record.pithNumber)
    guard try query.isSet("json") else { return .found(page) }
    return .json([
      "candidates": .array(others.map { .string($0.pithNumber.description) }),
      "json": "\(page).json", "pith_number": .string(record.pithNumber.description),
      "url": "\(page)",
    ])
  }

  private func graph(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    .json(try await ledger.records.graph(context.identifier()).json(reader.links(request)))
  }

  private func events(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let filter = try reader.eventFilter(request, context, ledger.quotas)
    let page = try await ledger.events.page(
      of: context.identifier(), filter, from: context.query.position("from"),
      cursor: context.query["cursor"],
      limit: context.query.pageLimit())
    return .json(try page.json(reader.links(request)))
  }

  private func status(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let name = try context.identifier()
    let asOf = try context.query["as_of"].map { text throws(Refusal) in
      try LogPoint(text, field: "as_of")
    }
    let atLeast = try context.query.wholeNumber("at_least").map(Position.init(rawValue:))
    if let asOf {
      try ledger.quotas.takeHeavyRead(reader.client(request, context))
      return .json(try await ledger.records.status(name, at: asOf, atLeast: atLeast).json)
    }
    if let atLeast { return .json(try await ledger.records.status(name, atLeast: atLeast).json) }
    return .json(try await statuses.status(name, of: ledger.records))
  }

  private func statusOfMany(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    .json(
      try await ledger.records.statuses(
        context.query.values("id"),
        atLeast: context.query.wholeNumber("at_least").map(Position.init(rawValue:))
      ).json)
  }
}
