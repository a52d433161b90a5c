import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import LedgerStore
import NIOCore
import RecordFormats
import ServiceLifecycle

/// The routes that read the log: page by page, one event, and as a stream.
struct EventRoutes: Sendable {
  let ledger: Ledger
  let feed: LogFeed
  let table: ConnectionTable
  let reader: RequestReader

  func add(to routes: RouteTable) {
    routes.get("/api/events", takes: QueryParameter.eventPage, use: page)
    routes.get(
      "/api/events/stream",
      takes: QueryParameter.eventFilter + ["format", "from", "order", "signer"],
      answers: ["text/event-stream"],
      use: stream)
    routes.get("/api/events/:id", use: event)
  }

  private func page(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    let filter = try reader.eventFilter(request, context, ledger.quotas)
    let page = try await ledger.events.page(
      filter, from: context.query.position("from"),
      cursor: context.query["cursor"], limit: context.query.pageLimit())
    return .json(try page.json(reader.links(request)))
  }

  private func event(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    .json(try await ledger.events.event(context.identifier()).json())
  }

  /// How a stream writes events; `nil` as the interface gives them.
  private func format(
    _ request: Request, _ context: LedgerRequestContext
  ) throws(Refusal) -> (@Sendable (JSON) -> JSON)? {
    switch context.query["format"] ?? "ledger" {
    case "ledger": return nil
    case "cloudevents":
      let (origin, links) = (ledger.origin, reader.links(request))
      return { CloudEvent($0, origin: origin, links: links).json }
    default:
      throw Refusal(
        .malformed, check: "query", field: "format", "The formats are ledger and cloudevents.")
    }
  }

  private func stream(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let filter = try reader.eventFilter(request, context, ledger.quotas)
    guard filter.order == .ascending else {
      throw Refusal(
        .malformed, check: "query", field: "order", "A stream is in ascending order.")
    }
    let format = try format(request, context)
    var from = try context.query.position("from") ?? .first
    try await ledger.events.requireInLog(from)
    if let name = HTTPField.Name("Last-Event-ID"), let last = request.headers[name] {
      from =
        Position(
          rawValue: try Parameters.wholeNumber(
            last, check: "last_event_id", field: "Last-Event-ID")
        ).next
    }
    from = max(from, try await ledger.events.firstPosition(of: filter))
    guard let lease = StreamLease(table, reader.client(request, context)) else {
      throw Refusal(
        .tooMany, check: "stream_limit",
        "A client may have \(ledger.configuration.server.streamsPerClient) streams open. Close one first.",
        retryAfter: 10)
    }
    let stream = EventStream(
      events: ledger.events, feed: feed, filter: filter, from: from, format: format)
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
      body: ResponseBody { writer in
        defer { lease.end() }
        try await withGracefulShutdownHandler {
          // The client sees at once that it is connected.
          try await writer.write(ByteBuffer(string: ": the log from position \(stream.from)\n\n"))
          for try await part in stream { try await writer.write(part) }
        } onGracefulShutdown: {
          Task { await feed.stop() }
        }
        try await writer.finish(nil)
      })
  }
}
