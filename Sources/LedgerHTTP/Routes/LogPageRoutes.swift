import CanonicalJSON
import Encodings
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerPages
import LedgerService
import LedgerStore
import RecordFormats

/// The pages of the log: its events, its keys, and the check of a file.
struct LogPageRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader
  let renderer: PageRenderer

  func add(to routes: RouteTable) {
    routes.page("/events", takes: ["from", "standing", "type"], isForm: true, use: events)
    routes.page("/events/:id", use: event)
    routes.page("/keys", takes: ["from", "signer", "standing"], isForm: true, use: keys)
    routes.page("/keys/:id", takes: ["from", "type"], use: key)
    routes.page("/check", takes: ["sha256"], use: check)
    routes.get("/api/hashes/:id") { _, context in
      Response.json(try await ledger.hashes.hash(context.identifier()).json)
    }
  }

  /// The value of a parameter. A form sends empty values for what is not filled in.
  private func value(_ context: LedgerRequestContext, _ name: String) -> String? {
    context.query[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func newestFirst(type: String?, standing: String? = nil) throws -> EventFilter {
    try EventFilter(
      types: type, signer: nil, target: nil, standings: standing, since: nil, order: "desc")
  }

  // MARK: Events

  private func events(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    let (type, standing) = (value(context, "type"), value(context, "standing"))
    let from = try context.query.position("from")
    let page = try await ledger.events.page(
      newestFirst(type: type, standing: standing), from: from, limit: 50)
    let details = try await ledger.events.details(of: page.events)
    var frame = PageFrame(
      title: "Events", summary: "Everything that was signed and recorded, the newest first.")
    frame.section = "/events"
    return .page(
      try renderer.html(
        EventListPage(
          frame: frame, page, details, type: type, standing: standing, isFirst: from == nil)))
  }

  private func event(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let dossier = try await ledger.dossiers.event(context.identifier())
    let links = reader.links(request)
    let event = dossier.detail.event
    var frame = PageFrame(
      title: "Event at position \(event.position)",
      summary: "What the event says, whether it counts, and the proof that it is in the log.",
      canonicalURL: links.event(event.eventID))
    frame.section = "/events"
    return .page(try renderer.html(EventDetailPage(frame: frame, dossier, links)))
  }

  // MARK: Keys

  private func keys(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    let (signer, standing) = (value(context, "signer"), value(context, "standing"))
    let states = try standing.map { text throws(Refusal) in
      try ListQuery.choices(
        text, "standing", among: KeyStanding.State.allCases.map { ($0.rawValue, $0) })
    }
    let from = try context.query.position("from")
    let page = try await ledger.keys.page(
      signer: signer, states: Set(states ?? []), from: from ?? .first, limit: 50)
    var frame = PageFrame(
      title: "Keys", summary: "The keys that sign in this ledger, and whose they are.")
    frame.section = "/keys"
    return .page(
      try renderer.html(
        KeysPage(frame: frame, page, standing: standing, signer: signer, isFirst: from == nil)))
  }

  private func key(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    let type = value(context, "type")
    let from = try context.query.position("from")
    let history = try await ledger.keyHistories.key(
      context.identifier(), newestFirst(type: type), from: from)
    let fingerprint = history.standing.key.fingerprint.hex
    var frame = PageFrame(
      title: "Key \(fingerprint)", summary: "Whose the key is, and what it signed.",
      canonicalURL: "\(reader.links(request).home)keys/\(fingerprint)")
    frame.section = "/keys"
    return .page(
      try renderer.html(KeyDetailPage(frame: frame, history, type: type, isFirst: from == nil)))
  }

  // MARK: Files

  private func check(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let text = value(context, "sha256")
    var known: KnownHash?
    var problem: String?
    if let text {
      do { known = try await ledger.hashes.hash(text) } catch let refusal as Refusal
        where refusal.code == .malformed
      { problem = refusal.message }
    }
    let frame = PageFrame(
      title: "Check a file",
      summary: "What this ledger knows about a file, a proof of time or a bundle.")
    return .page(
      try renderer.html(
        CheckPage(
          frame: frame, sha256: text, problem: problem, known: known,
          logKey: try await ledger.checkpoints.verifierKey())))
  }
}
