import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import NIOCore
import ServiceLifecycle

/// The routes that read the log: page by page, and as a stream.
struct EventRoutes: Sendable {
  let ledger: Ledger
  let feed: LogFeed
  let table: ConnectionTable
  let reader: RequestReader

  func add(to router: Router<LedgerRequestContext>) {
    router.get("/api/events", use: page)
    router.get("/api/events/stream", use: stream)
  }

  private func page(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    let page = try await ledger.events.page(
      from: request.firstPosition(), limit: request.pageLimit())
    return .json(try page.json(reader.links(request)))
  }

  private func stream(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    var from = try request.firstPosition()
    if let name = HTTPField.Name("Last-Event-ID"), let last = request.headers[name] {
      from =
        Position(
          rawValue: try Parameters.wholeNumber(
            last, check: "last_event_id", field: "Last-Event-ID")
        ).next
    }
    guard let lease = StreamLease(table, reader.client(request, context)) else {
      throw Refusal(
        .tooMany, check: "stream_limit",
        "A client may have \(ledger.configuration.server.streamsPerClient) streams open. Close one first.",
        retryAfter: 10)
    }
    return serverSentEvents(from: from, lease)
  }

  /// The log as server-sent events (HTML, section 9.2). Empty comments keep an idle connection open.
  private func serverSentEvents(from: Position, _ lease: StreamLease) -> Response {
    Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
      body: ResponseBody { writer in
        defer { lease.end() }
        try await withGracefulShutdownHandler {
          // The client sees at once that it is connected.
          try await writer.write(ByteBuffer(string: ": the log from position \(from)\n\n"))
          for try await event in feed.stream(from: from) {
            try await writer.write(Self.message(event))
          }
        } onGracefulShutdown: {
          Task { await feed.stop() }
        }
        try await writer.finish(nil)
      })
  }

  /// One message of the stream. An empty comment if there is no event.
  private static func message(_ event: LogFeed.Event?) -> ByteBuffer {
    guard let event else { return ByteBuffer(string: ":\n\n") }
    var buffer = ByteBuffer(string: "id: \(event.position)\ndata: ")
    buffer.writeBytes(event.json)
    buffer.writeString("\n\n")
    return buffer
  }
}
