import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import LedgerStore
import TransparencyLog

/// The routes that read records.
struct RecordRoutes: Sendable {
  let ledger: Ledger
  let statuses: StatusCache
  let reader: RequestReader

  func add(to router: Router<LedgerRequestContext>) {
    router.get("/pith/:id", use: document)
    router.get("/pith/:id/state.json", use: state)
    router.get("/pith/:id/bundle.json", use: bundle)
    router.get("/paper/:id", use: paper)
    router.get("/api/pith-number/resolve", use: resolve)
    router.get("/api/pith-number/:id/graph.json", use: graph)
    router.get("/api/pith-number/:id/events.json", use: events)
    router.get("/api/pith-number/:id/status.json", use: status)
  }

  private func document(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    .json(try await ledger.records.view(context.identifier()).json(reader.links(request)))
  }

  private func state(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    .json(try await ledger.records.state(context.identifier()).json(reader.links(request)))
  }

  private func bundle(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    return .stream(
      try await ledger.bundles.bundle(context.identifier()), type: "application/json")
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
    let query = request.uri.queryParameters
    guard let name = query["arxiv"] ?? query["doi"] ?? query["id"] else {
      throw Refusal(.malformed, check: "query", "Name the record by arxiv, doi or id.")
    }
    let (record, others) = try await ledger.records.resolve(String(name))
    let page = Links(base: request.baseURL).page(record.pithNumber)
    guard request.isSet("json") else { return .found(page) }
    return .json([
      "candidates": .array(others.map { .string($0.pithNumber.description) }),
      "json": "\(page).json", "pith_number": .string(record.pithNumber.description),
      "url": "\(page)",
    ])
  }

  private func graph(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    .json(try await ledger.records.graph(context.identifier()).json)
  }

  private func events(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let page = try await ledger.events.page(
      of: context.identifier(), from: request.firstPosition(), limit: request.pageLimit())
    return .json(try page.json(reader.links(request)))
  }

  private func status(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let name = try context.identifier()
    let asOf = try request.wholeNumber("as_of").map(TreeSize.init(stored:))
    let atLeast = try request.wholeNumber("at_least").map(Position.init(rawValue:))
    if let asOf {
      try ledger.quotas.takeHeavyRead(reader.client(request, context))
      return .json(try await ledger.records.status(name, asOf: asOf, atLeast: atLeast).json)
    }
    if let atLeast { return .json(try await ledger.records.status(name, atLeast: atLeast).json) }
    return .json(bytes: try await statuses.status(name))
  }
}
