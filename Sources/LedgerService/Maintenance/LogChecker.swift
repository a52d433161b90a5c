import Encodings
import LedgerDomain
import LedgerStore
public import LedgerVerifier
public import TransparencyLog

/// The log in the database, as the verifier reads it.
struct StoredLog: LogSource {
  let store: LedgerStore

  func entries(from position: Position, limit: Int) async throws -> [[UInt8]] {
    limit == 0 ? [] : try await store.log.entries(from: position, limit: limit)
  }

  func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]? {
    try await store.tree.tileBytes(level: level, index: index, width: width).flatMap {
      TileBytes.decode($0)
    }
  }

  func columns(from position: Position, limit: Int) async throws -> [FoldEvent]? {
    try await store.folds.events(from: position, limit: limit)
  }
}

/// The result of a check of the whole database.
public struct FsckReport: Sendable {
  /// The number of entries that were checked.
  public var entries: TreeSize = .zero
  /// The number of records that the entries create.
  public var records: Int64 = 0
  /// The number of checkpoints that the log was compared with.
  public var checkpoints = 0
  /// The duration of the check in seconds.
  public var seconds: Double = 0
  /// The differences that were found. Empty if the database is consistent.
  public var faults: [LogFault] = []
}

/// Checks the whole database against the log (`pithledger fsck`). Changes nothing.
public struct LogChecker: Sendable {
  let store: LedgerStore
  let checkpoints: CheckpointIssuer
  let checkpointSigner: CheckpointSigner?
  let origin: String

  /// Checks every entry with its columns and signature, the tree, every signed checkpoint, the lookups,
  /// the evidence, and the projections.
  ///
  /// - Parameters:
  ///   - held: checkpoints that the operator stored outside the database, as notes.
  ///   - progress: called with the progress of the verification.
  public func check(
    against held: [(name: String, bytes: [UInt8])] = [],
    progress: @escaping @Sendable (LogVerification.Progress) -> Void = { _ in }
  ) async throws -> FsckReport {
    let start = ContinuousClock.now
    var report = FsckReport()
    let size = try await checkedSize(&report)
    let expectations = try await expectations(held, &report)
    let verification = LogVerification(
      StoredLog(store: store), size: size, expecting: expectations)
    do {
      let outcome = try await verification.run(keepsEvents: false, progress: progress)
      report.entries = outcome.edge.size
      report.records = Int64(outcome.reader.records.count)
      report.checkpoints = outcome.checkpoints
      if let fault = try await lookupFault(outcome.reader) { report.faults.append(fault) }
    } catch let fault as LogFault { report.faults.append(fault) }
    for digest in try await store.evidence.corruptDigests() {
      report.faults.append(
        LogFault(
          "evidence.hash", place: digest.hex, "the evidence's bytes do not hash to their name"))
    }
    if let fault = await historyFault() { report.faults.append(fault) }
    // A faulty log gives no projections to compare with.
    if report.faults.isEmpty { report.faults += try await driftFaults() }
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  private func driftFaults() async throws -> [LogFault] {
    try await store.replayer.run(check: true, progress: { _ in }).drift.map { drift in
      LogFault(
        "projection.drift", place: "\(drift.pithNumber) \(drift.key)",
        "the log gives \(drift.now ?? "no row"), and the row holds \(drift.was ?? "nothing")")
    }
  }

  /// The number of entries that the log's head and the tree agree on. Reports a fault if they differ.
  private func checkedSize(_ report: inout FsckReport) async throws -> TreeSize {
    let head = try await store.log.size()
    let tree = try await store.tree.state()
    if tree.edge.size > head {
      report.faults.append(
        LogFault(
          "log.truncated", position: head.end,
          "the tree covers \(tree.edge.size) entries, and the head says \(head)"))
    }
    let rows = try await store.log.countEntries()
    if rows != head {
      report.faults.append(
        LogFault(
          "log.head", position: min(rows, head).end,
          "the head says \(head) entries, and the log has \(rows)"))
    }
    return min(head, tree.edge.size)
  }

  /// Every checkpoint that the log must contain.
  private func expectations(
    _ held: [(name: String, bytes: [UInt8])], _ report: inout FsckReport
  ) async throws -> [LogVerification.Expectation] {
    guard let key = try await checkpoints.verifierKey(), let verifier = try? NoteVerifierKey(key)
    else { return [] }
    var notes = held
    var from: TreeSize = .zero
    while true {
      let batch = try await store.checkpoints.list(from: from, limit: 1000)
      notes += batch.map { ("checkpoint of \($0.size) in the database", Array($0.note.utf8)) }
      guard let last = batch.last else { break }
      from = last.size.next
    }
    do throws(Refusal) {
      if let remembered = try checkpointSigner?.remembered() { notes.append(remembered) }
    } catch { report.faults.append(LogFault(error.check, place: error.field, error.message)) }
    var expectations: [LogVerification.Expectation] = []
    for (name, bytes) in notes {
      do {
        expectations.append(
          .init(
            try SignedCheckpoint(bytes, by: [verifier], origin: origin).checkpoint, place: name))
      } catch { report.faults.append(LogFault(error, place: name)) }
    }
    return expectations
  }

  private func historyFault() async -> LogFault? {
    let place = "the last signed checkpoint"
    if let mismatch = await checkpointSigner?.mismatch {
      return LogFault(mismatch.check, place: place, mismatch.message)
    }
    let missing = await checkpointSigner?.outage.flatMap {
      $0.check == CheckpointMemory.missing ? $0 : nil
    }
    return missing.map { LogFault($0.check, place: place, $0.message) }
  }

  /// Compares the lookups of records and their names with the log.
  ///
  /// - Parameter reader: has read the entries that the tree covers. The later ones are read here.
  private func lookupFault(_ reader: LogReader) async throws -> LogFault? {
    let lookups = try await store.records.snapshot()
    var reader = reader
    let end = lookups.size.end
    while reader.next < end {
      let entries = try await store.log.entries(
        from: reader.next, limit: min(2048, reader.next.distance(to: end)))
      guard !entries.isEmpty else { break }
      let from = reader.next
      _ = try await reader.read(
        entries.enumerated().map { .init(position: from.advanced(by: $0), bytes: $1) })
    }
    return subjectFault(lookups, reader) ?? nameFault(lookups, reader)
  }

  private func subjectFault(_ lookups: LookupSnapshot, _ reader: LogReader) -> LogFault? {
    var missing = reader.subjects
    for row in lookups.subjects {
      let subject = row.canonicalSHA256.map {
        LogReader.Subject(
          pithNumber: row.pithNumber, canonicalSHA256: $0, sourceVersion: row.sourceVersion,
          hasTrustedReceipt: row.hasTrustedReceipt, isOperatorImported: row.isOperatorImported)
      }
      guard let expected = missing.removeValue(forKey: row.record) else {
        return LogFault(
          "lookup.subject", position: row.record.firstPosition, place: row.pithNumber,
          "the lookup has a record that the log does not have")
      }
      guard subject == expected, expected.pithNumber.hasSuffix(":" + row.suffix) else {
        return LogFault(
          "lookup.subject", position: row.record.firstPosition, place: expected.pithNumber,
          "the lookup of this record is not what follows from the log")
      }
    }
    if let (record, subject) = missing.min(by: { $0.key < $1.key }) {
      return LogFault(
        "lookup.subject", position: record.firstPosition, place: subject.pithNumber,
        "the lookup leads to nothing"
      )
    }
    return nil
  }

  private func nameFault(_ lookups: LookupSnapshot, _ reader: LogReader) -> LogFault? {
    var names = reader.names
    for row in lookups.names {
      let name = LogReader.Name(record: row.record, kind: row.kind, folded: row.folded)
      guard names.removeValue(forKey: name) == row.isRetracted else {
        return LogFault(
          "lookup.alias", position: row.record.firstPosition, place: "\(row.kind) \(row.folded)",
          "the lookup of this name is not what follows from the log")
      }
    }
    guard let lost = names.keys.min(by: { $0.record < $1.record }) else { return nil }
    return LogFault(
      "lookup.alias", position: lost.record.firstPosition, place: "\(lost.kind) \(lost.folded)",
      "the lookup has no such name, and the log gives it to this record")
  }
}
