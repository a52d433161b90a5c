public import Encodings
public import LedgerDomain
import PostgresClient

/// Reads events in the form that the fold takes: the typed columns of the log without the entries.
public struct FoldEventReader: Sendable {
  private let readers: DatabasePool

  init(readers: DatabasePool) { self.readers = readers }

  /// The columns of `ledger.event e` that a replay reads of events about records. A benchmark compares
  /// with them.
  public static var recordColumns: String { EventColumn.recordList }

  // MARK: One record

  /// An event of a record by its ID.
  public func event(record: RecordID, id: Digest) async throws -> FoldEvent? {
    try await select(
      "WHERE \(EventColumn.byID("e", record: "$1", id: "$2"))", [.record(record), .bytes(id.bytes)]
    ).first
  }

  /// The events of a record below a position, by position.
  public func events(record: RecordID, upTo size: Position) async throws -> [FoldEvent] {
    try await select(
      "WHERE e.record_position = $1 AND e.position < $2 ORDER BY e.position",
      [.record(record), .position(size)])
  }

  /// Author claims of a record, the last first.
  ///
  /// - Parameters:
  ///   - record: the record.
  ///   - confirmed: whether only claims are wanted whose name is in the author list and is confirmed by the issuer.
  ///     Each strong claim is among these.
  ///   - limit: the largest number of items.
  public func newestAuthorClaims(
    record: RecordID, confirmed: Bool, limit: Int
  ) async throws -> [FoldEvent] {
    let flags: FoldFlags = confirmed ? [.nameListed, .nameVerified] : []
    return try await select(
      """
      WHERE e.record_position = $1 AND e.event_type = \(EventType.authorAttestation.rawValue)
        AND e.flags & $2 = $2
      ORDER BY e.position DESC LIMIT $3
      """, [.record(record), .int4(flags.rawValue), .int8(Int64(limit))])
  }

  /// The event of a record that an identity token was used for.
  public func claim(by token: Digest, record: RecordID) async throws -> FoldEvent? {
    try await select(
      """
      WHERE e.record_position = $1
        AND e.event_id = (SELECT u.event_id FROM ledger.used_token u WHERE u.sha256 = $2)
      """, [.record(record), .bytes(token.bytes)]
    ).first
  }

  /// Replication records by position, from a position on.
  ///
  /// - Parameters:
  ///   - record: the record that they are about; `nil` for any.
  ///   - from: the position of the first event.
  ///   - limit: the largest number of items.
  public func replications(
    record: RecordID?, from: Position, limit: Int
  ) async throws -> [FoldEvent] {
    // The numbers are part of the text: the partial index of types names one.
    let isReplication =
      "e.event_type + 0 = \(EventType.replicationRecord.rawValue) "
      + "AND e.event_type <> \(EventType.citationSignature.rawValue)"
    let page = [PostgresValue.position(from), .int8(Int64(limit))]
    guard let record else {
      return try await select(
        "WHERE \(isReplication) AND e.position >= $1 ORDER BY e.position LIMIT $2", page)
    }
    return try await select(
      """
      WHERE \(isReplication) AND e.position >= $1 AND e.record_position = $3
      ORDER BY e.position LIMIT $2
      """, page + [.record(record)])
  }

  // MARK: Groups

  /// The events of one group, by position.
  public func events(record: RecordID, group: Int64) async throws -> [FoldEvent] {
    try await select(
      "WHERE e.record_position = $1 AND e.fold_group = $2 ORDER BY e.position",
      [.record(record), .int8(group)])
  }

  /// The events of some groups of a record and of all groups linked to them.
  public func events(
    record: RecordID, groups: Set<Int64>, _ timeline: KeyTimeline
  ) async throws -> LinkedEvents {
    let events = try await select(
      "WHERE e.record_position = $1 AND e.fold_group = ANY($2) ORDER BY e.position",
      [.record(record), .int8Array(groups.sorted())])
    return try await addingLinked(to: events, record: record, timeline)
  }

  /// Adds the events of all groups that are linked to some, and the names under which they cite.
  ///
  /// - Parameters:
  ///   - events: all events of some groups of the record.
  ///   - candidate: an event that is not in the log. Its links are followed too.
  ///   - record: the record.
  ///   - timeline: the keys as of the last event, or later.
  public func addingLinked(
    to events: [FoldEvent], and candidate: FoldEvent? = nil, record: RecordID,
    _ timeline: KeyTimeline
  ) async throws -> LinkedEvents {
    let all = candidate.map { events + [$0] } ?? events
    let papers = try await papers(of: all, below: .max, timeline)
    let links = FoldLinks(all, FoldContext(timeline, papers))
    let known = Set(events.compactMap(\.foldGroup))
    if links.claimants.isEmpty, links.citations.isEmpty, links.groups.isSubset(of: known) {
      return LinkedEvents(events, papers)
    }
    let citations = Array(links.citations)
    let more = try await select(
      """
      WHERE e.record_position = $1 AND e.fold_group = ANY ($2::bigint[] || ARRAY(
          SELECT c.fold_group FROM ledger.event c
          WHERE c.record_position = $1 AND c.claimant = ANY ($3)
            AND c.event_type = \(EventType.checkRecorded.rawValue) AND c.claimant IS NOT NULL)
          || ARRAY(
          SELECT c.fold_group FROM unnest($5::bytea[], $6::bytea[], $7::bytea[]) AS k (key, paper, name)
            CROSS JOIN LATERAL (
              SELECT * FROM ledger.citation t WHERE t.record_position = $1 AND t.signer_key = k.key
                AND t.paper = k.paper OFFSET 0) AS c
          WHERE c.name <> k.name))
        AND NOT e.fold_group = ANY ($4) ORDER BY e.position
      """,
      [
        .record(record), .int8Array(links.groups.sorted()),
        .bytesArray(links.claimants.map(\.bytes)), .int8Array(known.sorted()),
        .bytesArray(citations.map(\.key.bytes)), .bytesArray(citations.map(\.paper.bytes)),
        .bytesArray(citations.map(\.name.bytes)),
      ])
    if more.isEmpty { return LinkedEvents(events, papers) }
    // A linked citation may name its paper by a Pith Number whose record was not read yet.
    let hasNewNames = !more.citingNames.isSubset(of: all.citingNames)
    return LinkedEvents(
      (events + more).sorted { $0.position < $1.position },
      hasNewNames ? try await self.papers(of: all + more, below: .max, timeline) : papers)
  }

  // MARK: Names of papers

  /// The papers of the names under which some events cite, as of a position.
  public func papers(
    of events: some Sequence<FoldEvent>, below position: Position, _ timeline: KeyTimeline
  ) async throws -> PaperNames {
    let names = events.citingNames
    if names.isEmpty { return PaperNames() }
    return PaperNames(try await namingEvents(names, below: position), timeline)
  }

  /// The events below a position that tell which other names belong to the papers of some names.
  public func namingEvents(
    _ names: Set<Digest128>, below position: Position
  ) async throws -> [FoldEvent] {
    let statement = NamingEventQuery(names: names, below: position).statement
    return try await readers.query(statement.sql, statement.parameters).map { try FoldEvent($0) }
  }

  /// The slot of the source of a record, from which the columns of an event about an alias derive.
  public func recordSource(_ record: RecordID) async throws -> Digest128? {
    try await select("WHERE e.position = $1", [.position(record.firstPosition)]).first?.slot
  }

  // MARK: The log

  /// Events of all records by position, from a position on.
  public func events(from position: Position, limit: Int) async throws -> [FoldEvent] {
    try await select(
      "WHERE e.position >= $1 ORDER BY e.position LIMIT $2",
      [.position(position), .int8(Int64(limit))])
  }

  /// The events whose columns in the table differ from these, with the names of the columns; without names
  /// where no row has the position. The server compares the stored values, so that a value that no program
  /// writes differs too.
  public func differences(
    from derived: [FoldEvent]
  ) async throws -> [(position: Position, columns: [String])] {
    guard let first = derived.first?.position, let last = derived.last?.position else { return [] }
    // Usually all are equal. The server then has nothing to decode or compare.
    var rows = BinaryCopyWriter()
    for event in derived { rows.append(event) }
    let isSame = try await readers.copies(
      """
      COPY (SELECT \(EventColumn.foldList) FROM ledger.event e
        WHERE e.position BETWEEN \(first.rawValue) AND \(last.rawValue) ORDER BY e.position)
      TO STDOUT (FORMAT binary)
      """, exactly: rows.finish())
    if isSame { return [] }
    return try await readers.query(
      EventColumn.comparison, EventColumn.ofFold.map { $0.values(of: derived) }
    ).map { row in
      (try row.position(0), try row.text(1).split(separator: ",").map { String($0) })
    }
  }

  /// Events of the registry from one position to before another, by position.
  public func keyEvents(from: Position, below: Position = .max) async throws -> [FoldEvent] {
    let statement = KeyEventQuery(from: from, below: below).statement
    return try await readers.query(statement.sql, statement.parameters).map { try FoldEvent($0) }
  }

  /// The keys as of a position: all events of the registry below it, applied in their order.
  public func timeline(below position: Position = .max) async throws -> KeyTimeline {
    var timeline = KeyTimeline()
    timeline.apply(try await keyEvents(from: .first, below: position))
    return timeline
  }

  /// The positions of the last event of a record, of the last event of the registry, and of the last
  /// event that names a paper, all below a size of the log; -1 for none.
  public func lastPositions(
    of record: RecordID, below size: Position
  ) async throws -> (event: Position, keyEvent: Position, namingEvent: Position) {
    let row = try await readers.query(
      """
      SELECT coalesce(
          (SELECT max(e.position) FROM ledger.event e WHERE e.record_position = $1 AND e.position < $2), -1),
        coalesce(
          (SELECT max(e.position) FROM ledger.event e WHERE e.record_position = ledger.registry() AND e.position < $2), -1),
        coalesce(
          (SELECT max(e.position) FROM ledger.event e
           WHERE e.event_type IN (ledger.event_type_code('record_created'),
             ledger.event_type_code('alias_added'), ledger.event_type_code('alias_retracted'))
             AND e.position < $2), -1)
      """, [.record(record), .position(size)])[0]
    return (try row.position(0), try row.position(1), try row.position(2))
  }

  private func select(
    _ condition: String, _ parameters: [PostgresValue]
  ) async throws -> [FoldEvent] {
    try await readers.query(
      "SELECT \(EventColumn.foldList) FROM ledger.event e \(condition)", parameters
    ).map { try FoldEvent($0) }
  }
}
