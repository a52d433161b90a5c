import Encodings
import LedgerDomain
import PostgresClient

/// Selects the events that tell which other names belong to the papers of some names.
struct NamingEventQuery: Sendable {
  /// The names, as slots of citations.
  let names: Set<Digest128>
  /// The position after the last event.
  let below: Position

  /// The statement, whose rows are events of the fold.
  var statement: PostgresStatement {
    PostgresStatement(
      "SELECT \(EventColumn.foldList) FROM ledger.naming_events($1, $2) e",
      [.bytesArray(names.sorted().map(\.bytes)), .position(below)])
  }

  /// The same for the names under which events cite that are not projected yet.
  ///
  /// - Parameter limit: the number of events after the projected ones.
  static func ofNextEvents(limit: Int64) -> PostgresStatement {
    PostgresStatement(
      """
      SELECT \(EventColumn.foldList) FROM ledger.naming_events(ARRAY(
          SELECT DISTINCT n.slot FROM (
            SELECT t.slot, t.event_type FROM ledger.event t
            WHERE t.position >= (SELECT c.next_position FROM ledger.projection_offset c)
            ORDER BY t.position LIMIT $1) AS n
          WHERE n.event_type = ledger.event_type_code('citation_signature')), $2) e
      """, [.int8(limit), .position(.max)])
  }
}

/// The events that name the citing papers of a batch, read as they are needed.
struct NamingEvents: Sendable {
  private var events: [Position: FoldEvent] = [:]
  /// The names whose events were read.
  private var known: Set<Digest128> = []
  /// The position after the last event that is read.
  let below: Position

  /// Makes a collection.
  ///
  /// - Parameters:
  ///   - events: events that were read for some names; those from `below` on are left out.
  ///   - known: these names.
  init(_ events: [FoldEvent] = [], of known: Set<Digest128> = [], below: Position) {
    self.below = below
    self.known = known
    add(events)
  }

  private mutating func add(_ more: [FoldEvent]) {
    for event in more where event.position < below { events[event.position] = event }
  }

  /// Reads the events of names that are not known yet.
  mutating func read(_ names: Set<Digest128>, _ connection: PostgresConnection) async throws {
    let missing = names.subtracting(known)
    guard !missing.isEmpty else { return }
    let query = NamingEventQuery(names: missing, below: below).statement
    add(try await connection.query(query.sql, query.parameters).map { try FoldEvent($0) })
    known.formUnion(missing)
  }

  /// The names as of a position.
  func papers(below position: Position, _ timeline: KeyTimeline) -> PaperNames {
    PaperNames(events.values.lazy.filter { $0.position < position }, timeline)
  }
}
