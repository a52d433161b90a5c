import Encodings
import LedgerDomain
import PostgresClient
import TransparencyLog

/// Compares the lookup tables with the log, and rebuilds the rows that differ.
///
/// `ledger.append` writes these tables together with the events. A difference is the work of somebody
/// with the rights of the owner, or of an earlier import, which did not restore used tokens.
public struct LookupRebuilder: Sendable {
  private static let batch: Int64 = 5000
  private static let maxAttempts = 100

  /// The entries that the rows derive from. The numbers are part of the text, because a partial index
  /// names them.
  static let selection = """
    SELECT e.position, e.record_position, e.entry FROM ledger.event e
    WHERE e.event_type + 0 IN (\(RecordLookups.types.map { "\($0.rawValue)" }.joined(separator: ", ")))
    """

  private let readers: DatabasePool
  private let records: RecordLookup
  private let administrator: DatabasePool

  init(readers: DatabasePool, records: RecordLookup, administrator: DatabasePool) {
    self.readers = readers
    self.records = records
    self.administrator = administrator
  }

  /// Derives the rows from the entries, and returns what differs in the tables. Without `check` it also
  /// replaces the rows that differ, as the administrator.
  ///
  /// Errors: `logGrew` if the log grew during each of many attempts to replace rows.
  public func run(check: Bool) async throws -> [ReplayReport.Drift] {
    var derived = RecordLookups()
    var next: Int64 = 0
    var reported: [ReplayReport.Drift]?
    for _ in 0..<Self.maxAttempts {
      let snapshot = try await records.snapshot()
      let size = snapshot.size.stored
      try await read(from: next, to: size, into: &derived)
      next = size
      let differences = snapshot.differences(from: derived)
      let drift = reported ?? differences.drift
      reported = drift
      if check || differences.drift.isEmpty { return drift }
      if try await replace(differences, atSize: size) { return drift }
    }
    throw LedgerStoreError(.logGrew, "the log grew during every attempt: try again")
  }

  private func read(
    from: Int64, to size: Int64, into derived: inout RecordLookups
  ) async throws {
    var next = from
    while next < size {
      let rows = try await readers.query(
        "\(Self.selection) AND e.position >= $1 AND e.position < $2 ORDER BY e.position LIMIT $3",
        [.int8(next), .int8(size), .int8(Self.batch)])
      for row in rows {
        let entry = try Entry(bytes: try row.bytes(2))
        // The lookups read no column that depends on an earlier event.
        derived.apply(
          entry,
          entry.foldEvent(
            position: try row.position(0), record: try row.record(1), referenced: nil))
      }
      guard rows.count == Self.batch, let last = try rows.last?.int(0) else { return }
      next = last + 1
    }
  }

  /// Replaces rows, unless the log has grown meanwhile. Returns whether it replaced them.
  private func replace(_ differences: LookupDifferences, atSize size: Int64) async throws -> Bool {
    let (subjects, names) = (differences.subjects, differences.names)
    let parameters: [PostgresValue] = [
      .int8(size), .textArray(differences.removedSubjects),
      .textArray(subjects.map(\.subject.pithNumber)), .textArray(subjects.map(\.subject.suffix)),
      .records(subjects.map(\.record)),
      .bytesArray(subjects.map(\.subject.canonicalSHA256.bytes)),
      .int8Array(subjects.map(\.subject.sourceVersion)),
      .boolArray(subjects.map(\.subject.hasTrustedReceipt)),
      .boolArray(subjects.map(\.subject.isOperatorImported)),
      .textArray(differences.removedNames.map(\.kind)),
      .textArray(differences.removedNames.map(\.folded)),
      .records(differences.removedNames.map(\.record)), .textArray(names.map(\.name.kind)),
      .textArray(names.map(\.name.folded)), .records(names.map(\.name.record)),
      .boolArray(names.map(\.isRetracted)), .bytesArray(differences.removedTokens),
      .bytesArray(differences.tokens.map(\.token.bytes)),
      .bytesArray(differences.tokens.map(\.event.bytes)),
    ]
    let marks = (1...parameters.count).map { "$\($0)" }.joined(separator: ",")
    return try await administrator.query("SELECT ledger.replace_lookups(\(marks))", parameters)[0]
      .bool(0)
  }
}
