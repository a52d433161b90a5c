public import Encodings
import LedgerDomain
import PostgresClient

/// The projections of the first events of the log, in numbers.
public struct PastProjections: Sendable {
  /// The number of events.
  public let events: Int64
  /// The number of records.
  public let records: Int64
  /// For each member of `verification_status`, the number of records for which it is true, or the sum of the counts.
  ///
  /// Storage counts as of the last event's time.
  public let totals: [(name: String, value: Int64)]
  /// SHA-256 of the SHA-256 of each record's rows, by the position of the record. Equal logs give equal digests.
  public let digest: Digest
}

extension Replayer {
  /// Replays the first events of the log into tables of its own, reads them, and drops them. Changes nothing.
  ///
  /// Errors: `replayRunning`, `noRoom`.
  public func past(
    size: Int64, progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> PastProjections {
    try await LedgerStoreError.translating {
      try await pastConnected(size: size, progress: progress)
    }
  }

  private func pastConnected(
    size: Int64, progress: @escaping @Sendable (ReplayProgress) -> Void
  ) async throws -> PastProjections {
    try await withReplayConnection { connection in
      _ = try await connection.query("SELECT ledger.replay_begin()")
      let timeline = try await Self.timeline(connection, below: Position(rawValue: size))
      let counter = ReplayCounter(total: size, start: .now, report: progress)
      try await foldLog(connection, size: size, timeline, counter)
      let past = try await connection.transaction { connection in
        // The text of a row contains times.
        try await connection.execute("SET LOCAL TimeZone = 'UTC'")
        return try PastProjections(
          size: size, row: try await connection.query(PastProjections.query, [.int8(size)])[0])
      }
      _ = try await connection.query("SELECT ledger.replay_end()")
      return past
    }
  }
}

extension PastProjections {
  /// The members of the status in the order of the columns of `query`.
  private static let members = RecordConditions.Status.allCases

  /// Selects the row that `init(size:row:)` reads.
  fileprivate static var query: String {
    let time = "(SELECT e.recorded_at FROM ledger.event e WHERE e.position = $1 - 1)"
    let totals = members.map { member in
      let isSum = [
        .weakAuthorClaims, .strongAuthorClaims, .citationSignatures, .replicationRecords,
      ]
      .contains(member)
      return isSum
        ? "coalesce(sum(v.\(member.rawValue)), 0)::bigint"
        : "count(*) FILTER (WHERE \(member.condition(now: time)))"
    }
    let schema = Replayer.schema
    return """
      SELECT count(*),
        sha256(coalesce(string_agg(sha256(convert_to(v::text || e::text, 'UTF8')), ''::bytea ORDER BY record_position), '')),
        \(totals.joined(separator: ", "))
      FROM \(schema).verification_status v JOIN \(schema).event_summary e USING (record_position)
      """
  }

  fileprivate init(size: Int64, row: PostgresRow) throws {
    events = size
    records = try row.int(0)
    guard let digest = Digest(bytes: try row.bytes(1)) else {
      throw LedgerStoreError(.database, "a digest of rows has the wrong length")
    }
    self.digest = digest
    totals = try Self.members.enumerated().map { ($1.rawValue, try row.int(2 + $0)) }
  }
}
