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

  func columnDifferences(from derived: [FoldEvent]) async throws -> [ColumnDifference]? {
    try await store.folds.differences(from: derived).map {
      ColumnDifference(position: $0.position, columns: $0.columns)
    }
  }

  func tables(of part: LogPart) -> [String] {
    switch part {
    case .entries: ["ledger.event"]
    case .tiles: ["ledger.event", "ledger.tile", "ledger.tree"]
    }
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
  /// The number of cosignatures by witnesses whose key is not configured, which nothing verifies.
  public var unverifiedCosignatures = 0
  /// The duration of the check in seconds.
  public var seconds: Double = 0
  /// The differences that were found. Empty if the database is consistent.
  public var faults: [LogFault] = []
}

/// Checks the whole database against the log (`pithledger fsck`). Changes nothing.
///
/// sql/README.md lists for each table what verifies it.
public struct LogChecker: Sendable {
  let store: LedgerStore
  let checkpoints: CheckpointIssuer
  let checkpointSigner: CheckpointSigner?
  let origin: String
  /// The keys of the configured witnesses.
  let witnesses: [NoteVerifierKey]

  /// Checks every entry with its columns and signature, the tree, every signed checkpoint and
  /// cosignature, the lookups, the evidence, the schema, and the projections.
  ///
  /// - Parameters:
  ///   - held: checkpoints that the operator stored outside the database, as notes.
  ///   - progress: called with the progress of the verification.
  public func check(
    against held: [(name: String, bytes: [UInt8])] = [],
    progress: @escaping @Sendable (LogVerification.Progress) -> Void = { _ in }
  ) async throws -> FsckReport {
    let start = ContinuousClock.now
    // The log is folded while it is verified.
    let checked = Task { try await self.checkTables(against: held, progress: progress) }
    var report = try await withTaskCancellationHandler {
      do {
        let drift = try await driftFaults(ifSound: { try await checked.value.faults.isEmpty })
        var report = try await checked.value
        report.faults += drift
        return report
      } catch {
        let report = try await checked.value
        // A faulty log gives no projections to compare with.
        if report.faults.isEmpty { throw error }
        return report
      }
    } onCancel: {
      checked.cancel()
    }
    report.faults += try await store.tables.triggerFaults().map(Self.fault)
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  /// Checks everything but the projections and the triggers.
  private func checkTables(
    against held: [(name: String, bytes: [UInt8])],
    progress: @escaping @Sendable (LogVerification.Progress) -> Void
  ) async throws -> FsckReport {
    var report = FsckReport()
    let evidence = EvidenceTableChecker(store: store)
    let evidenceRows = try await evidence.rows()
    let key = try await checkpoints.verifierKey()
    report.faults += try await store.tables.faults(origin: origin, logKey: key).map(Self.fault)
    do {
      let size = try await checkedSize(&report)
      let expectations = try await expectations(held, key, &report)
      let named = NamedEvidence()
      let verification = LogVerification(
        StoredLog(store: store), size: size, expecting: expectations
      ) { named.add($0) }
      let outcome = try await verification.run(keepsEvents: false, progress: progress)
      report.entries = outcome.edge.size
      report.records = Int64(outcome.reader.records.count)
      report.checkpoints = outcome.checkpoints
      report.faults += try await lookupFaults(outcome.reader, named)
      report.faults += try await evidence.faults(evidenceRows, named.facts)
    } catch let fault as LogFault { report.faults.append(fault) }
    if let fault = await historyFault() { report.faults.append(fault) }
    return report
  }

  private static func fault(_ fault: TableFault) -> LogFault {
    let check =
      switch fault.kind {
      case .notOneRow: "table.rows"
      case .identity: "log.identity"
      case .schema: "table.schema"
      case .tileBeyondTree: "tree.tile"
      case .offset: "projection.offset"
      case .documentHash: "trust.hash"
      case .trigger: "table.trigger"
      }
    return LogFault(
      check, place: fault.tables.first, fault.message, tables: fault.tables)
  }

  /// Compares the projections with those of a replay.
  ///
  /// - Parameter isSound: whether the log has no fault. Otherwise there is nothing to compare with.
  private func driftFaults(
    ifSound isSound: @escaping @Sendable () async throws -> Bool
  ) async throws -> [LogFault] {
    try await store.replayer.run(check: true, isWanted: isSound, progress: { _ in }).drift.map {
      Self.fault("projection.drift", $0)
    }
  }

  private static func fault(_ check: String, _ drift: ReplayReport.Drift) -> LogFault {
    LogFault(
      check, place: "\(drift.pithNumber) \(drift.key)",
      "the log gives \(drift.now ?? "no row"), and the row holds \(drift.was ?? "nothing")",
      tables: [drift.table])
  }

  /// The number of entries that the log's head and the tree agree on. Reports a fault if they differ.
  ///
  /// - Throws: a `LogFault` if the edge of the tree is not one.
  private func checkedSize(_ report: inout FsckReport) async throws -> TreeSize {
    let head = try await store.log.size()
    let tree: TreeState
    do { tree = try await store.tree.state() } catch let error as LedgerStoreError
      where error.code == .treeBroken
    {
      throw LogFault("tree.edge", place: "ledger.tree", error.message, tables: ["ledger.tree"])
    }
    if tree.edge.size > head {
      report.faults.append(
        LogFault(
          "log.truncated", position: head.end,
          "the tree covers \(tree.edge.size) entries, and the head says \(head)",
          tables: ["ledger.head", "ledger.tree"]))
    }
    let rows = try await store.log.countEntries()
    if rows != head {
      report.faults.append(
        LogFault(
          "log.head", position: min(rows, head).end,
          "the head says \(head) entries, and the log has \(rows)",
          tables: ["ledger.head", "ledger.event"]))
    }
    return min(head, tree.edge.size)
  }

  /// Every checkpoint that the log must contain.
  private func expectations(
    _ held: [(name: String, bytes: [UInt8])], _ key: String?, _ report: inout FsckReport
  ) async throws -> [LogVerification.Expectation] {
    guard let key else { return [] }
    guard let verifier = try? NoteVerifierKey(key) else {
      throw LogFault("log.key", place: "ledger.tree", "not a key: \(key)", tables: ["ledger.tree"])
    }
    let stored = try await CheckpointChecker(store: store, origin: origin, witnesses: witnesses)
      .check(verifier)
    report.faults += stored.faults
    report.unverifiedCosignatures = stored.unverifiedCosignatures
    var notes = held
    do throws(Refusal) {
      if let remembered = try checkpointSigner?.remembered() { notes.append(remembered) }
    } catch { report.faults.append(LogFault(error.check, place: error.field, error.message)) }
    var expectations = stored.expectations
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

  /// Compares the lookups of records, their names and the used tokens with the log.
  ///
  /// - Parameters:
  ///   - reader: has read the entries that the tree covers. The later ones are read and checked here.
  ///   - named: gets the later entries.
  private func lookupFaults(
    _ reader: LogReader, _ named: NamedEvidence
  ) async throws -> [LogFault] {
    let lookups = try await store.records.snapshot()
    var reader = reader
    let tables = StoredLog(store: store).tables(of: .entries)
    let end = lookups.size.end
    while reader.next < end {
      let from = reader.next
      let entries = try await store.log.entries(
        from: from, limit: min(2048, from.distance(to: end)))
      guard !entries.isEmpty else { break }
      do {
        let checked = try await reader.read(
          entries.enumerated().map { .init(position: from.advanced(by: $0), bytes: $1) })
        if let first = try await StoredLog(store: store).columnDifferences(
          from: checked.map(\.event))?.first
        {
          throw first.fault
        }
        named.add(checked)
      } catch let fault as LogFault { throw fault.with(tables: tables) }
    }
    return lookups.differences(from: reader.lookups).drift.map { drift in
      let check =
        switch LookupDifferences.Table(rawValue: drift.table) {
        case .subject?, nil: "lookup.subject"
        case .alias?: "lookup.alias"
        case .usedToken?: "lookup.used_token"
        }
      return Self.fault(check, drift)
    }
  }
}
