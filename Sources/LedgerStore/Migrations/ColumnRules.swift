import Encodings
import LedgerDomain
import PostgresClient

/// Derives the columns of `ledger.event` again from the entries, where an earlier program derived them
/// by other rules.
enum ColumnRules {
  /// The version of the rules of this program. It is raised when a column gets another meaning.
  static let version: Int32 = 3
  private static let batch: Int64 = 2000

  /// The version of the rules that the columns of a database follow; `nil` without the table
  /// `column_rules`.
  static func version(of connection: PostgresConnection) async throws -> Int32? {
    guard
      try await connection.query("SELECT to_regclass('ledger.column_rules') IS NOT NULL")[0].bool(0)
    else { return nil }
    return try await connection.query("SELECT version FROM ledger.column_rules").first.map {
      Int32(try $0.int(0))
    }
  }

  /// Derives the columns by the rules of this program where they follow others, in one transaction that
  /// locks the log.
  ///
  /// - Returns: whether the log has events, so that the projections must be rebuilt.
  static func apply(to connection: PostgresConnection) async throws -> Bool {
    guard let version = try await version(of: connection), version < Self.version else {
      return false
    }
    return try await connection.transaction { connection in
      let size = try await connection.query("SELECT size FROM ledger.head FOR UPDATE")[0].int(0)
      // The trigger guards the entries, which do not change. The other columns follow from them.
      try await connection.execute("ALTER TABLE ledger.event DISABLE TRIGGER event_is_append_only")
      var next: Int64 = 0
      while next < size {
        try await derive(connection, from: next)
        next += batch
      }
      try await connection.execute(
        """
        ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER event_is_append_only;
        UPDATE ledger.subject s SET operator_imported = true
        WHERE NOT s.operator_imported AND EXISTS (SELECT FROM ledger.event e
          WHERE e.record_position = s.record_position
            AND e.event_type IN (ledger.event_type_code('record_created'),
              ledger.event_type_code('graph_snapshot'))
            AND e.flags & ledger.event_flag('operator_imported') <> 0);
        """)
      _ = try await connection.query(
        "UPDATE ledger.column_rules SET version = $1", [.int4(Self.version)])
      return size > 0
    }
  }

  /// Derives the columns of a batch of events that starts at a position.
  private static func derive(_ connection: PostgresConnection, from: Int64) async throws {
    let entries = try await entries(connection, from: from)
    var known = try await referencedEvents(connection, of: entries.map(\.entry), below: from)
    var sources = try await sources(connection, of: entries, below: from)
    var events: [FoldEvent] = []
    for (position, record, entry) in entries {
      let referenced = entry.event.body.referencedEventID.flatMap { known[$0] }
      let event = entry.foldEvent(
        position: position, record: record,
        referenced: referenced?.record == record ? referenced : nil,
        recordSource: sources[record])
      if event.type == .recordCreated, sources[record] == nil { sources[record] = event.slot }
      known[event.eventID] = event
      events.append(event)
    }
    try await write(events, connection)
  }

  private static func entries(
    _ connection: PostgresConnection, from: Int64
  ) async throws -> [(position: Position, record: RecordID, entry: Entry)] {
    try await connection.query(
      """
      SELECT e.position, e.record_position, e.entry FROM ledger.event e
      WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position
      """, [.int8(from), .int8(from + batch)]
    ).map { row in
      (try row.position(0), try row.record(1), try Entry(bytes: try row.bytes(2)))
    }
  }

  /// The earlier events that some entries refer to, with derived columns, by their identifiers.
  private static func referencedEvents(
    _ connection: PostgresConnection, of entries: [Entry], below position: Int64
  ) async throws -> [Digest: FoldEvent] {
    let ids = entries.compactMap { $0.event.body.referencedEventID }
    var known: [Digest: FoldEvent] = [:]
    for row in try await connection.query(
      """
      SELECT \(EventColumn.foldList) FROM ledger.event e
      WHERE e.event_id = ANY ($1) AND e.position < $2
      """, [.bytesArray(ids.map(\.bytes)), .int8(position)])
    {
      let event = try FoldEvent(row)
      known[event.eventID] = event
    }
    return known
  }

  /// The sources of the records that have an alias among some entries and were created earlier, whose
  /// columns are derived already.
  private static func sources(
    _ connection: PostgresConnection,
    of entries: [(position: Position, record: RecordID, entry: Entry)], below position: Int64
  ) async throws -> [RecordID: Digest128] {
    let records = Set(
      entries.filter { $0.entry.event.body.payload.alias != nil }.map(\.record))
    var sources: [RecordID: Digest128] = [:]
    for row in try await connection.query(
      """
      SELECT e.position, e.slot FROM ledger.event e
      WHERE e.position = ANY ($1) AND e.position < $2 AND e.slot IS NOT NULL
      """, [.records(records), .int8(position)])
    {
      sources[try row.record(0)] = Digest128(bytes: try row.bytes(1))
    }
    return sources
  }

  /// Writes the derived columns of events.
  private static func write(
    _ events: [FoldEvent], _ connection: PostgresConnection
  ) async throws {
    _ = try await connection.query(
      """
      UPDATE ledger.event e SET created_at = n.created_at, fold_group = n.fold_group, slot = n.slot,
        claimant = n.claimant, flags = n.flags, key_name = n.key_name, statement = n.statement
      FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::bytea[], $5::bytea[],
        $6::integer[], $7::text[], $8::bytea[]) AS n (position, created_at, fold_group, slot,
        claimant, flags, key_name, statement)
      WHERE e.position = n.position
      """,
      [
        .positions(events.map(\.position)), .timestampArray(events.map(\.createdAt.microseconds)),
        .int8Array(events.map(\.foldGroup)), .bytesArray(events.map(\.slot?.bytes)),
        .bytesArray(events.map(\.claimant?.bytes)), .int4Array(events.map(\.flags.rawValue)),
        .textArray(events.map(\.key?.name)), .bytesArray(events.map(\.statement?.bytes)),
      ])
  }
}
