public import LedgerDomain
import PostgresClient
public import TransparencyLog

/// A record's row of the projections.
public struct ProjectedState: Sendable, Equatable {
  /// The state that the fold of the record's events gives.
  public let state: RecordState
  /// The end of validity of the newest valid storage check; `nil` if there is none.
  public let storageVerifiedUntil: Timestamp?

  /// Makes a row from its parts.
  public init(state: RecordState, storageVerifiedUntil: Timestamp?) {
    self.state = state
    self.storageVerifiedUntil = storageVerifiedUntil
  }
}

/// Identifies the data from which a status is computed. Equal versions give equal answers.
public struct ProjectionVersion: Sendable, Hashable {
  /// The number of events in the log.
  public let size: TreeSize
  /// The number of events that the projections include.
  public let projected: TreeSize
  /// The object ID of the projections' table, which a replay replaces.
  public let table: Int64

  static func read(from readers: DatabasePool) async throws -> ProjectionVersion {
    let row = try await readers.query(
      """
      SELECT h.size, c.next_position, to_regclass('ledger.verification_status')::oid::bigint
      FROM ledger.head h, ledger.projection_offset c
      """)[0]
    return ProjectionVersion(
      size: try row.treeSize(0), projected: try row.treeSize(1), table: try row.int(2))
  }
}

/// Reads the projections, and waits for them.
public struct ProjectionStore: Sendable {
  private let readers: DatabasePool
  private let waiter: ProjectionWaiter
  private let versions: QueryBatcher<Void, ProjectionVersion>

  init(readers: DatabasePool, waiter: ProjectionWaiter) {
    self.readers = readers
    versions = QueryBatcher(limit: .max) { requests in
      let version = try await ProjectionVersion.read(from: readers)
      return requests.map { version }
    }
    self.waiter = waiter
  }

  /// A record's row; `nil` where the projections do not include the record yet.
  public func state(record: RecordID) async throws -> ProjectedState? {
    try await readers.query(
      "\(ProjectionRows.select("ledger")) WHERE v.record_position = $1", [.record(record)]
    ).first.map(ProjectionRows.state)
  }

  /// The last position that the projections include; -1 before the first.
  public func position() async throws -> Position {
    try await readers.query("SELECT next_position FROM ledger.projection_offset")[0].position(0)
      .previous
  }

  /// The version of the log and the projections, as of a query that starts after this call. Calls at
  /// the same time share a query.
  public func version() async throws -> ProjectionVersion { try await versions.answer(()) }

  /// The log, the projections and the checkpoints in numbers.
  public func measurements() async throws -> LogMeasurements { try await .read(from: readers) }

  /// Waits until the projections include a position. Returns `false` when the timeout ends first.
  public func wait(for position: Position, timeout: Duration) async throws -> Bool {
    try await waiter.wait(for: position, timeout: timeout)
  }
}
