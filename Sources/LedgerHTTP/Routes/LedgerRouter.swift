import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import LedgerStore
import NIOCore
import ServiceLifecycle
import Synchronization

/// Every route of the service, mountable without a socket.
///
/// - Parameter host: the name or address that the service listens on, which then counts as its own.
func buildRouter(
  ledger: Ledger, state: ServerState, listensOn host: String?
) -> Router<LedgerRequestContext> {
  let router = Router(context: LedgerRequestContext.self, options: .autoGenerateHeadEndpoints)
  router.add(middleware: ProblemMiddleware())
  let routes = Routes(
    ledger: ledger, state: state, callers: Callers(ledger.configuration, listensOn: host))
  routes.addRecords(to: router)
  routes.addLog(to: router)
  routes.addTransparency(to: router)
  routes.addService(to: router)
  return router
}

/// The handlers; each reads its request, calls the ledger, and writes the answer.
struct Routes: Sendable {
  let ledger: Ledger
  let state: ServerState
  let callers: Callers
  typealias Context = LedgerRequestContext
  static let jsonType = "application/json"
  static let linesType = "application/x-ndjson"
  static let bytesType = "application/octet-stream"

  // MARK: Reading requests

  func identifier(_ context: Context) throws -> String {
    let raw = try context.parameters.require("id")
    guard let name = raw.removingPercentEncoding, !name.utf8.contains(0) else {
      throw Refusal(.malformed, check: "path", "The path's percent escapes are not text.")
    }
    return name.hasSuffix(".json") ? String(name.dropLast(5)) : name
  }

  /// A query parameter that is a whole number from 0 to 2^53 − 1: one more is a number too.
  func number(_ request: Request, _ name: String) throws(Refusal) -> Int64? {
    guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
    return try Self.wholeNumber(text, check: "query", name)
  }

  static func wholeNumber(
    _ text: some StringProtocol, check: String, _ field: String
  ) throws(Refusal) -> Int64 {
    guard (1...16).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int64(text), number <= JSON.maxInteger
    else {
      throw Refusal(
        .malformed, check: check, field: field, "Not a whole number from 0 to \(JSON.maxInteger).")
    }
    return number
  }

  /// How many items an answer is to have; the ledger's page size at most.
  func limit(_ request: Request) throws(Refusal) -> Int {
    Int(min(try number(request, "limit") ?? 100, Int64(EventQueries.pageSize)))
  }

  /// Hands over a request's body, and counts its memory until the answer is there.
  func withBody<R: Sendable>(
    _ request: Request, _ context: Context, _ body: ([UInt8]) async throws -> R
  ) async throws -> R {
    let limit = ledger.configuration.limits.submissionBytes
    let lease = state.bodies.lease(for: client(request, context))
    var bytes: [UInt8] = []
    for try await buffer in request.body {
      guard bytes.count + buffer.readableBytes <= limit else { throw HTTPError(.contentTooLarge) }
      try await lease.hold(bytes.count + buffer.readableBytes)
      bytes += buffer.readableBytesView
    }
    defer { lease.end() }
    return try await body(bytes)
  }

  /// Refuses a write that another site's page could have sent, or whose body is of another type.
  ///
  /// - Returns: the body's media type.
  @discardableResult
  func checkWrite(
    _ request: Request, _ context: Context, types: [String]
  ) throws(Refusal) -> String {
    try callers.checkSite(request.head, context.peer, localAddress: context.localAddress)
    let type =
      request.headers[values: .contentType].first?.split(separator: ";").first?
      .trimmingCharacters(in: .whitespaces).lowercased() ?? ""
    guard request.headers[values: .contentType].count <= 1, types.contains(type) else {
      throw Refusal(
        .unsupportedType, check: "content_type", field: "Content-Type",
        "The body's Content-Type is \(types.joined(separator: " or ")).")
    }
    return type
  }

  /// The address under which this request reached us, for links.
  func baseURL(_ request: Request) -> String {
    "http://\(request.head.authority ?? "localhost")"
  }

  func client(_ request: Request, _ context: Context) -> ClientID {
    callers.client(request.headers, context.peer)
  }

  /// Who asks, and with what authority.
  struct Caller {
    let client: ClientID
    let isOperator: Bool
  }

  func caller(_ request: Request, _ context: Context) throws -> Caller {
    Caller(
      client: client(request, context),
      isOperator: try callers.isOperator(request.headers, context.peer))
  }

  // MARK: Writing answers

  func answer(
    _ json: JSON, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    answer(bytes: json.canonicalBytes(), status: status, headers: headers)
  }

  func answer(
    bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    var headers = headers
    headers[.contentType] = "application/json"
    if headers[.cacheControl] == nil { headers[.cacheControl] = "no-cache" }
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  func answer(_ submission: SubmissionAnswer, _ request: Request) -> Response {
    var headers: HTTPFields = [.cacheControl: "no-store"]
    headers[.location] = "\(baseURL(request))/api/events?from=\(submission.position)&limit=1"
    return answer(submission.json, status: submission.created ? .created : .ok, headers: headers)
  }

  func stream(
    _ chunks: AsyncThrowingStream<[UInt8], any Error>, type: String
  ) -> Response {
    Response(
      status: .ok, headers: [.contentType: type, .cacheControl: "no-cache"],
      body: ResponseBody { writer in
        for try await chunk in chunks { try await writer.write(ByteBuffer(bytes: chunk)) }
        try await writer.finish(nil)
      })
  }

  /// Answers each line of the body with a line, in order, as it is dealt with.
  func lines(_ request: Request, _ context: Context, _ kind: BulkSubmitter.LineKind) throws
    -> Response
  {
    let caller = try caller(request, context)
    let limit = ledger.configuration.limits.submissionBytes
    let logger = context.logger
    let body = request.body
    let window = LineWindow(state.bodies.lease(for: caller.client))
    return Response(
      status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        let answers = self.ledger.bulkSubmitter.submit(
          BodyLines(body: body, limit: limit, window: window), kind, client: caller.client,
          operatorAuthorised: caller.isOperator)
        do {
          for try await answer in answers {
            let json: JSON =
              switch answer {
              case .success(let answer): answer.json
              case .failure(let error): .object(Problem(error, logger: logger).json)
              }
            try await window.answered()
            try await writer.write(ByteBuffer(bytes: json.canonicalBytes() + [0x0A]))
          }
        } catch let refusal as Refusal {
          // The body itself cannot be read on; what came before has its answers.
          let json = JSON.object(Problem(refusal, logger: logger).json)
          try await writer.write(ByteBuffer(bytes: json.canonicalBytes() + [0x0A]))
        }
        try await writer.finish(nil)
      })
  }

  // MARK: Records

  func addRecords(to router: Router<Context>) {
    router.get("/pith/:id") { request, context in
      self.answer(
        try await self.ledger.records.document(
          self.identifier(context), baseURL: self.baseURL(request)))
    }
    router.get("/pith/:id/state.json") { request, context in
      self.answer(
        try await self.ledger.records.state(
          self.identifier(context), baseURL: self.baseURL(request)))
    }
    router.get("/pith/:id/bundle.json") { request, context in
      try self.ledger.quotas.takeHeavyRead(self.client(request, context))
      return self.stream(
        try await self.ledger.bundles.bundle(self.identifier(context)),
        type: "application/json")
    }
    router.get("/paper/:id") { request, context in
      let number = try await self.ledger.records.resolve(self.identifier(context)).record.pithNumber
      return Response(
        status: .found, headers: [.location: "\(self.baseURL(request))/pith/\(number.suffix)"])
    }
    router.get("/api/pith-number/resolve") { request, _ in try await self.resolve(request) }
    router.get("/api/pith-number/:id/graph.json") { _, context in
      self.answer(try await self.ledger.records.graph(self.identifier(context)))
    }
    router.get("/api/pith-number/:id/events.json") { request, context in
      self.answer(
        try await self.ledger.events.page(
          of:
            self.identifier(context), from: Position(rawValue: self.number(request, "from") ?? 0),
          limit: self.limit(request), baseURL: self.baseURL(request)))
    }
    router.get("/api/pith-number/:id/status.json") { request, context in
      let name = try self.identifier(context)
      let asOf: Int64? = try self.number(request, "as_of")
      let atLeast: Int64? = try self.number(request, "at_least")
      guard asOf != nil || atLeast != nil else {
        return self.answer(bytes: try await self.ledger.records.statusBytes(name))
      }
      if asOf != nil { try self.ledger.quotas.takeHeavyRead(self.client(request, context)) }
      return self.answer(try await self.ledger.records.status(name, asOf: asOf, atLeast: atLeast))
    }
    router.post("/pith/:id/action/:action") { request, context in
      let name = try context.parameters.require("action")
      // A claim by token that nobody signed is withdrawn by token, as bare as it came.
      guard let action = EventType(name: name), action.isAttestation || action == .eventWithdrawn
      else {
        throw Refusal(
          .notFound, check: "action",
          "The actions are \(EventType.attestations.map(\.name).joined(separator: ", ")).")
      }
      let record = try self.identifier(context)
      try self.checkWrite(request, context, types: [Self.jsonType])
      let caller = try self.caller(request, context)
      return try await self.withBody(request, context) { bytes in
        if request.uri.queryParameters["prepare"] == "true" {
          return self.answer(
            try await self.ledger.preparer.prepare(bytes, record: record, action: action).json)
        }
        return self.answer(
          try await self.ledger.submitter.submit(
            bytes, record: record, action: action, client: caller.client,
            operatorAuthorised: caller.isOperator), request)
      }
    }
  }

  private func resolve(_ request: Request) async throws -> Response {
    let query = request.uri.queryParameters
    guard let name = query["arxiv"] ?? query["doi"] ?? query["id"] else {
      throw Refusal(.malformed, check: "query", "Name the record by arxiv, doi or id.")
    }
    let found = try await ledger.records.resolve(String(name))
    let page = "\(baseURL(request))/pith/\(found.record.pithNumber.suffix)"
    guard query["json"] == "true" else {
      return Response(status: .found, headers: [.location: page])
    }
    return answer([
      "candidates": .array(found.others.map { .string($0.pithNumber.description) }),
      "json": "\(page).json", "pith_number": .string(found.record.pithNumber.description),
      "url": "\(page)",
    ])
  }

  // MARK: The log

  func addLog(to router: Router<Context>) {
    addIntake(to: router, "/api/records", .documents) { bytes, caller in
      try await self.ledger.documentImporter.importDocument(
        bytes, client: caller.client, operatorAuthorised: caller.isOperator)
    }
    addIntake(to: router, "/api/events", .events) { bytes, caller in
      try await self.ledger.submitter.submit(
        bytes, client: caller.client, operatorAuthorised: caller.isOperator)
    }
    router.get("/api/events") { request, _ in
      self.answer(
        try await self.ledger.events.page(
          from: Position(rawValue: self.number(request, "from") ?? 0), limit: self.limit(request),
          baseURL: self.baseURL(request)))
    }
    router.get("/api/events/stream") { request, context in
      var from = try self.number(request, "from") ?? 0
      if let name = HTTPField.Name("Last-Event-ID"), let last = request.headers[name] {
        from = 1 + (try Self.wholeNumber(last, check: "last_event_id", "Last-Event-ID"))
      }
      return try self.serverSentEvents(from: from, client: self.client(request, context))
    }
    router.get("/api/evidence/:id") { _, context in
      let bytes = try await self.ledger.evidence.publicBytes(self.identifier(context))
      // Anybody's bytes: never rendered, never guessed at, never given this origin's rights.
      var headers: HTTPFields = [
        .contentType: "application/octet-stream", .cacheControl: "public, max-age=300",
        .contentDisposition: "attachment", .contentSecurityPolicy: "default-src 'none'; sandbox",
        .xContentTypeOptions: "nosniff",
      ]
      headers[.eTag] = "\"\(Digest(hashing: bytes).hex)\""
      return Response(
        status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
    router.post("/api/evidence/check") { request, context in
      try self.checkWrite(request, context, types: [Self.bytesType])
      let caller = try self.caller(request, context)
      if !caller.isOperator { try self.ledger.quotas.takeProofCheck(caller.client) }
      let digest = try request.uri.queryParameters["digest"].map { text throws(Refusal) in
        guard let digest = Digest(hex: text.lowercased()) else {
          throw Refusal(
            .malformed, check: "query", field: "digest", "A SHA-256 has 64 hexadecimal digits.")
        }
        return digest
      }
      return try await self.withBody(request, context) { bytes in
        self.answer(
          try await self.ledger.evidenceInspector.inspect(
            bytes, of: digest, client: caller.isOperator ? .shell : caller.client
          ).json,
          headers: [.cacheControl: "no-store"])
      }
    }
    router.get("/api/keys") { _, _ in self.answer(try await self.ledger.keys.all()) }
    router.get("/api/keys/:id") { _, context in
      self.answer(try await self.ledger.keys.key(self.identifier(context)))
    }
  }

  /// A path that takes one document, or lines of them.
  private func addIntake(
    to router: Router<Context>, _ path: RouterPath, _ kind: BulkSubmitter.LineKind,
    one: @escaping @Sendable ([UInt8], Caller) async throws -> SubmissionAnswer
  ) {
    router.post(path) { request, context in
      let type = try self.checkWrite(request, context, types: [Self.jsonType, Self.linesType])
      if type == Self.linesType { return try self.lines(request, context, kind) }
      let caller = try self.caller(request, context)
      return try await self.withBody(request, context) { bytes in
        self.answer(try await one(bytes, caller), request)
      }
    }
  }

  /// The log as server-sent events (HTML, section 9.2); an empty comment keeps idle connections open.
  private func serverSentEvents(from: Int64, client: ClientID) throws(Refusal) -> Response {
    guard let place = StreamPlace(state.table, client) else {
      throw Refusal(
        .tooMany, check: "stream_limit",
        "A client has at most \(ledger.configuration.server.streamsPerClient) streams open; close one first.",
        retryAfter: 10)
    }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
      body: ResponseBody { writer in
        defer { place.leave() }
        try await withGracefulShutdownHandler {
          // The first bytes go out at once, so that a client knows it is connected.
          try await writer.write(ByteBuffer(string: ": the log from position \(from)\n\n"))
          for try await item in self.ledger.feed.stream(from: Position(rawValue: from)) {
            guard let item else {
              try await writer.write(ByteBuffer(string: ":\n\n"))
              continue
            }
            var buffer = ByteBuffer(string: "id: \(item.position)\ndata: ")
            buffer.writeBytes(item.json)
            buffer.writeString("\n\n")
            try await writer.write(buffer)
          }
        } onGracefulShutdown: {
          Task { await self.ledger.feed.stop() }
        }
        try await writer.finish(nil)
      })
  }

  // MARK: The service

  func addService(to router: Router<Context>) {
    router.get("/healthz") { _, _ in self.answer(["status": "alive"]) }
    router.get("/readyz") { _, _ in
      let health = try await self.ledger.health()
      if let mismatch = await self.ledger.checkpoints.historyMismatch() {
        return self.answer(
          ["size": .integer(health.size), "status": .string("refusing: \(mismatch)")],
          status: .serviceUnavailable)
      }
      if let outage = await self.ledger.checkpoints.signingOutage() {
        return self.answer(
          [
            "check": .string(outage.check), "size": .integer(health.size),
            "status": .string("no checkpoint can be signed at the moment: \(outage.message)"),
          ], status: .serviceUnavailable)
      }
      return self.answer([
        "lag": .integer(health.lag), "size": .integer(health.size), "status": "ready",
      ])
    }
    router.get("/.well-known/pith-ledger.json") { _, _ in
      self.answer([
        "checkpoint": "/checkpoint", "keys": "/api/keys",
        "log_key": (try await self.ledger.checkpoints.verifierKey()).map { .string($0) } ?? .null,
        "origin": .string(self.ledger.origin),
        "notice": "What is signed and submitted here is public and permanent.",
      ])
    }
    router.get("/") { _, _ in
      self.answer([
        "about": "An append-only ledger of attestations about papers with a Pith Number.",
        "check_proof": "POST /api/evidence/check?digest={sha256}",
        "checkpoint": "/checkpoint", "import": "POST /api/records", "keys": "/api/keys",
        "log": "/api/events",
        "log_stream": "/api/events/stream", "origin": .string(self.ledger.origin),
        "proof": "/api/proof/{position or event_id}", "record": "/pith/{id}.json",
        "resolve": "/api/pith-number/resolve?arxiv=…",
        "status": "/api/pith-number/{id}/status.json",
        "submit": "POST /pith/{id}/action/{event_type} or POST /api/events",
      ])
    }
  }
}

/// The lines of a request's body, read as they are asked for.
private struct BodyLines: AsyncSequence, Sendable {
  let body: RequestBody
  let limit: Int
  let window: LineWindow

  struct AsyncIterator: AsyncIteratorProtocol {
    var buffers: RequestBody.AsyncIterator
    var splitter: LineSplitter
    let window: LineWindow
    var lines: ArraySlice<[UInt8]> = []
    var isFinished = false

    mutating func next(isolation actor: isolated (any Actor)?) async throws -> [UInt8]? {
      while lines.isEmpty, !isFinished {
        if let buffer = try await buffers.next(isolation: actor) {
          lines = try splitter.feed(Array(buffer.readableBytesView))[...]
        } else {
          isFinished = true
          lines = splitter.finish().map { [$0] } ?? []
        }
        try await window.arrived(lines.map(\.count), begun: splitter.bufferedCount)
      }
      return lines.popFirst()
    }

    mutating func next() async throws -> [UInt8]? { try await next(isolation: #isolation) }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(
      buffers: body.makeAsyncIterator(), splitter: LineSplitter(limit: limit), window: window)
  }
}

/// The memory of a bulk submission: the lines that wait for their answers, and the one that is coming.
private final class LineWindow: Sendable {
  private struct State {
    var waiting: [Int] = []
    var begun = 0
  }

  private let state = Mutex(State())
  private let lease: BodyBudget.Lease

  init(_ lease: BodyBudget.Lease) { self.lease = lease }

  /// Errors: `unavailable` where there is no memory for them.
  func arrived(_ lines: [Int], begun: Int) async throws {
    let total = state.withLock { state in
      state.waiting += lines
      state.begun = begun
      return state.waiting.reduce(begun, +)
    }
    try await lease.hold(total)
  }

  /// The oldest line has its answer.
  func answered() async throws {
    let total = state.withLock { state in
      if !state.waiting.isEmpty { state.waiting.removeFirst() }
      return state.waiting.reduce(state.begun, +)
    }
    try await lease.hold(total)
  }
}

/// One of a client's places for event streams, left once.
private final class StreamPlace: Sendable {
  private let table: ConnectionTable
  private let client: ClientID
  private let isLeft = Mutex(false)

  init?(_ table: ConnectionTable, _ client: ClientID) {
    guard table.openStream(client) else { return nil }
    self.table = table
    self.client = client
  }

  deinit { leave() }

  func leave() {
    let isFirst = isLeft.withLock { isLeft in
      defer { isLeft = true }
      return !isLeft
    }
    if isFirst { table.closeStream(client) }
  }
}
