import LedgerStore
import PostgresClient
import TransparencyLog

/// Multiplies the records and events of the log of a benchmark.
///
/// SQL copies the first events for the new records, with different ids. The copies keep the entries of
/// the originals, which later measurements do not interpret.
struct Growth {
  let bench: Bench

  /// Grows the log from some copies of its first events to more. The original counts as a copy.
  func run(_ store: LedgerStore, from old: Int, to new: Int) async throws {
    let connection = try await bench.connect()
    let row = try await connection.query(
      "SELECT min(record_position), (SELECT size FROM ledger.head) FROM ledger.subject")[0]
    let (first, size) = (try row.int(0), try row.int(1))
    let records = Int64(bench.records)
    let last = first + records - 1
    // Only events of the workload are copied, not those that other measurements appended.
    let end = min(size, last + 1 + Int64(bench.events))
    try await bench.createRecords(store, old * bench.records..<new * bench.records)
    let took = try await Bench.seconds {
      for copy in Int64(old)..<Int64(new) {
        let shift = size - first + (copy - Int64(old)) * records
        try await connection.execute(Self.copy(copy, of: first...last, below: end, shift))
      }
    }
    let head = try await store.log.size().stored
    // A replay rebuilds the projections much faster than the projector.
    try await connection.execute(
      "UPDATE ledger.projection_offset SET next_position = \(head)")
    let report = try await store.replayer.run(check: false) { _ in }
    let vacuumed = try await Bench.seconds { try await connection.execute("VACUUM ANALYZE") }
    // The log is measured at rest, and not while PostgreSQL writes the copies to the disk.
    let written = try await Bench.seconds { try await connection.execute("CHECKPOINT") }
    await connection.close()
    say(
      "set-up: \(head) events: copied in \(Int(took)) s, replayed at "
        + "\(Int(Double(head) / report.seconds))/s, vacuumed in \(Int(vacuumed)) s, "
        + "written to the disk in \(Int(written)) s")
  }

  /// One transaction that copies every event after the creation of the records and below a position. All
  /// of these are about the records.
  private static func copy(
    _ number: Int64, of records: ClosedRange<Int64>, below size: Int64, _ shift: Int64
  ) -> String {
    """
    INSERT INTO ledger.event
    SELECT \(columns(number, "h.size + e.position - \(records.upperBound + 1)", "e.record_position + \(shift)"))
    FROM ledger.event e, ledger.head h
    WHERE e.position > \(records.upperBound) AND e.position < \(size);
    \(advanceHead);
    """
  }

  /// The columns of a copy of an event. Unique values are changed by a number.
  static func columns(_ number: Int64, _ position: String, _ record: String) -> String {
    """
    \(position), \(record), e.recorded_at, e.created_at,
      e.fold_group # \(number), e.target_hash, e.refers_to, e.valid_until, e.reference_count,
      e.resolved_work, e.formal_evidence_count, e.flags, e.event_type, e.verdict,
      sha256(e.event_id || int8send(\(number))), e.signer_key,
      substr(sha256(e.slot || int8send(\(number))), 1, 16), e.statement, e.claimant,
      e.key_fingerprint, e.key_signer_id, e.key_signer_type, e.key_id, e.key_public,
      e.key_name, e.compromised_from, e.entry
    """
  }

  /// Moves the head of the log behind the copied events.
  static let advanceHead =
    "UPDATE ledger.head SET size = (SELECT max(position) + 1 FROM ledger.event)"
}
