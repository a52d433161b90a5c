import Encodings
public import LedgerDomain
public import LedgerStore

/// Which citations a list has, as a reader asks for them.
public struct CitationFilter: Sendable, Hashable {
  /// The side of the record in its citations. The raw value is the parameter `direction`.
  public enum Direction: String, Sendable, CaseIterable {
    /// Papers that cite the record.
    case inbound = "in"
    /// Records that the paper cites.
    case outbound = "out"
  }

  /// The side of the record.
  public private(set) var direction: Direction = .inbound
  /// The relation; `nil` for any.
  public private(set) var relation: CitationSignature.Relation?
  /// Whether the signer's key was vouched for before the citation; `nil` for either.
  public private(set) var isVouched: Bool?
  /// The fingerprint of the signing key, or a `signer_id`; `nil` for any signer.
  public private(set) var signer: String?
  /// The standings; empty for any.
  public private(set) var standings: [Standing] = []
  /// The order, by position.
  public private(set) var order: EventOrder = .ascending
  /// The parameters by name, in the order of their names, as the reader gave them.
  public private(set) var items: [Item] = []

  /// A parameter that the reader gave.
  public struct Item: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The text.
    public let value: String
  }

  /// The parameters of a list of citations.
  public static let parameters = [
    "direction", "order", "relation", "signer", "standing", "vouched",
  ]

  /// Parses a filter.
  ///
  /// - Parameter value: the value of a parameter of ``parameters``; `nil` for an absent one.
  /// - Throws: a `Refusal` of code `malformed` with check `query` that names the parameter.
  public init(_ value: (_ name: String) -> String?) throws(Refusal) {
    for name in Self.parameters {
      guard let text = value(name) else { continue }
      items.append(Item(name: name, value: text))
      switch name {
      case "direction":
        direction = try ListQuery.choice(
          text, name, among: Direction.allCases.map { ($0.rawValue, $0) })
      case "relation":
        relation = try ListQuery.choice(
          text, name, among: CitationSignature.Relation.allCases.map { ($0.rawValue, $0) })
      case "order": order = try ListQuery.order(text)
      case "vouched":
        isVouched = try ListQuery.choice(text, name, among: [("true", true), ("false", false)])
      case "signer": signer = try ListQuery.signer(text)
      default:
        standings = try ListQuery.choices(
          text, name, among: Standing.allCases.map { ($0.name, $0) })
      }
    }
  }

  /// Makes the filter of the newest citations that are verified.
  init(newestVerified direction: Direction) throws(Refusal) {
    let values = ["direction": direction.rawValue, "order": "desc", "standing": "verified"]
    try self.init { values[$0] }
  }
}

/// Reads the citations of a record, and those by a paper, page by page.
public struct CitationQueries: Sendable {
  /// The largest number of citations in one page.
  public static let pageSize = 100

  let store: LedgerStore
  let resolver: RecordResolver
  let timeline: TimelineCache

  /// Returns a page of the citations of a record.
  ///
  /// A paper is the citing paper of a statement under any of its names.
  ///
  /// - Parameters:
  ///   - name: the record, by any of its names.
  ///   - filter: what is selected.
  ///   - cursor: the cursor that a page of the same list gave; `nil` for the first page.
  ///   - limit: the largest number of citations, brought to `pageSize`.
  ///
  /// Errors: those of resolving a name; `malformed` with check `query` for a limit below 1, and for a
  /// cursor of another list.
  public func page(
    _ name: String, _ filter: CitationFilter, cursor: String? = nil, limit: Int = 50
  ) async throws -> CitationPage {
    let limit = try ListQuery.limit(limit, most: Self.pageSize)
    return try await page(
      of: resolver.resolve(name).record, filter, cursor: cursor, limit: limit)
  }

  /// Returns the newest verified citations of a record, which its own answers show.
  func newest(
    of record: ResolvedRecord, _ direction: CitationFilter.Direction, limit: Int
  ) async throws -> CitationPage {
    try await page(of: record, CitationFilter(newestVerified: direction), limit: limit)
  }

  private func page(
    of record: ResolvedRecord, _ filter: CitationFilter, cursor: String? = nil, limit: Int
  ) async throws -> CitationPage {
    let cursors = ListCursor(
      [record.pithNumber.description] + filter.items.flatMap { [$0.name, $0.value] })
    let place = try cursor.map { text throws(Refusal) in
      Position(rawValue: try cursors.place(text)[0])
    }
    let keys = try await timeline.current().timeline
    let end: CitationSelection.End
    switch filter.direction {
    case .inbound: end = .cited(record.record)
    case .outbound: end = .citing(try await store.citations.paper(of: record.pithNumber, keys))
    }
    var selection = CitationSelection(end)
    selection.relation = filter.relation
    selection.isVouched = filter.isVouched
    selection.standings = filter.standings
    selection.order = filter.order
    selection.signers = filter.signer.map(keys.keys(ofSigner:))
    // One more than the page tells whether there is a next page.
    let found = try await store.citations.citations(selection, behind: place, limit: limit + 1)
    let citations = try found.prefix(limit).map(CitationView.init)
    let known = try await store.records.preferred(citations.map(\.citing.recordNames))
    let last = found.count > limit ? citations.last?.citation.event.position : nil
    return CitationPage(
      pithNumber: record.pithNumber, filter: filter, limit: limit,
      citations: citations.enumerated().map { $1.resolved(as: known[$0]) },
      next: last.map { cursors.text($0.rawValue) })
  }
}

/// A citation with what its event says.
public struct CitationView: Sendable {
  /// The citation.
  public let citation: StoredCitation
  /// The signed event.
  public let event: SignedEvent
  /// The payload of the event.
  public let payload: CitationSignature
  /// The record of the citing paper, if this ledger has it.
  public private(set) var citingRecord: PithNumber?

  /// The citing paper as the event names it.
  public var citing: CitingRecord { payload.citing }

  init(_ citation: StoredCitation) throws {
    self.citation = citation
    event = try Entry(bytes: citation.event.entry).event
    guard case .citationSignature(let payload) = event.body.payload else {
      throw Refusal(
        .unavailable, check: "log",
        "The event at \(citation.event.position) is not a citation. Run pithledger replay --check.")
    }
    self.payload = payload
  }

  func resolved(as record: PithNumber?) -> CitationView {
    var view = self
    view.citingRecord = record
    return view
  }
}

/// One page of the citations of a record.
public struct CitationPage: Sendable {
  /// The record.
  public let pithNumber: PithNumber
  /// The list.
  public let filter: CitationFilter
  /// The largest number of citations that the page may have.
  public let limit: Int
  /// The citations, in the order of the list.
  public let citations: [CitationView]
  /// The cursor of the next page; `nil` if this is the last page.
  public let next: String?
}
