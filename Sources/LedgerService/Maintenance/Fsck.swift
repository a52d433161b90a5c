import Encodings
import LedgerDomain
import LedgerStore
public import LedgerVerifier
import TransparencyLog

/// A log to be checked where it is kept.
struct StoredLog: LogSource {
  let store: LedgerStore

  func entries(from position: Int64, limit: Int) async throws -> [[UInt8]] {
    limit == 0 ? [] : try await store.log.entries(from: position, limit: limit)
  }

  func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]? {
    try await store.tree.tileBytes(level: level, index: index, width: width).flatMap {
      TileBytes.decode($0)
    }
  }

  func columns(from position: Int64, limit: Int) async throws -> [FoldEvent]? {
    try await store.folds.events(from: position, limit: limit)
  }
}

extension Ledger {
  /// What a check of the whole database came to.
  public struct FsckReport: Sendable {
    public var entries: Int64 = 0
    public var records: Int64 = 0
    public var checkpoints = 0
    public var seconds: Double = 0
    /// By position, as far as they have one; empty where all is well.
    public var faults: [LogFault] = []
  }

  /// Checks the live database: every entry, its columns and signature, the tree, every checkpoint that was
  /// signed, the lookups, the evidence, and the projections against the log. Changes nothing.
  ///
  /// - Parameter held: checkpoints that the operator kept elsewhere, as notes.
  public func fsck(
    against held: [(name: String, bytes: [UInt8])] = [],
    progress: @escaping @Sendable (LogVerification.Progress) -> Void = { _ in }
  ) async throws -> FsckReport {
    let start = ContinuousClock.now
    var report = FsckReport()
    let (expectations, size) = try await expectations(held, &report)
    let verification = LogVerification(
      StoredLog(store: store), size: size, expecting: expectations)
    do {
      let outcome = try await verification.run(keepsEvents: false, progress: progress)
      report.entries = Int64(clamping: outcome.edge.size)
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
    // A log that is not what it was gives no projections to compare with.
    if report.faults.isEmpty {
      for drift in try await store.replayer.run(check: true, progress: { _ in }).drift {
        report.faults.append(
          LogFault(
            "projection.drift", place: "\(drift.pithNumber) \(drift.key)",
            "the log gives \(drift.now ?? "no row"), and the row says \(drift.was ?? "nothing")"))
      }
    }
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  /// Every checkpoint that this log must contain, and how many entries it must have at least.
  private func expectations(
    _ held: [(name: String, bytes: [UInt8])], _ report: inout FsckReport
  ) async throws -> ([LogVerification.Expectation], UInt64) {
    let head = UInt64(clamping: try await store.log.size())
    let tree = try await store.tree.state()
    if tree.edge.size > head {
      report.faults.append(
        LogFault(
          "log.truncated", position: Int64(clamping: head),
          "the tree covers \(tree.edge.size) entries, and the head says \(head)"))
    }
    let rows = UInt64(clamping: try await store.log.countEntries())
    if rows != head {
      report.faults.append(
        LogFault(
          "log.head", position: Int64(clamping: min(rows, head)),
          "the head says \(head) entries, and the log has \(rows)"))
    }
    guard let key = try await checkpoints.verifierKey(), let verifier = try? NoteVerifierKey(key)
    else {
      return ([], min(head, tree.edge.size))
    }
    var notes = held
    var from: UInt64 = 0
    while true {
      let batch = try await store.checkpoints.list(from: from, limit: 1000)
      notes += batch.map { ("checkpoint of \($0.size) in the database", Array($0.note.utf8)) }
      guard let last = batch.last else { break }
      from = last.size + 1
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
    return (expectations, min(head, tree.edge.size))
  }

  private func historyFault() async -> LogFault? {
    let place = "what was signed last"
    if let mismatch = await checkpointSigner?.mismatch {
      return LogFault(mismatch.check, place: place, mismatch.message)
    }
    let missing = await checkpointSigner?.outage.flatMap {
      $0.check == CheckpointMemory.missing ? $0 : nil
    }
    return missing.map { LogFault($0.check, place: place, $0.message) }
  }

  /// Holds the look-ups of records and of their names against the log.
  ///
  /// - Parameter reader: of the entries that the tree covers; those that came since are read too.
  private func lookupFault(_ reader: LogReader) async throws -> LogFault? {
    let lookups = try await store.records.snapshot()
    var reader = reader
    while reader.next < lookups.size {
      let entries = try await store.log.entries(
        from: reader.next, limit: Int(min(2048, lookups.size - reader.next)))
      guard !entries.isEmpty else { break }
      let from = reader.next
      _ = try await reader.read(
        entries.enumerated().map { .init(position: from + Int64($0), bytes: $1) })
    }
    var missing = reader.subjects
    for row in lookups.subjects {
      let subject = row.canonicalSHA256.map {
        LogReader.Subject(
          pithNumber: row.pithNumber, canonicalSHA256: $0, sourceVersion: row.sourceVersion,
          hasTrustedReceipt: row.hasTrustedReceipt, isOperatorImported: row.isOperatorImported)
      }
      guard let expected = missing.removeValue(forKey: row.record) else {
        return LogFault(
          "lookup.subject", position: row.record, place: row.pithNumber,
          "the lookup has a record that the log does not have")
      }
      guard subject == expected, expected.pithNumber.hasSuffix(":" + row.suffix) else {
        return LogFault(
          "lookup.subject", position: row.record, place: expected.pithNumber,
          "the lookup of this record is not what follows from the log")
      }
    }
    if let (record, subject) = missing.min(by: { $0.key < $1.key }) {
      return LogFault(
        "lookup.subject", position: record, place: subject.pithNumber, "the lookup leads to nothing"
      )
    }
    var names = reader.names
    for row in lookups.names {
      let name = LogReader.Name(record: row.record, kind: row.kind, folded: row.folded)
      guard names.removeValue(forKey: name) == row.isRetracted else {
        return LogFault(
          "lookup.alias", position: row.record, place: "\(row.kind) \(row.folded)",
          "the lookup of this name is not what follows from the log")
      }
    }
    guard let lost = names.keys.min(by: { $0.record < $1.record }) else { return nil }
    return LogFault(
      "lookup.alias", position: lost.record, place: "\(lost.kind) \(lost.folded)",
      "the lookup has no such name, and the log gives it to this record")
  }
}
