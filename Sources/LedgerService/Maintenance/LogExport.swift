import CanonicalJSON
import DurableFiles
import EmbeddedPostgres
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
public import LedgerVerifier
public import Logging
import ProofFormats
import ProofVerification
public import TransparencyLog

/// The log as plain files: what a static server can serve, and what a whole ledger is restored from.
extension Ledger {
  /// What an export wrote.
  public struct ExportReport: Sendable {
    public var entries: UInt64 = 0
    /// Files that were not there before, or were other than they are now.
    public var written = 0
  }

  /// Writes the newest checkpoint, tiles and entry bundles at their paths; what is there already stays.
  ///
  /// The checkpoint comes last, so that whoever serves the folder never shows one without its tiles.
  public func exportTiles(
    to directory: String, progress: @Sendable (UInt64, UInt64) -> Void = { _, _ in }
  ) async throws -> ExportReport {
    try await exportTiles(to: ExportFolder(directory, isPrivate: false), progress: progress)
  }

  private func exportTiles(
    to folder: ExportFolder, progress: @Sendable (UInt64, UInt64) -> Void
  ) async throws -> ExportReport {
    let checkpoint =
      checkpointSigner == nil ? try await checkpoints.newest() : try await checkpoints.issue()
    var report = ExportReport(entries: checkpoint.size)
    for path in TilePath.all(size: checkpoint.size) {
      // A tile never changes.
      if folder.has(path.description) { continue }
      try folder.write(try await proofs.tile(path), to: path.description)
      report.written += 1
      if path.kind == .entries {
        progress(
          min((path.index + 1) * UInt64(TilePath.fullWidth), checkpoint.size), checkpoint.size)
      }
    }
    try folder.write(Array(checkpoint.cosigned.utf8), to: "checkpoint")
    return report
  }

  /// The same with everything else that a ledger is restored from: evidence, what is trusted, and the
  /// projections for whoever compares.
  ///
  /// The evidence includes identity tokens, which are personal data: every file and folder is its owner's alone.
  public func exportLog(
    to directory: String, progress: @Sendable (UInt64, UInt64) -> Void = { _, _ in }
  ) async throws -> ExportReport {
    let folder = try ExportFolder(directory, isPrivate: true)
    var report = try await exportTiles(to: folder, progress: progress)
    var after: Digest?
    while true {
      let batch = try await store.evidence.list(after: after, limit: 200)
      guard let last = batch.last else { break }
      after = last.digest
      for item in batch {
        let place = "evidence/\(item.kind)/\(item.digest.hex)"
        guard !folder.has(place), let held = try await store.evidence.readForAudit(item.digest)
        else { continue }
        try folder.write(held.bytes, to: place)
        report.written += 1
      }
    }
    try await exportTrust(to: folder)
    try await exportProjections(size: Int64(clamping: report.entries), to: folder)
    return report
  }

  private func exportTrust(to folder: ExportFolder) async throws {
    let headers = try await store.trust.headers().map { "\($0.height) \(Hex.encode($0.bytes))\n" }
    try folder.write(Array(headers.joined().utf8), to: "trust/headers")
    for kind in TrustedDocumentKind.allCases {
      for bytes in try await store.trust.documents(kind) {
        try folder.write(bytes, to: "trust/\(kind.rawValue)/\(Digest(hashing: bytes).hex)")
      }
    }
  }

  /// A line for each record with what the fold gives after so many entries.
  private func exportProjections(size: Int64, to folder: ExportFolder) async throws {
    guard size > 0, let last = try await store.log.events(from: size - 1, limit: 1).first else {
      return
    }
    var timeline = KeyTimeline()
    for event in try await store.folds.keyEvents(from: 0) where event.position < size {
      _ = timeline.apply(event)
    }
    var lines: [UInt8] = []
    for (number, record) in try await store.records.recordsByPithNumber().sorted(by: {
      $0.value < $1.value
    })
    where record < size {
      let events = try await store.folds.events(record: record, upTo: size)
      let status = RecordStatus(FoldedRecord.whole(events, timeline), at: last.recordedAt)
      lines += JSON.object(status.line(number)).canonicalBytes() + [0x0A]
    }
    try folder.write(lines, to: "projections.ndjson")
  }

  // MARK: Import

  /// Builds a ledger from an exported folder in an empty database: every entry at its position, byte for
  /// byte, each one checked as `verify log` does. The registry and log keys are files of their own.
  ///
  /// Errors: a `LogFault` for what is wrong with the folder, a `Refusal` where the database has a log.
  public static func importLog(
    from directory: String, _ configuration: LedgerConfiguration, logger: Logger,
    progress: @Sendable (LogVerification.Progress) -> Void = { _ in }
  ) async throws -> Checkpoint {
    let (uri, server) = try await database(configuration, logger: logger)
    do {
      if server != nil { _ = try await Migrator.migrate(uri: uri, logger: logger) }
      let store = try await LedgerStore.open(
        configuration.store(uri: uri, isPrivate: server != nil, logger: logger))
      let projection = Task<Void, Never> { try? await store.makeProjector().run() }
      do {
        let checkpoint = try await restore(directory, store, configuration, progress)
        let size = Int64(clamping: checkpoint.size)
        while size > 0, try await !store.projections.wait(for: size - 1, timeout: .seconds(5)) {}
        projection.cancel()
        await projection.value
        await store.close()
        try await server?.stop()
        return checkpoint
      } catch {
        projection.cancel()
        await projection.value
        await store.close()
        throw error
      }
    } catch {
      try? await server?.stop()
      throw error
    }
  }

  private static func restore(
    _ directory: String, _ store: LedgerStore, _ configuration: LedgerConfiguration,
    _ progress: @Sendable (LogVerification.Progress) -> Void
  ) async throws -> Checkpoint {
    guard try await store.log.size() == 0 else {
      throw Refusal(
        .conflict, check: "import",
        "The database has a log already: a log is imported into an empty one.")
    }
    let folder = LogDirectory(directory)
    guard let note = try folder.file("checkpoint") else {
      throw LogFault("checkpoint.missing", place: "checkpoint", "there is no such file")
    }
    let checkpoint: Checkpoint
    do { checkpoint = try Checkpoint(text: try SignedNote(note).text) } catch {
      throw LogFault(error, place: "checkpoint")
    }
    // Whole and right before a single row is written.
    let source = LogDirectory(directory, size: checkpoint.size)
    _ = try await LogVerification(
      source, size: checkpoint.size, expecting: [.init(checkpoint, place: "checkpoint")]
    ).run(keepsEvents: false, progress: progress)
    try await restoreTrust(directory, store)
    try await restoreEvidence(directory, store)
    var reader = LogReader(keepsEvents: false)
    while true {
      let from = try await store.log.size()
      let entries = try await source.entries(from: from, limit: 1000)
      if entries.isEmpty { break }
      let checked = try await reader.read(
        entries.enumerated().map { .init(position: from + Int64($0), bytes: $1) })
      try await store.log.append(
        inOrder: checked.map {
          AppendUnit(
            restoring: $0.entry, event: $0.event,
            origin: $0.position == 0 ? checkpoint.origin : nil)
        })
      guard try await store.log.size() == from + Int64(entries.count) else {
        throw Refusal(.conflict, check: "import", "Somebody else wrote to the database meanwhile.")
      }
    }
    let edge = try await store.tree.integrate()
    guard edge.root == checkpoint.root else {
      throw LogFault("checkpoint.root", place: "checkpoint", "the restored log has another root")
    }
    // The key that signed so far goes on where this left off.
    let path = configuration.logKeyPath
    if FileManager.default.fileExists(atPath: path) {
      let key = try LogKey.read(path).verifierKey
      if let signed = try? SignedCheckpoint(note, by: [key], origin: checkpoint.origin) {
        try DurableFile.replace(path + ".checkpoint", with: signed.note.bytes)
        _ = try await store.checkpoints.claimLogKey(key)
        try await store.checkpoints.save(signed)
      }
    }
    return checkpoint
  }

  private static func files(_ path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  private static func restoreTrust(_ directory: String, _ store: LedgerStore) async throws {
    let folder = LogDirectory(directory)
    if let lines = try folder.file("trust/headers"), !lines.isEmpty {
      let headers: [Int64: BitcoinHeader]
      do { headers = try BitcoinHeader.lines(lines) } catch {
        throw LogFault(error.check, place: "trust/headers", error.message)
      }
      _ = try await store.trust.addHeaders(headers.map { ($0.key, $0.value.bytes) })
    }
    for kind in TrustedDocumentKind.allCases {
      for name in files("\(directory)/trust/\(kind.rawValue)") {
        guard let bytes = try folder.file("trust/\(kind.rawValue)/\(name)") else { continue }
        _ = try await store.trust.addDocument(kind, bytes)
      }
    }
  }

  private static func restoreEvidence(_ directory: String, _ store: LedgerStore) async throws {
    let folder = LogDirectory(directory)
    for kind in files("\(directory)/evidence") {
      for name in files("\(directory)/evidence/\(kind)") {
        let place = "evidence/\(kind)/\(name)"
        guard let bytes = try folder.file(place) else { continue }
        let digest = Digest(hashing: bytes)
        guard digest.hex == name else {
          throw LogFault("evidence.hash", place: place, "the bytes hash to \(digest.hex)")
        }
        try await store.evidence.save(.init(digest: digest, bytes: bytes, kind: kind))
      }
    }
  }
}
