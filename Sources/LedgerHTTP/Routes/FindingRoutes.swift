import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerPages
import LedgerService
import LedgerStore
import RecordFormats

/// The first page, searches, and the pages of authors.
struct FindingRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader
  let renderer: PageRenderer

  /// The media types of the first page. A client that prefers none gets the first.
  private static let representations = ["text/html", "application/json"]

  func add(to routes: RouteTable) {
    routes.get("/", answers: Self.representations, use: home)
    routes.page(
      "/search", takes: SearchPage.parameters.map { QueryParameter(stringLiteral: $0) },
      isForm: true, use: search)
    routes.page("/records", takes: ["category", "cursor", "date"], isForm: true, use: records)
    routes.page("/authors/:id", takes: ["from"], use: author)
  }

  private func home(_ request: Request, _ context: LedgerRequestContext) async throws -> Response {
    guard Accept(request.headers).best(of: Self.representations) == "text/html" else {
      return .json(ServiceDescription.index(origin: ledger.origin), headers: [.vary: "Accept"])
    }
    var frame = PageFrame(
      title: "Statements about papers that anyone can check",
      summary: "What is verified about a scholarly paper, and the proof.",
      canonicalURL: reader.links(request).home)
    frame.section = "/"
    frame.scripts = ["latest-events.js"]
    frame.alternates = [TypedLink(rel: "alternate", href: "/", type: "application/json")]
    return .page(
      try renderer.html(HomePage(frame: frame, try await ledger.home.view())),
      headers: [.vary: "Accept"])
  }

  // MARK: Searches

  /// The value of a parameter. A form sends empty values for what is not filled in.
  private func value(_ context: LedgerRequestContext, _ name: String) -> String? {
    context.query[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func search(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let text = value(context, "q")?.trimmingCharacters(in: .whitespacesAndNewlines)
    var outcome = SearchPage.Outcome()
    if let text, value(context, "cursor") == nil {
      let thing = try await ledger.names.thing(named: text)
      if let address = thing?.address { return .found(address) }
      if case .candidates(let records) = thing { outcome.candidates = records }
    }
    let filter: RecordFilter?
    do {
      let parameters = ["after", "before", "category", "order", "q", "status"]
      let isAsked = parameters.contains { value(context, $0) != nil }
      filter = try isAsked ? RecordFilter { value(context, $0) } : nil
    } catch let refusal {
      filter = nil
      outcome.problem = refusal.message
    }
    if let filter {
      try ledger.quotas.takeHeavyRead(reader.client(request, context))
      outcome.page = try await ledger.search.page(
        filter, cursor: value(context, "cursor"), limit: 25)
    }
    if let text, outcome.candidates.isEmpty, outcome.page?.records.isEmpty ?? true,
      outcome.page?.next == nil
    {
      outcome.near = try await ledger.nearMatches.matches(for: text)
      outcome.hint = NameHint.text(text)
    }
    var frame = PageFrame(
      title: text.map { "Find: \($0)" } ?? "Find a record",
      summary: "Search for records by title, author, identifier, category, date and status.")
    frame.section = "/search"
    let page = SearchPage(frame: frame, outcome) { value(context, $0) }
    return .page(try renderer.html(page))
  }

  private func records(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let (category, cursor) = (value(context, "category"), value(context, "cursor"))
    let period = try value(context, "date").map { text throws(Refusal) in
      guard let period = CalendarPeriod(text) else {
        throw Refusal(
          .malformed, check: "query", field: "date",
          "A year, a month or a day, as 2024, 2024-05 or 2024-05-03.")
      }
      return period
    }
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    let filter = try RecordFilter { name in
      switch name {
      case "category": category
      case "after": period?.start?.description
      case "before": period?.end?.description
      default: nil
      }
    }
    let page = try await ledger.search.page(filter, cursor: cursor, limit: 25)
    var frame = PageFrame(
      title: period.map { "Records of \($0.words)" } ?? "Records",
      summary: "The records of this ledger by date and category.")
    frame.section = "/records"
    return .page(
      try renderer.html(
        RecordsPage(
          frame: frame, page, period: period, parts: try await parts(of: period),
          category: category, isFirst: cursor == nil)))
  }

  /// A time in each part of a period that has records: in each year, month or day.
  private func parts(of period: CalendarPeriod?) async throws -> [Timestamp] {
    guard let period else { return try await ledger.search.periods(.year) }
    guard let unit = period.unit, let start = period.start, let end = period.end else { return [] }
    return try await ledger.search.periods(unit, from: start, below: end)
  }

  private func author(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    try ledger.quotas.takeHeavyRead(reader.client(request, context))
    let from = try context.query.position("from")
    let view = try await ledger.authors.author(context.identifier(), from: from)
    let frame = PageFrame(
      title: "ORCID iD \(view.iD)",
      summary: "The claims of authorship and the keys of the ORCID iD \(view.iD).",
      canonicalURL: "\(reader.links(request).home)authors/\(view.iD)")
    return .page(
      try renderer.html(AuthorPage(frame: frame, view, isFirst: from == nil)))
  }
}

extension NamedThing {
  /// The page of what is named; `nil` for several records.
  fileprivate var address: String? {
    switch self {
    case .record(let number): Links().page(number)
    case .author(let iD): "/authors/\(iD)"
    case .key(let fingerprint): "/keys/\(fingerprint.hex)"
    case .event(let id): Links().event(id)
    case .hash(let digest): "/check?sha256=\(digest.hex)"
    case .candidates: nil
    }
  }
}

/// What to say about a text that looks like a name but names nothing.
enum NameHint {
  /// The hint for a text; `nil` for a text that looks like words.
  static func text(_ text: String) -> String? {
    let digits = text.filter { $0 != "-" && $0 != " " }
    if digits.utf8.count == 16, digits.dropLast().allSatisfy(\.isNumber),
      digits.last.map({ $0.isNumber || $0 == "X" || $0 == "x" }) ?? false
    {
      return "This looks like an ORCID iD, but its check digit is wrong."
    }
    if digits.utf8.count == 32, digits.allSatisfy(\.isHexDigit) {
      return "This looks like the fingerprint of a key. No such key is registered here."
    }
    guard let name = try? RecordName(text) else { return nil }
    return switch name {
    case .pithNumber: "This is a Pith Number. This ledger has no such record."
    case .suffix: "This may be the beginning of a Pith Number. No record here begins so."
    case .alias(let kinds, _):
      kinds.contains(.doi)
        ? "This looks like a DOI. No record here has it."
        : "This looks like an arXiv id. No record here has it."
    }
  }
}
