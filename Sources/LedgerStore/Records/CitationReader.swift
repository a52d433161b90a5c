public import Encodings
public import LedgerDomain
import PostgresClient

/// Which citations a list has.
public struct CitationSelection: Sendable {
  /// The end of the citations that is given.
  public enum End: Sendable {
    /// The citations of a record.
    case cited(RecordID)
    /// The citations by a paper, under any of its names.
    case citing(Digest128)
  }

  /// The given end.
  public var end: End
  /// The relation; `nil` for any.
  public var relation: CitationSignature.Relation?
  /// Whether the signer's key was vouched for before the citation; `nil` for either.
  public var isVouched: Bool?
  /// The keys of the signer; `nil` for any.
  public var signers: [Digest128]?
  /// The standings; empty for any.
  public var standings: [Standing] = []
  /// The order, by position.
  public var order: EventOrder = .ascending

  /// Selects all citations of an end, the oldest first.
  public init(_ end: End) { self.end = end }
}

/// A citation with its standing, its event and the records at its ends.
public struct StoredCitation: Sendable {
  /// The event.
  public let event: StoredEvent
  /// The standing of the event.
  public let standing: Standing
  /// Whether the signer's key was vouched for before the event.
  public let isSignerVouched: Bool
  /// The Pith Number of the cited record.
  public let cited: PithNumber
}

/// Reads the projection of citations.
public struct CitationReader: Sendable {
  private let readers: DatabasePool
  private let folds: FoldEventReader

  init(readers: DatabasePool, folds: FoldEventReader) {
    self.readers = readers
    self.folds = folds
  }

  /// The paper that a record is, as of the newest event: what its citations have in common under any of
  /// its names.
  public func paper(of number: PithNumber, _ timeline: KeyTimeline) async throws -> Digest128 {
    let name = PaperName(number).slot
    let events = try await folds.namingEvents([name], below: .max)
    return PaperNames(events, timeline).paper(of: name)
  }

  /// The first citations of a selection behind a position, at most `limit`.
  ///
  /// - Parameters:
  ///   - selection: what is selected.
  ///   - position: the position of the last citation of the page before; `nil` for the first page.
  ///   - limit: the largest number of items.
  public func citations(
    _ selection: CitationSelection, behind position: Position?, limit: Int
  ) async throws -> [StoredCitation] {
    var conditions: [String] = []
    var parameters: [PostgresValue] = []
    func add(_ value: PostgresValue, _ condition: (String) -> String) {
      parameters.append(value)
      conditions.append(condition("$\(parameters.count)"))
    }
    switch selection.end {
    case .cited(let record): add(.record(record)) { "c.record_position = \($0)" }
    case .citing(let paper): add(.bytes(paper.bytes)) { "c.paper = \($0)" }
    }
    if let relation = selection.relation {
      add(.int2(Int16(relation.number))) { "c.relation = \($0)" }
    }
    if let isVouched = selection.isVouched { add(.bool(isVouched)) { "c.is_vouched = \($0)" } }
    if let signers = selection.signers {
      add(.bytesArray(signers.map(\.bytes))) { "c.signer_key = ANY (\($0))" }
    }
    if !selection.standings.isEmpty {
      add(.int2Array(selection.standings.map { Int16($0.rawValue) })) { "c.standing = ANY (\($0))" }
    }
    if let position {
      add(.position(position)) { "c.position \(selection.order == .descending ? "<" : ">") \($0)" }
    }
    parameters.append(.int8(Int64(limit)))
    let order = "position\(selection.order == .descending ? " DESC" : "")"
    return try await readers.query(
      """
      SELECT \(StoredEvent.columns), k.standing, k.is_vouched, s.pith_number
      FROM (SELECT c.* FROM ledger.citation c WHERE \(conditions.joined(separator: " AND "))
          ORDER BY c.\(order) LIMIT $\(parameters.count)) AS k
        CROSS JOIN LATERAL (SELECT * FROM ledger.event t WHERE t.position = k.position LIMIT 1) AS e
        CROSS JOIN LATERAL (
          SELECT * FROM ledger.subject t WHERE t.record_position = k.record_position LIMIT 1) AS s
      ORDER BY k.\(order)
      """, parameters
    ).map(Self.citation)
  }

  private static func citation(_ row: PostgresRow) throws -> StoredCitation {
    let next = 6
    guard let standing = Standing(rawValue: Int(try row.int(next))),
      let cited = PithNumber(try row.text(next + 2))
    else {
      throw LedgerStoreError(.database, "a citation has a standing or a record that does not exist")
    }
    return StoredCitation(
      event: try StoredEvent(row), standing: standing, isSignerVouched: try row.bool(next + 1),
      cited: cited)
  }
}
