import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore
import LedgerVerifier
import ProofVerification
public import TransparencyLog

/// The result of an export.
public struct ExportReport: Sendable {
  /// The number of entries that the exported checkpoint covers.
  public var entries: TreeSize = .zero
  /// The number of tiles, entry bundles and evidence files that were written because they were missing.
  public var written = 0
}

/// Writes the log as plain files, for a static server or for an import.
public struct LogExporter: Sendable {
  let store: LedgerStore
  let checkpoints: CheckpointIssuer
  let proofs: ProofQueries
  /// Whether a checkpoint of the whole log can be signed for the export.
  let canSign: Bool

  /// Writes the newest checkpoint, tiles and entry bundles at the paths of C2SP tlog-tiles. Existing
  /// tiles stay.
  ///
  /// The checkpoint is written last, so that a server of the folder never shows one without its tiles.
  ///
  /// - Parameters:
  ///   - directory: the folder. It is created if it does not exist.
  ///   - progress: called with the exported entries and the size of the checkpoint.
  ///
  /// Errors: a `Refusal` about the folder or the checkpoint.
  public func exportTiles(
    to directory: String, progress: @Sendable (TreeSize, TreeSize) -> Void = { _, _ in }
  ) async throws -> ExportReport {
    try await exportTiles(to: ExportFolder(directory, isPrivate: false), progress: progress)
  }

  private func exportTiles(
    to folder: ExportFolder, progress: @Sendable (TreeSize, TreeSize) -> Void
  ) async throws -> ExportReport {
    let checkpoint =
      canSign ? try await checkpoints.issue() : try await checkpoints.newest()
    return try await Self.exportTiles(
      of: checkpoint.cosigned, size: checkpoint.size, to: folder, progress: progress
    ) { try await proofs.tile($0) }
  }

  /// Writes a checkpoint of any log, and the tiles and entry bundles below it, at the paths of C2SP tlog-tiles.
  /// Existing tiles stay. Nothing is verified.
  ///
  /// - Parameters:
  ///   - note: the checkpoint as a signed note.
  ///   - directory: the folder. It is created if it does not exist.
  ///   - progress: called with the exported entries and the size of the checkpoint.
  ///   - tile: gives the bytes of a tile.
  ///
  /// Errors: a `Refusal` with check `export_folder`; a `TransparencyError` if the note is none; those of `tile`.
  public static func exportTiles(
    of note: String, to directory: String, progress: @Sendable (TreeSize, TreeSize) -> Void,
    tile: (TilePath) async throws -> [UInt8]
  ) async throws -> ExportReport {
    try await exportTiles(
      of: note, size: Checkpoint(text: SignedNote(note).text).size,
      to: ExportFolder(directory, isPrivate: false), progress: progress, tile: tile)
  }

  private static func exportTiles(
    of note: String, size: TreeSize, to folder: ExportFolder,
    progress: @Sendable (TreeSize, TreeSize) -> Void, tile: (TilePath) async throws -> [UInt8]
  ) async throws -> ExportReport {
    var report = ExportReport(entries: size)
    for path in TilePath.all(size: size) {
      // A tile never changes.
      if folder.has(path.description) { continue }
      try folder.write(try await tile(path), to: path.description)
      report.written += 1
      if path.kind == .entries {
        let end = TreeSize(rawValue: (path.index + 1) * UInt64(TilePath.fullWidth))
        progress(min(end, size), size)
      }
    }
    try folder.write(Array(note.utf8), to: "checkpoint")
    return report
  }

  /// Writes the same files, the evidence, the trust configuration, and the projections for a comparison
  /// (`docs/specification/export.md`).
  ///
  /// The evidence includes identity tokens, which are personal data. Files and folders are therefore
  /// readable by their owner only.
  ///
  /// Errors: a `Refusal` with check `export_folder` for a folder that others may write to; those of
  /// ``exportTiles(to:progress:)``.
  public func exportLog(
    to directory: String, progress: @Sendable (TreeSize, TreeSize) -> Void = { _, _ in }
  ) async throws -> ExportReport {
    let folder = try ExportFolder(directory, isPrivate: true)
    var report = try await exportTiles(to: folder, progress: progress)
    report.written += try await exportEvidence(to: folder)
    try await exportTrust(to: folder)
    try await exportProjections(size: report.entries, to: folder)
    return report
  }

  /// Writes the evidence that the folder does not contain. Returns how many files were written.
  private func exportEvidence(to folder: ExportFolder) async throws -> Int {
    var written = 0
    var after: Digest?
    while true {
      let batch = try await store.evidence.list(after: after, limit: 200)
      guard let last = batch.last else { return written }
      after = last.digest
      for item in batch {
        let place = "evidence/\(item.kind)/\(item.digest.hex)"
        guard !folder.has(place), let held = try await store.evidence.readForAudit(item.digest)
        else { continue }
        try folder.write(held.bytes, to: place)
        written += 1
      }
    }
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

  /// Writes one line for each record with its status after the first `size` entries.
  private func exportProjections(size: TreeSize, to folder: ExportFolder) async throws {
    let end = size.end
    guard !size.isEmpty, let last = try await store.log.events(from: end.previous, limit: 1).first
    else {
      return
    }
    let timeline = try await store.folds.timeline(below: end)
    var lines: [UInt8] = []
    for (number, record) in try await store.records.recordsByPithNumber().sorted(by: {
      $0.value < $1.value
    })
    where record.firstPosition < end {
      let events = try await store.folds.events(record: record, upTo: end)
      let papers = try await store.folds.papers(of: events, below: end, timeline)
      let status = RecordStatus(
        FoldedRecord.whole(events, FoldContext(timeline, papers)), at: last.recordedAt)
      lines += JSON.object(status.line(number)).canonicalBytes() + [0x0A]
    }
    try folder.write(lines, to: "projections.ndjson")
  }
}
