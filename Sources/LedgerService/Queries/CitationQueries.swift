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
  /// Whether the newest citation comes first.
  public private(set) var isNewestFirst = false
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
      case "direction": direction = try Self.choice(text, name)
      case "relation": relation = try Self.choice(text, name) as CitationSignature.Relation
      case "order": isNewestFirst = try Self.order(text)
      case "vouched": isVouched = try Self.boolean(text, name)
      case "signer": signer = try Self.signer(text)
      default: standings = try Self.standings(text)
      }
    }
  }

  /// Makes the filter of the newest citations that are verified.
  init(newestVerified direction: Direction) throws(Refusal) {
    let values = ["direction": direction.rawValue, "order": "desc", "standing": "verified"]
    try self.init { values[$0] }
  }

  private static func refusal(_ field: String, _ message: String) -> Refusal {
    Refusal(.malformed, check: "query", field: field, message)
  }

  private static func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ text: String, _ field: String
  ) throws(Refusal) -> Value {
    guard let value = Value(rawValue: text) else {
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw refusal(field, "One of \(known).")
    }
    return value
  }

  private static func boolean(_ text: String, _ field: String) throws(Refusal) -> Bool {
    guard text == "true" || text == "false" else { throw refusal(field, "One of true, false.") }
    return text == "true"
  }

  private static func order(_ text: String) throws(Refusal) -> Bool {
    guard text == "asc" || text == "desc" else {
      throw refusal("order", "The orders are asc and desc.")
    }
    return text == "desc"
  }

  private static func signer(_ text: String) throws(Refusal) -> String {
    guard (1...300).contains(text.utf8.count) else {
      throw refusal("signer", "A fingerprint of 32 hexadecimal digits, or a signer_id.")
    }
    return text
  }

  private static func standings(_ text: String) throws(Refusal) -> [Standing] {
    var standings: [Standing] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let standing = Standing.allCases.first(where: { $0.name == name }) else {
        let known = Standing.allCases.map(\.name).joined(separator: ", ")
        throw refusal("standing", "Not a standing of a citation. The standings are \(known).")
      }
      if !standings.contains(standing) { standings.append(standing) }
    }
    return standings
  }

  /// What a cursor must have in common with the filter.
  var mark: [UInt8] {
    let text = items.map { "\($0.name.utf8.count):\($0.name)\($0.value.utf8.count):\($0.value)" }
    return Array(Digest(hashing: Array(text.joined().utf8)).bytes.prefix(4))
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
  ///   - cursor: the cursor that a page of the same list gave; `nil` for the first page.
  ///   - limit: the largest number of citations, brought to `pageSize`.
  ///
  /// Errors: those of resolving a name; `malformed` with check `query` for a limit below 1, and for a
  /// cursor of another list.
  public func page(
    _ name: String, _ filter: CitationFilter, cursor: String? = nil, limit: Int = 50
  ) async throws -> CitationPage {
    guard limit >= 1 else {
      throw Refusal(
        .malformed, check: "query", field: "limit",
        "A limit is at least 1, and at most \(Self.pageSize).")
    }
    return try await page(
      of: resolver.resolve(name).record, filter, cursor: cursor, limit: min(limit, Self.pageSize))
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
    let place = try cursor.map { text throws(Refusal) in
      try Self.position(text, filter, record.pithNumber)
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
    selection.isNewestFirst = filter.isNewestFirst
    selection.signers = filter.signer.map { signer in
      Digest128(hex: signer.lowercased()).map { [$0] } ?? keys.keys(boundTo: signer)
    }
    // One more than the page tells whether there is a next page.
    let found = try await store.citations.citations(selection, behind: place, limit: limit + 1)
    let citations = try found.prefix(limit).map(CitationView.init)
    let known = try await store.records.preferred(citations.map(\.citing.recordNames))
    let last = found.count > limit ? citations.last?.citation.event.position : nil
    return CitationPage(
      pithNumber: record.pithNumber, filter: filter, limit: limit,
      citations: citations.enumerated().map { $1.resolved(as: known[$0]) },
      next: last.map { Self.cursor($0, filter, record.pithNumber) })
  }

  // MARK: Cursors

  /// A cursor has the last position and a mark of the list, in hexadecimal.
  private static func cursor(
    _ position: Position, _ filter: CitationFilter, _ number: PithNumber
  ) -> String {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: position.rawValue >> (56 - 8 * $0)) }
    return Hex.encode(bytes + mark(filter, number))
  }

  private static func position(
    _ cursor: String, _ filter: CitationFilter, _ number: PithNumber
  ) throws(Refusal) -> Position {
    guard let bytes = Hex.decode(cursor), bytes.count == 12,
      Array(bytes[8...]) == mark(filter, number)
    else {
      throw Refusal(
        .malformed, check: "query", field: "cursor",
        "Not a cursor that a page of this list gave. A list with other parameters begins without one."
      )
    }
    return Position(rawValue: bytes[0..<8].reduce(0) { $0 << 8 | Int64($1) })
  }

  private static func mark(_ filter: CitationFilter, _ number: PithNumber) -> [UInt8] {
    Array(Digest(hashing: filter.mark + Array(number.description.utf8)).bytes.prefix(4))
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
