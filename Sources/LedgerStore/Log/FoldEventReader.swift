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
      "WHERE e.record_position = $1 AND e.event_id = $2", [.record(record), .bytes(id.bytes)]
    ).first
  }

  /// The events of a record below a position, by position.
  public func events(record: RecordID, upTo size: Position) async throws -> [FoldEvent] {
    try await select(
      "WHERE e.record_position = $1 AND e.position < $2 ORDER BY e.position",
      [.record(record), .position(size)])
  }

  /// The newest attestations of a record, the last first.
  public func newestAttestations(record: RecordID, limit: Int) async throws -> [FoldEvent] {
    let types = EventType.attestations.map(\.rawValue)
    return try await select(
      """
      WHERE e.record_position = $1 AND e.event_type BETWEEN \(types[0]) AND \(types[types.count - 1])
      ORDER BY e.position DESC LIMIT $2
      """, [.record(record), .int8(Int64(limit))])
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

  // MARK: Groups

  /// The events of one group, by position.
  public func events(record: RecordID, group: Int64) async throws -> [FoldEvent] {
    try await select(
      "WHERE e.record_position = $1 AND e.fold_group = $2 ORDER BY e.position",
      [.record(record), .int8(group)])
  }

  /// The events of some groups of a record and of all groups linked to them, by position.
  public func events(
    record: RecordID, groups: Set<Int64>, _ timeline: KeyTimeline
  ) async throws -> [FoldEvent] {
    let events = try await select(
      "WHERE e.record_position = $1 AND e.fold_group = ANY($2) ORDER BY e.position",
      [.record(record), .int8Array(groups.sorted())])
    return try await addingLinked(to: events, record: record, timeline)
  }

  /// Adds the events of all groups that are linked to some, by position.
  ///
  /// - Parameters:
  ///   - events: all events of some groups of the record.
  ///   - candidate: an event that is not in the log. Its links are followed too.
  public func addingLinked(
    to events: [FoldEvent], and candidate: FoldEvent? = nil, record: RecordID,
    _ timeline: KeyTimeline
  ) async throws -> [FoldEvent] {
    let links = FoldLinks(candidate.map { events + [$0] } ?? events, timeline)
    let known = Set(events.compactMap(\.foldGroup))
    if links.claimants.isEmpty, links.groups.isSubset(of: known) { return events }
    let more = try await select(
      """
      WHERE e.record_position = $1 AND e.fold_group = ANY ($2::bigint[] || ARRAY(
          SELECT c.fold_group FROM ledger.event c
          WHERE c.record_position = $1 AND c.claimant = ANY ($3)
            AND c.event_type = \(EventType.checkRecorded.rawValue) AND c.claimant IS NOT NULL))
        AND NOT e.fold_group = ANY ($4) ORDER BY e.position
      """,
      [
        .record(record), .int8Array(links.groups.sorted()),
        .bytesArray(links.claimants.map(\.bytes)), .int8Array(known.sorted()),
      ])
    return more.isEmpty ? events : (events + more).sorted { $0.position < $1.position }
  }

  // MARK: The log

  /// Events of all records by position, from a position on.
  public func events(from position: Position, limit: Int) async throws -> [FoldEvent] {
    try await select(
      "WHERE e.position >= $1 ORDER BY e.position LIMIT $2",
      [.position(position), .int8(Int64(limit))])
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

  /// The positions of the last event of a record and of the last event of the registry, both below a
  /// size of the log; -1 for none.
  public func lastPositions(
    of record: RecordID, below size: Position
  ) async throws -> (event: Position, keyEvent: Position) {
    let row = try await readers.query(
      """
      SELECT coalesce(
          (SELECT max(e.position) FROM ledger.event e WHERE e.record_position = $1 AND e.position < $2), -1),
        coalesce(
          (SELECT max(e.position) FROM ledger.event e WHERE e.record_position = ledger.registry() AND e.position < $2), -1)
      """, [.record(record), .position(size)])[0]
    return (try row.position(0), try row.position(1))
  }

  private func select(
    _ condition: String, _ parameters: [PostgresValue]
  ) async throws -> [FoldEvent] {
    try await readers.query(
      "SELECT \(EventColumn.foldList) FROM ledger.event e \(condition)", parameters
    ).map { try FoldEvent($0) }
  }
}
