import Encodings
import LedgerDomain
import PostgresClient

/// The events of one transaction of the projector, and what their fold needs of the log and the
/// projections.
struct ProjectorBatch: Sendable {
  /// The schema of the projections.
  let schema: String
  /// The position of the first event.
  let from: Position
  /// The events about records, by record.
  let new: [RecordID: [FoldEvent]]
  /// The groups that the batch changes, by record.
  private(set) var touched: [RecordID: Set<Int64>]
  /// The keys as of `from`.
  let before: KeyTimeline
  /// The keys as of the last event.
  var after: KeyTimeline
  private var naming: NamingEvents
  /// The rows of records that need not be read.
  private var knownRows: [RecordID: ProjectedState] = [:]
  /// The earlier events of groups that need not be read. No other group is linked to them, and the papers
  /// that their citations name have no other name.
  private var knownGroups: [RecordID: [Int64: [FoldEvent]]] = [:]

  /// Makes a batch. Its groups are those of the events.
  ///
  /// - Parameters:
  ///   - before: the keys as of `from`.
  ///   - naming: the events that name the citing papers of the events.
  init(
    schema: String, _ events: [FoldEvent], from: Position, before: KeyTimeline,
    naming: NamingEvents
  ) {
    self.schema = schema
    self.from = from
    self.before = before
    self.naming = naming
    after = before
    new = Dictionary(grouping: events.filter { !$0.record.isRegistry }, by: \.record)
    touched = new.mapValues { Set($0.compactMap(\.foldGroup)) }
  }

  /// Makes a batch of plain events, of whose rows and groups some are known.
  init(plain appended: [AppendedEvent], _ timeline: KeyTimeline, _ memory: ProjectorMemory) {
    let events = appended.map(\.event)
    self.init(
      schema: "ledger", events, from: memory.next, before: timeline,
      naming: NamingEvents(below: events.last?.position.next ?? memory.next))
    for record in new.keys { knownRows[record] = memory.row(of: record) }
    var unknown: Set<ProjectorMemory.GroupKey> = []
    for one in appended {
      guard let group = one.event.foldGroup else { continue }
      let key = ProjectorMemory.GroupKey(record: one.event.record, group: group)
      if let known = memory.group(of: one, timeline) {
        knownGroups[key.record, default: [:]][group] = known
      } else {
        unknown.insert(key)
      }
    }
    for key in unknown { knownGroups[key.record]?[key.group] = nil }
  }

  private func isKnown(_ event: FoldEvent) -> Bool {
    event.foldGroup.map { knownGroups[event.record]?[$0] != nil } ?? false
  }

  /// Reads the events that name the citing papers of the batch.
  mutating func readNames(_ connection: PostgresConnection) async throws {
    try await naming.read(
      new.values.joined().filter { !isKnown($0) }.citingNames, connection)
  }

  /// The keys and names before and after the batch.
  func contexts() -> (before: FoldContext, after: FoldContext) {
    (
      FoldContext(before, naming.papers(below: from, before)),
      FoldContext(after, naming.papers(below: naming.below, after))
    )
  }

  // MARK: Groups

  /// Adds the groups that have an event of a key whose status changed retroactively.
  mutating func touch(
    _ change: KeyTimeline.RetroactiveChange, _ connection: PostgresConnection
  ) async throws {
    for row in try await connection.query(
      """
      SELECT DISTINCT record_position, fold_group FROM ledger.event
      WHERE signer_key = $1 AND position >= $2 AND position < $3 AND record_position >= 0
        AND fold_group IS NOT NULL
      """,
      [.bytes(change.fingerprint.bytes), .position(change.from), .position(from)])
    {
      touched[try row.record(0), default: []].insert(try row.int(1))
    }
  }

  /// Adds the groups of earlier citations whose paper has another identity after the batch, because the
  /// batch names a paper.
  ///
  /// - Parameter events: the events of the batch.
  mutating func touchRenamed(
    _ events: [FoldEvent], _ connection: PostgresConnection
  ) async throws {
    // What is said of a source does not change when a record of it is created.
    var pithNumbers: Set<Digest128> = []
    var aliases: Set<Digest128> = []
    for event in events where event.type.namesPaper {
      guard let name = event.slot, let owner = event.claimant, name != owner else { continue }
      if event.type == .recordCreated {
        pithNumbers.insert(owner)
      } else {
        aliases.formUnion([name, owner])
      }
    }
    if pithNumbers.isEmpty && aliases.isEmpty { return }
    try await naming.read(aliases, connection)
    let earlier = contexts().before.papers
    // A Pith Number whose record is new was a paper of its own. One whose record is known keeps its paper.
    let papers = pithNumbers.union(aliases.map(earlier.paper(of:)))
    let rows = try await connection.query(
      "SELECT record_position, fold_group, name, paper FROM \(schema).citation WHERE paper = ANY ($1)",
      [.bytesArray(papers.map(\.bytes))])
    if rows.isEmpty { return }
    let citing = try rows.map { Digest128(bytes: try $0.bytes(2)) }
    try await naming.read(Set(citing.compactMap { $0 }), connection)
    let later = contexts().after.papers
    for (row, name) in zip(rows, citing) {
      guard let name, Digest128(bytes: try row.bytes(3)) != later.paper(of: name) else { continue }
      touched[try row.record(0), default: []].insert(try row.int(1))
    }
  }

  // MARK: Reads

  /// The rows of some records, and the earlier events of some of their groups and of all groups linked
  /// to these.
  ///
  /// Each group is a lookup of its own: a planner without statistics reads the whole log to join them.
  mutating func standing(
    of chunk: [RecordID: Set<Int64>], _ connection: PostgresConnection
  ) async throws -> (rows: [RecordID: ProjectedState], old: [RecordID: [FoldEvent]]) {
    var rows: [RecordID: ProjectedState] = [:]
    var old: [RecordID: [FoldEvent]] = [:]
    var unknown: [RecordID: Set<Int64>] = [:]
    for (record, groups) in chunk {
      rows[record] = knownRows[record]
      let known = (knownGroups[record] ?? [:]).filter { groups.contains($0.key) }
      if !known.isEmpty { old[record] = known.values.flatMap { $0 } }
      let rest = groups.subtracting(known.keys)
      if !rest.isEmpty { unknown[record] = rest }
    }
    let read = try await read(chunk.keys.filter { rows[$0] == nil }, unknown, connection)
    for row in read.rows { rows[row.state.record] = row }
    old.merge(Dictionary(grouping: read.old, by: \.record)) { $0 + $1 }
    // Other keys of a signer and claims by token, and citations that the batch itself does not contain.
    let linked =
      unknown.isEmpty ? [] : try await linked(to: unknown, old, connection)
    // A linked citation may name its paper by a Pith Number whose record was not read yet.
    try await naming.read((read.cited + linked).citingNames, connection)
    for (record, events) in Dictionary(grouping: read.cited + linked, by: \.record) {
      let known = chunk[record] ?? []
      var seen: Set<Position> = []
      let more = events.filter { event in
        event.foldGroup.map { !known.contains($0) } ?? false && seen.insert(event.position).inserted
      }
      if !more.isEmpty { old[record, default: []] += more }
    }
    return (rows, old.mapValues { $0.sorted { $0.position < $1.position } })
  }

  /// Reads rows, the earlier events of groups, and those of groups with other citations of the papers that
  /// the groups cite; in one round trip, or none where nothing is asked.
  private func read(
    _ records: [RecordID], _ groups: [RecordID: Set<Int64>], _ connection: PostgresConnection
  ) async throws -> (rows: [ProjectedState], old: [FoldEvent], cited: [FoldEvent]) {
    var statements: [PostgresStatement] = []
    if !records.isEmpty {
      statements.append(
        PostgresStatement(
          "\(ProjectionRows.select(schema)) WHERE v.record_position = ANY ($1)",
          [.records(records)]))
    }
    let keys = groups.flatMap { record, groups in groups.map { (record: record, group: $0) } }
    if !keys.isEmpty {
      statements.append(
        PostgresStatement(
          """
          SELECT \(EventColumn.foldList) FROM unnest($1::bigint[], $2::bigint[]) AS k (record_position, fold_group)
            CROSS JOIN LATERAL (
              SELECT * FROM ledger.event t WHERE t.record_position = k.record_position AND t.fold_group = k.fold_group
                AND t.fold_group IS NOT NULL AND t.position < $3 OFFSET 0) AS e
          """,
          [.records(keys.map(\.record)), .int8Array(keys.map(\.group)), .position(from)]))
      let context = contexts().after
      statements += linkedCitations(
        groups, of: { (new[$0] ?? []).filter { !isKnown($0) } }, context)
    }
    if statements.isEmpty { return ([], [], []) }
    var answers = try await connection.pipeline(statements)[...]
    let rows = records.isEmpty ? [] : try (answers.popFirst() ?? []).map(ProjectionRows.state)
    let old = keys.isEmpty ? [] : try (answers.popFirst() ?? []).map { try FoldEvent($0) }
    return (rows, old, try answers.joined().map { try FoldEvent($0) })
  }

  // MARK: Fold

  /// Folds the new events of some records into their rows.
  ///
  /// - Parameter keep: receives each record with its events and its earlier row.
  func fold(
    _ records: some Sequence<RecordID>, _ rows: [RecordID: ProjectedState],
    _ old: [RecordID: [FoldEvent]],
    keep: (FoldedRecord, LinkedEvents, ProjectedState?) -> Void
  ) -> [FoldedRecord] {
    let (before, after) = contexts()
    return records.map { record in
      let (row, old, new) = (rows[record], old[record] ?? [], new[record] ?? [])
      let update = FoldedRecord.update(
        row?.state ?? RecordState(record: record), old: old, new: new, before: before,
        after: after)
      keep(update, LinkedEvents(old + new, after.papers), row)
      return update
    }
  }

  /// A statement that reads the earlier events of groups in which a key of the same signer cites the
  /// same paper under another name; none where no event cites.
  private func linkedCitations(
    _ chunk: [RecordID: Set<Int64>], of events: (RecordID) -> [FoldEvent], _ context: FoldContext
  ) -> [PostgresStatement] {
    var links: [(record: RecordID, citation: FoldLinks.Citation)] = []
    for record in chunk.keys {
      links += FoldLinks(events(record), context).citations.map { (record, $0) }
    }
    if links.isEmpty { return [] }
    return [
      PostgresStatement(
        """
        SELECT \(EventColumn.foldList) FROM (
          SELECT DISTINCT c.record_position, c.fold_group
          FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[]) AS k (record_position, key, paper, name)
            CROSS JOIN LATERAL (
              SELECT * FROM \(schema).citation t WHERE t.record_position = k.record_position
                AND t.signer_key = k.key AND t.paper = k.paper AND t.name <> k.name OFFSET 0) AS c
          ) AS k CROSS JOIN LATERAL (
            SELECT * FROM ledger.event t WHERE t.record_position = k.record_position AND t.fold_group = k.fold_group
              AND t.fold_group IS NOT NULL AND t.position < $5 OFFSET 0) AS e
        """,
        [
          .records(links.map(\.record)), .bytesArray(links.map(\.citation.key.bytes)),
          .bytesArray(links.map(\.citation.paper.bytes)),
          .bytesArray(links.map(\.citation.name.bytes)), .position(from),
        ])
    ]
  }

  /// The earlier events of the groups that are linked to some groups otherwise than by the citations of
  /// the batch.
  private mutating func linked(
    to chunk: [RecordID: Set<Int64>], _ old: [RecordID: [FoldEvent]],
    _ connection: PostgresConnection
  ) async throws -> [FoldEvent] {
    // Earlier citations of groups that the batch changes without a citation.
    try await naming.read(old.values.joined().filter { !isKnown($0) }.citingNames, connection)
    let (earlier, later) = contexts()
    var groups: [(record: RecordID, group: Int64)] = []
    var claimants: [(record: RecordID, identity: Digest128)] = []
    func isAsked(_ event: FoldEvent) -> Bool { !isKnown(event) }
    for (record, known) in chunk {
      let events = ((old[record] ?? []) + (new[record] ?? [])).filter(isAsked)
      let links = FoldLinks(events, later)
      groups += links.groups.subtracting(known).map { (record, $0) }
      claimants += links.claimants.map { (record, $0) }
    }
    var statements = Self.linkedGroups(groups, claimants, before: from)
    // The rows of citations have the papers before the batch.
    let touchedOld = old.filter { chunk[$0.key] != nil }.mapValues { $0.filter(isAsked) }
    for context in [earlier, later] {
      statements += linkedCitations(chunk, of: { touchedOld[$0] ?? [] }, context)
    }
    if statements.isEmpty { return [] }
    return try await connection.pipeline(statements).joined().map { try FoldEvent($0) }
  }

  /// A statement that reads the earlier events of some groups, and of the groups of checks that verified
  /// a claim of some identities; none where there are none.
  private static func linkedGroups(
    _ groups: [(record: RecordID, group: Int64)],
    _ claimants: [(record: RecordID, identity: Digest128)], before position: Position
  ) -> [PostgresStatement] {
    if groups.isEmpty && claimants.isEmpty { return [] }
    return [
      PostgresStatement(
        """
        SELECT \(EventColumn.foldList) FROM (
          SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS g (record_position, fold_group)
          UNION
          SELECT c.record_position, c.fold_group
          FROM unnest($3::bigint[], $4::bytea[]) AS k (record_position, claimant)
            CROSS JOIN LATERAL (
              SELECT * FROM ledger.event t WHERE t.record_position = k.record_position AND t.claimant = k.claimant
                AND t.event_type = ledger.event_type_code('check_recorded') AND t.claimant IS NOT NULL
                AND t.position < $5 OFFSET 0) AS c
          ) AS k CROSS JOIN LATERAL (
            SELECT * FROM ledger.event t WHERE t.record_position = k.record_position AND t.fold_group = k.fold_group
              AND t.fold_group IS NOT NULL AND t.position < $5 OFFSET 0) AS e
        """,
        [
          .records(groups.map(\.record)), .int8Array(groups.map(\.group)),
          .records(claimants.map(\.record)), .bytesArray(claimants.map(\.identity.bytes)),
          .position(position),
        ])
    ]
  }
}
