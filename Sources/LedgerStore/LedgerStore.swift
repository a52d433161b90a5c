public import Encodings
public import LedgerDomain
import LedgerSQL
public import Logging
import PostgresClient

/// How to open a store.
public struct StoreConfiguration: Sendable {
  /// Who connects.
  public enum Logins: Sendable {
    /// The URI's user, who takes on a role for each kind of work, and can leave it again.
    case shared
    /// A login for each kind of work: the URI's user is not used.
    case separate
  }

  public var uri: String
  public var logins: Logins
  /// Connections for reading.
  public var readers: Int
  public var logger: Logger

  public init(uri: String, logins: Logins = .shared, readers: Int = 6, logger: Logger) {
    self.uri = uri
    self.logins = logins
    self.readers = readers
    self.logger = logger
  }
}

/// An event as the log holds it.
public struct StoredEvent: Sendable {
  public let position: Int64
  public let record: Int64
  public let eventID: Digest
  public let type: EventType
  public let recordedAt: Timestamp
  public let entry: [UInt8]

  public init(
    position: Int64, record: Int64, eventID: Digest, type: EventType, recordedAt: Timestamp,
    entry: [UInt8]
  ) {
    self.position = position
    self.record = record
    self.eventID = eventID
    self.type = type
    self.recordedAt = recordedAt
    self.entry = entry
  }
}

/// A record that a name led to.
public struct ResolvedRecord: Sendable, Equatable {
  /// The position of its first event.
  public let record: Int64
  public let pithNumber: PithNumber
  public let canonicalSHA256: Digest
  /// Whether an operator brought it in, and not anybody.
  public let isOperatorImported: Bool
}

/// A record's row of the projections.
public struct ProjectedState: Sendable, Equatable {
  public let state: RecordState
  public let storageVerifiedUntil: Timestamp?

  public init(state: RecordState, storageVerifiedUntil: Timestamp?) {
    self.state = state
    self.storageVerifiedUntil = storageVerifiedUntil
  }
}

/// The event log and its projections in one PostgreSQL database.
///
/// Reads, appends and projections each use a role that may do no more than that.
public final class LedgerStore: Sendable {
  let configuration: StoreConfiguration
  let readers: PostgresPool
  let writer: PostgresPool
  let signer: PostgresPool
  let settler: PostgresPool
  /// Connects when an operator's command needs it, and not before.
  let administrator: PostgresPool
  private let appender: Appender
  let progress: ProjectionWaiter
  let lookups: SubmissionLookups

  /// How long, in milliseconds, a process that says nothing keeps the locks it holds.
  static let lockLife = 10_000

  private init(_ configuration: StoreConfiguration) {
    self.configuration = configuration
    var reading = configuration.connection(as: .read)
    // Looking things up is done by index and in its order, with a plan that is made once: planning costs as
    // much as reading, and whatever the planner guesses of a table, a page must not read the whole of it.
    reading.onConnect += [
      "SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off",
      "SET enable_bitmapscan = off",
    ]
    readers = PostgresPool(
      reading, size: configuration.readers, maxWaiting: 4096,
      acquireTimeout: .seconds(15),
      logger: configuration.logger)
    // A process that is frozen in the middle of an append must not hold the head for ever.
    let frozen = ["SET idle_in_transaction_session_timeout = \(Self.lockLife)"]
    func pool(_ role: DatabaseRole, size: Int) -> PostgresPool {
      PostgresPool(
        configuration.connection(as: role, onConnect: frozen), size: size,
        logger: configuration.logger)
    }
    writer = pool(.append, size: 3)
    signer = pool(.sign, size: 2)
    settler = pool(.settle, size: 1)
    administrator = pool(.administer, size: 1)
    appender = Appender(pool: writer)
    lookups = SubmissionLookups(readers: readers)
    progress = ProjectionWaiter(configuration.connection(as: .read))
  }

  /// Opens the store of a database that is migrated.
  ///
  /// Errors: `notMigrated`, `migrationChanged`, `migrationUnknown`.
  public static func open(_ configuration: StoreConfiguration) async throws -> LedgerStore {
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(
        uri: configuration.uri,
        user: configuration.logins == .separate ? DatabaseRole.read.rawValue : nil))
    do {
      let known = try await connection.query(
        "SELECT to_regclass('pithledger.migration') IS NOT NULL")
      let missing =
        try known[0].bool(0) ? try await missing(connection, Migrations.all) : Migrations.all
      guard missing.isEmpty else {
        throw LedgerStoreError(
          .notMigrated, "the database lacks \(missing.count) migrations: run `pithledger migrate`")
      }
      guard try await ColumnRules.version(of: connection) == ColumnRules.version else {
        throw LedgerStoreError(
          .notMigrated,
          "the columns of the log were written by another program's rules: run "
            + "`pithledger migrate`")
      }
      await connection.close()
    } catch {
      await connection.close()
      throw error
    }
    return LedgerStore(configuration)
  }

  /// The columns of `ledger.event e` that a replay reads, for whoever measures against them.
  public static var foldColumns: String { FoldColumns.ofRecords }

  /// Lets go of every connection.
  public func close() async {
    await progress.stop()
    for pool in [administrator, settler, signer, writer, readers] { await pool.close() }
  }

  /// Announces a unit that is about to be checked: what is appended meanwhile waits a moment for it.
  public func reserve() -> SubmissionReservation { appender.reserve() }

  /// Appends a unit; it is durable once this returns.
  public func append(_ unit: AppendUnit) async throws -> AppendOutcome {
    try await appender.append(unit)
  }

  /// Appends units in their order, in one transaction, for whoever restores a log.
  public func append(inOrder units: [AppendUnit]) async throws {
    _ = try await appender.append(inOrder: units)
  }

  /// The follower of the log that keeps the projections.
  public func projector() -> Projector { Projector(configuration, progress: progress) }

  // MARK: The log

  /// How many events there are.
  public func head() async throws -> Int64 {
    try await readers.query("SELECT size FROM ledger.head")[0].int(0)
  }

  /// The log's name in statements of authority; empty before the first event.
  public func origin() async throws -> String {
    try await readers.query("SELECT origin FROM ledger.head")[0].optionalText(0) ?? ""
  }

  static let storedColumns =
    "e.position, e.record, e.event_id, e.event_type, e.recorded_at, e.entry"

  static func stored(_ row: PostgresRow) throws -> StoredEvent {
    guard let id = Digest(bytes: try row.bytes(2)) else {
      throw PostgresError(.decoding, "an event_id has the wrong length")
    }
    return StoredEvent(
      position: try row.int(0), record: try row.int(1), eventID: id,
      type: EventType(rawValue: Int16(try row.int(3))) ?? .unknown,
      recordedAt: Timestamp(microseconds: try row.timestamp(4)), entry: try row.bytes(5))
  }

  func stored(_ rest: String, _ parameters: [PostgresValue]) async throws -> [StoredEvent] {
    try await readers.query("SELECT \(Self.storedColumns) FROM ledger.event e \(rest)", parameters)
      .map(Self.stored)
  }

  /// An event of a record by its id.
  public func event(record: Int64, id: Digest) async throws -> StoredEvent? {
    try await stored(
      "WHERE e.record = $1 AND e.event_id = $2", [.int8(record), .bytes(id.bytes)]
    ).first
  }

  /// A record's events in the order of the log.
  public func events(
    record: Int64, from: Int64 = 0, limit: Int, newestFirst: Bool = false
  ) async throws -> [StoredEvent] {
    try await stored(
      "WHERE e.record = $1 AND e.position >= $2 ORDER BY e.position \(newestFirst ? "DESC" : "ASC") LIMIT $3",
      [.int8(record), .int8(from), .int8(Int64(limit))])
  }

  /// All events from a position on.
  public func events(from: Int64, limit: Int) async throws -> [StoredEvent] {
    try await stored(
      "WHERE e.position >= $1 ORDER BY e.position LIMIT $2", [.int8(from), .int8(Int64(limit))])
  }

  /// The newest event of one type.
  ///
  /// The type stands in the statement: a plan for any type could not use the index of documents.
  public func latest(record: Int64, type: EventType) async throws -> StoredEvent? {
    try await stored(
      "WHERE e.record = $1 AND e.event_type = \(type.rawValue) ORDER BY e.position DESC LIMIT 1",
      [.int8(record)]
    ).first
  }

  // MARK: What the fold reads

  func folded(_ rest: String, _ parameters: [PostgresValue]) async throws -> [FoldEvent] {
    try await readers.query("SELECT \(FoldColumns.list) FROM ledger.event e \(rest)", parameters)
      .map(FoldColumns.event)
  }

  /// The events of one group, by position.
  public func foldEvents(record: Int64, group: Int64) async throws -> [FoldEvent] {
    try await folded(
      "WHERE e.record = $1 AND e.fold_group = $2 ORDER BY e.position",
      [.int8(record), .int8(group)])
  }

  /// The events of several groups of one record with those of all that are linked to them, by position.
  public func foldEvents(
    record: Int64, groups: Set<Int64>, _ timeline: KeyTimeline
  ) async throws -> [FoldEvent] {
    let events = try await folded(
      "WHERE e.record = $1 AND e.fold_group = ANY($2) ORDER BY e.position",
      [.int8(record), .int8Array(groups.sorted())])
    return try await withLinked(events, record: record, timeline)
  }

  /// The events of some groups of a record, given whole, with those of all that are linked to them, by
  /// position.
  ///
  /// - Parameter candidate: an event that is not in the log, whose links are followed too.
  public func withLinked(
    _ events: [FoldEvent], and candidate: FoldEvent? = nil, record: Int64, _ timeline: KeyTimeline
  ) async throws -> [FoldEvent] {
    let links = FoldLinks(candidate.map { events + [$0] } ?? events, timeline)
    let known = Set(events.compactMap(\.foldGroup))
    if links.claimants.isEmpty, links.groups.isSubset(of: known) { return events }
    let more = try await folded(
      """
      WHERE e.record = $1 AND e.fold_group = ANY ($2::bigint[] || ARRAY(
          SELECT c.fold_group FROM ledger.event c
          WHERE c.record = $1 AND c.claimant = ANY ($3) AND c.event_type = 10
            AND c.claimant IS NOT NULL))
        AND NOT e.fold_group = ANY ($4) ORDER BY e.position
      """,
      [
        .int8(record), .int8Array(links.groups.sorted()),
        .bytesArray(links.claimants.map(\.bytes)), .int8Array(known.sorted()),
      ])
    return more.isEmpty ? events : (events + more).sorted { $0.position < $1.position }
  }

  /// A record's newest attestations, the last first.
  public func newestAttestations(record: Int64, limit: Int) async throws -> [FoldEvent] {
    try await folded(
      "WHERE e.record = $1 AND e.event_type BETWEEN 1 AND 5 ORDER BY e.position DESC LIMIT $2",
      [.int8(record), .int8(Int64(limit))])
  }

  public func foldEvent(record: Int64, id: Digest) async throws -> FoldEvent? {
    try await folded(
      "WHERE e.record = $1 AND e.event_id = $2", [.int8(record), .bytes(id.bytes)]
    ).first
  }

  /// A record's events among the first `size` of the log.
  public func foldEvents(record: Int64, upTo size: Int64) async throws -> [FoldEvent] {
    try await folded(
      "WHERE e.record = $1 AND e.position < $2 ORDER BY e.position", [.int8(record), .int8(size)])
  }

  /// The event of a record that an identity token has served.
  public func claim(by token: Digest, record: Int64) async throws -> FoldEvent? {
    try await folded(
      """
      WHERE e.record = $1
        AND e.event_id = (SELECT u.event_id FROM ledger.token_use u WHERE u.sha256 = $2)
      """, [.int8(record), .bytes(token.bytes)]
    ).first
  }

  /// The registry's events from a position on.
  public func keyEvents(from: Int64, below: Int64 = .max) async throws -> [FoldEvent] {
    try await folded(
      "WHERE e.record = -1 AND e.position >= $1 AND e.position < $2 ORDER BY e.position",
      [.int8(from), .int8(below)])
  }

  /// The last event of a record, and the last of the registry, among the first `size` of the log; −1 for none.
  public func lastPositions(
    of record: Int64, below size: Int64
  ) async throws -> (event: Int64, keyEvent: Int64) {
    let row = try await readers.query(
      """
      SELECT coalesce(
          (SELECT max(e.position) FROM ledger.event e WHERE e.record = $1 AND e.position < $2), -1),
        coalesce(
          (SELECT max(e.position) FROM ledger.event e WHERE e.record = -1 AND e.position < $2), -1)
      """, [.int8(record), .int8(size)])[0]
    return (try row.int(0), try row.int(1))
  }

  // MARK: Records

  /// The records of a name, in the order of ``preference``.
  public func resolve(_ name: RecordName) async throws -> [ResolvedRecord] {
    let (condition, parameters) = Self.condition(name)
    return try await readers.query(
      "SELECT \(Self.subjectColumns) FROM ledger.subject s \(condition)", parameters
    ).map { try Self.resolved($0) }
  }

  /// Which of several records `s` that carry a name comes first: with a trusted receipt, brought by an operator,
  /// sent by anybody; within each the highest source version, then the lowest position.
  static let preference = """
    s.trusted_receipt DESC, s.operator_imported DESC, s.source_version DESC, s.record
    """

  static let subjectColumns = "s.record, s.pith_number, s.canonical_sha256, s.operator_imported"

  /// - Parameter first: where `subjectColumns` begin.
  static func resolved(_ row: PostgresRow, from first: Int = 0) throws -> ResolvedRecord {
    guard let number = PithNumber(try row.text(first + 1)),
      let digest = Digest(bytes: try row.bytes(first + 2))
    else {
      throw PostgresError(.decoding, "a subject is not a Pith Number")
    }
    return ResolvedRecord(
      record: try row.int(first), pithNumber: number, canonicalSHA256: digest,
      isOperatorImported: try row.bool(first + 3))
  }

  /// Which subjects a name means, and in which order.
  private static func condition(_ name: RecordName) -> (String, [PostgresValue]) {
    let order = "ORDER BY \(preference) LIMIT 100"
    switch name {
    case .pithNumber(let number):
      return ("WHERE s.pith_number = $1", [.text(number.description)])
    case .suffix(let suffix) where suffix.utf8.count == PithNumber.suffixLength:
      return ("WHERE s.suffix = $1 \(order)", [.text(suffix)])
    case .suffix(let suffix):
      // A range, which an index answers under any plan; `[` comes after every character of base32.
      return (
        "WHERE s.suffix >= $1 AND s.suffix < $2 \(order)", [.text(suffix), .text(suffix + "[")]
      )
    case .alias(let kinds, let folded):
      return (
        """
        WHERE s.record = ANY (ARRAY(
          SELECT a.record FROM ledger.alias a
          WHERE a.folded = $1 AND a.kind = ANY ($2) AND NOT a.is_retracted)) \(order)
        """, [.text(folded), .textArray(kinds.map(\.rawValue))]
      )
    }
  }

  // MARK: What one answer needs, in one round trip

  /// A record with its row, and how far the projections were.
  public struct RecordWithStatus: Sendable {
    public let record: ResolvedRecord
    /// `nil` where the projections do not include it yet.
    public let projected: ProjectedState?
    public let position: Int64
  }

  /// The records of a name with their rows, the best first.
  ///
  /// Each row is looked up by itself: a planner without statistics would read whole tables to join them.
  public func statuses(_ name: RecordName) async throws -> [RecordWithStatus] {
    let (condition, parameters) = Self.condition(name)
    return try await readers.query(
      """
      SELECT \(ProjectionRows.columns), \(Self.subjectColumns),
        (SELECT c.next_position FROM ledger.projection_checkpoint c)
      FROM (SELECT s.* FROM ledger.subject s \(condition)) AS s
        LEFT JOIN LATERAL
          (SELECT * FROM ledger.verification_status t WHERE t.record = s.record LIMIT 1) v ON true
        LEFT JOIN LATERAL
          (SELECT * FROM ledger.event_summary t WHERE t.record = s.record LIMIT 1) e ON true
      """, parameters
    ).map { row in
      let base = ProjectionRows.columnCount
      return RecordWithStatus(
        record: try Self.resolved(row, from: base),
        projected: row.isNull(0) ? nil : try ProjectionRows.state(row),
        position: try row.int(base + 4) - 1)
    }
  }

  /// Where the log ends, and where the last event about keys is.
  public struct LogHead: Sendable {
    public let size: Int64
    public let lastKeyEvent: Int64
  }

  static let endsQuery = """
    SELECT h.size, coalesce((SELECT max(e.position) FROM ledger.event e WHERE e.record = -1), -1)
    FROM ledger.head h
    """

  static func logHead(_ rows: [PostgresRow]) throws -> LogHead {
    LogHead(size: try rows[0].int(0), lastKeyEvent: try rows[0].int(1))
  }

  public func logHead() async throws -> LogHead {
    try Self.logHead(try await readers.query(Self.endsQuery))
  }

  /// The other names of a record.
  public func aliases(record: Int64) async throws -> [Alias] {
    try await names(record: record).compactMap { $0.isRetracted ? nil : $0.alias }
  }

  /// Names that a record has, or had until an operator took them back.
  public func names(record: Int64) async throws -> [(alias: Alias, isRetracted: Bool)] {
    try await readers.query(
      "SELECT kind, folded, is_retracted FROM ledger.alias WHERE record = $1 ORDER BY kind, folded",
      [.int8(record)]
    ).compactMap { row in
      guard let kind = Alias.Kind(rawValue: try row.text(0)) else { return nil }
      return (Alias(kind: kind, value: try row.text(1)), try row.bool(2))
    }
  }

  /// Bytes by their SHA-256; `nil` where they never were here, were erased, or are an identity token.
  public func evidence(_ digest: Digest) async throws -> [UInt8]? {
    try await readers.query(
      "SELECT bytes FROM ledger.public_evidence WHERE sha256 = $1", [.bytes(digest.bytes)]
    ).first?.bytes(0)
  }

  // MARK: Projections

  /// What every answer about status follows from: two that are equal have the same answers.
  public struct Version: Sendable, Hashable {
    public let size: Int64
    public let projected: Int64
    /// The projections' table, which a replay replaces.
    public let table: Int64
  }

  public func version() async throws -> Version {
    let row = try await readers.query(
      """
      SELECT h.size, c.next_position, to_regclass('ledger.verification_status')::oid::bigint
      FROM ledger.head h, ledger.projection_checkpoint c
      """)[0]
    return Version(size: try row.int(0), projected: try row.int(1), table: try row.int(2))
  }

  /// A record's row; `nil` where the projections do not include it yet.
  public func projection(record: Int64) async throws -> ProjectedState? {
    try await readers.query(
      "\(ProjectionRows.select("ledger")) WHERE v.record = $1", [.int8(record)]
    ).first.map(ProjectionRows.state)
  }

  /// The last position that the projections include; −1 before the first.
  public func projectedPosition() async throws -> Int64 {
    try await readers.query("SELECT next_position FROM ledger.projection_checkpoint")[0].int(0) - 1
  }

  /// Waits until the projections include a position; `false` when time runs out.
  public func wait(for position: Int64, timeout: Duration) async throws -> Bool {
    try await progress.wait(for: position, timeout: timeout)
  }
}
