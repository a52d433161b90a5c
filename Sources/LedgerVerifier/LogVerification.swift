import CanonicalJSON
import Encodings
public import LedgerDomain
public import TransparencyLog

/// Verifies a whole log: every entry, the tree over the entries, and given checkpoints.
public struct LogVerification: Sendable {
  /// A checkpoint that the log must contain.
  public struct Expectation: Sendable {
    /// The checkpoint. Its signature has been verified.
    public let checkpoint: Checkpoint
    /// The name of the checkpoint in a fault.
    public let place: String

    /// Makes an expectation.
    public init(_ checkpoint: Checkpoint, place: String) {
      self.checkpoint = checkpoint
      self.place = place
    }
  }

  /// The progress of a verification.
  public struct Progress: Sendable {
    /// The number of entries verified so far.
    public let done: TreeSize
    /// The number of entries to verify.
    public let total: TreeSize
    /// The time since the start, in seconds.
    public let seconds: Double
    /// Entries per second since the start.
    public var rate: Double { seconds > 0 ? Double(done.rawValue) / seconds : 0 }
  }

  /// The result of a successful verification.
  public struct Outcome: Sendable {
    /// The reader, after the last entry.
    public let reader: LogReader
    /// The right edge of the tree, after the last entry.
    public let edge: Frontier
    /// `recorded_at` of the last entry; `nil` for an empty log.
    public let lastRecordedAt: Timestamp?
    /// The number of checkpoints that the log was found to contain.
    public let checkpoints: Int
  }

  /// The number of entries that are read and checked at once: eight tiles.
  public static let batch = 2048

  private let source: any LogSource
  private let size: TreeSize
  private let expectations: [Expectation]
  private let observe: @Sendable ([LogReader.Checked]) -> Void

  /// Makes a verification.
  ///
  /// - Parameters:
  ///   - source: where tiles and entries are read from.
  ///   - size: the number of entries to verify.
  ///   - expectations: checkpoints of at most this size.
  ///   - observe: called with each batch of verified entries, in the order of the log.
  public init(
    _ source: any LogSource, size: TreeSize, expecting expectations: [Expectation],
    observe: @escaping @Sendable ([LogReader.Checked]) -> Void = { _ in }
  ) {
    self.source = source
    self.size = size
    self.observe = observe
    self.expectations = expectations.sorted { $0.checkpoint.size < $1.checkpoint.size }
  }

  /// Runs the verification.
  ///
  /// - Parameters:
  ///   - keepsEvents: whether the reader keeps the columns of the fold.
  ///   - progress: called after each batch of entries.
  /// - Throws: a `LogFault` for the first batch with a fault.
  public func run(
    keepsEvents: Bool = true, progress: @Sendable (Progress) -> Void = { _ in }
  ) async throws -> Outcome {
    var state = State(reader: LogReader(keepsEvents: keepsEvents), unmet: expectations[...])
    let start = ContinuousClock.now
    try state.compareWithCheckpoints()
    var batch = try await self.batch(after: .zero)
    while state.edge.size < size {
      let current = batch
      try requireAll(
        Self.count(from: state.edge.size, to: size), current, from: state.edge.size.end)
      let following = state.edge.size.advanced(by: current.count)
      // The next batch is read and parsed while this one is checked.
      async let next = self.batch(after: following)
      try await check(current, &state)
      progress(
        Progress(
          done: state.edge.size, total: size,
          seconds: (ContinuousClock.now - start) / .seconds(1)))
      batch = try await next
    }
    let edge = state.edge
    try await checking(.tiles) { try await comparePartialTiles(edge) }
    try state.requireNoUnmetCheckpoint()
    return Outcome(
      reader: state.reader, edge: state.edge, lastRecordedAt: state.lastRecordedAt,
      checkpoints: expectations.count)
  }

  /// The state of a run after some entries.
  private struct State {
    var reader: LogReader
    var edge = Frontier()
    /// The checkpoints of more entries than were read so far, and of equally many until they are
    /// compared.
    var unmet: ArraySlice<Expectation>
    var lastRecordedAt: Timestamp?

    /// Compares the tree with the checkpoints of exactly this size.
    mutating func compareWithCheckpoints() throws(LogFault) {
      while let next = unmet.first, next.checkpoint.size == edge.size {
        guard edge.root == next.checkpoint.root else {
          throw LogFault(
            "checkpoint.root", position: edge.size.end.previous, place: next.place,
            "the first \(edge.size) entries have the root \(edge.root.base64), and the checkpoint says "
              + "\(next.checkpoint.root.base64): an entry at or before this position is not what it was"
          )
        }
        unmet.removeFirst()
      }
    }

    /// Checks, after the last entry, that no checkpoint covers more entries than the log has.
    func requireNoUnmetCheckpoint() throws(LogFault) {
      guard let next = unmet.first else { return }
      throw LogFault(
        "checkpoint.size", position: edge.size.end, place: next.place,
        "the checkpoint covers \(next.checkpoint.size) entries, and the log has \(edge.size)")
    }
  }

  private func requireAll(
    _ count: Int, _ entries: [LogReader.Parsed], from: Position
  ) throws(LogFault) {
    guard entries.count == count else {
      throw LogFault(
        "log.missing", position: from.advanced(by: entries.count),
        "there is no entry here, and the log should have \(size)",
        tables: source.tables(of: .entries))
    }
  }

  /// Runs a check of a part of the log, and names the tables of the part in its fault.
  private func checking<R>(_ part: LogPart, _ check: () async throws -> R) async throws -> R {
    do { return try await check() } catch let fault as LogFault {
      throw fault.tables.isEmpty ? fault.with(tables: source.tables(of: part)) : fault
    }
  }

  /// Reads and parses the entries after the first `done`, at most ``batch``.
  private func batch(after done: TreeSize) async throws -> [LogReader.Parsed] {
    let start = done.end
    let entries = try await source.entries(from: start, limit: Self.count(from: done, to: size))
    return await LogReader.parse(
      entries.enumerated().map { .init(position: start.advanced(by: $0), bytes: $1) })
  }

  /// Verifies a batch of entries with its columns and tiles, and appends it to the tree.
  private func check(_ parsed: [LogReader.Parsed], _ state: inout State) async throws {
    let start = state.edge.size.end
    // The tiles are read while signatures are verified. A fault in them is reported first.
    async let tiles: Void = checking(.tiles) {
      try await compareTiles(from: start, parsed.map(\.leaf))
    }
    let read: Result<[LogReader.Checked], any Error>
    do { read = .success(try await self.read(parsed, &state.reader)) } catch {
      read = .failure(error)
    }
    try await tiles
    let checked = try await checking(.entries) { try read.get() }
    observe(checked)
    for entry in checked {
      var full: [Frontier.FullTile] = []
      state.edge.append(entry.leaf) { full.append($0) }
      // The tiles of level 0 have been compared above.
      for tile in full where tile.level > 0 {
        try await checking(.tiles) {
          try await expectTile(tile.level, tile.index, tile.hashes, position: entry.position)
        }
      }
      try state.compareWithCheckpoints()
    }
    state.lastRecordedAt = checked.last?.entry.admission.recordedAt ?? state.lastRecordedAt
  }

  /// Verifies entries with their columns. The columns are compared while signatures are verified; a fault
  /// in a signature is reported first.
  private func read(
    _ parsed: [LogReader.Parsed], _ reader: inout LogReader
  ) async throws -> [LogReader.Checked] {
    let placed = try reader.place(parsed)
    async let differences = source.columnDifferences(from: placed.entries.map(\.event))
    try await placed.verifySignatures()
    if let first = try await differences?.first { throw first.fault }
    return placed.entries
  }

  /// Compares the partial tiles at the right edge, above level 0, with computed hashes.
  private func comparePartialTiles(_ edge: Frontier) async throws {
    for (level, hashes) in edge.levels.enumerated() where !hashes.isEmpty && level > 0 {
      try await expectTile(
        level, size.rawValue >> UInt64(8 * (level + 1)), hashes, position: size.end.previous)
    }
  }

  /// The number of entries in the batch after the first `done` of `size` entries.
  private static func count(from done: TreeSize, to size: TreeSize) -> Int {
    Int(min(UInt64(batch), size.rawValue - min(done, size).rawValue))
  }

  /// Compares leaf hashes with the tiles of level 0. A difference gives the exact position of a change.
  private func compareTiles(from first: Position, _ leaves: [Digest]) async throws {
    let width = UInt64(TilePath.fullWidth)
    for start in stride(from: 0, to: leaves.count, by: TilePath.fullWidth) {
      let slice = leaves[start..<min(start + TilePath.fullWidth, leaves.count)]
      let index = first.advanced(by: start).leafIndex / width
      try await expectTile(
        0, index, Array(slice), position: Position(leaf: index * width))
    }
  }

  /// Compares a tile of the source with computed hashes.
  private func expectTile(
    _ level: Int, _ index: UInt64, _ hashes: [Digest], position: Position
  ) async throws {
    let path = TilePath(.hashes(level: level), index: index, width: hashes.count).description
    guard let tile = try await source.tile(level: level, index: index, width: hashes.count) else {
      throw LogFault("tree.tile", position: position, place: path, "the tile is missing")
    }
    guard let place = hashes.indices.first(where: { tile[$0] != hashes[$0] }) else { return }
    throw LogFault(
      "tree.tile", position: level == 0 ? position.advanced(by: place) : position, place: path,
      "hash \(place) of the tile is \(tile[place]), and the entries give \(hashes[place])")
  }
}

extension LogDirectory {
  /// The result of a successful verification of an exported log.
  public struct Report: Sendable {
    /// The checkpoint of the directory.
    public let checkpoint: Checkpoint
    /// The number of records in the log.
    public let records: Int
    /// The number of records whose projections were compared; `nil` if the directory has no
    /// `projections.ndjson`.
    public let projections: Int?
    /// The number of older checkpoints that the log was found to contain.
    public let contained: Int
  }

  /// Verifies a directory that `export tiles` or `export log` wrote: the checkpoint's signature,
  /// every entry, every tile, and the projections if there are any.
  ///
  /// Specification: export.md, section Verification.
  ///
  /// - Parameters:
  ///   - path: the directory.
  ///   - keys: the verifier keys of the log that are trusted.
  ///   - older: checkpoints that were kept earlier, as signed notes.
  ///   - progress: called after each batch.
  /// - Throws: a `LogFault` for the first fault found.
  public static func verify(
    _ path: String, by keys: [NoteVerifierKey], containing older: [(name: String, bytes: [UInt8])],
    progress: @Sendable (LogVerification.Progress) -> Void = { _ in }
  ) async throws -> Report {
    let signed = try LogDirectory(path).checkpoint(by: keys)
    let origin = signed.checkpoint.origin
    var expectations = [LogVerification.Expectation(signed.checkpoint, place: "checkpoint")]
    for (name, bytes) in older {
      do throws(TransparencyError) {
        let signed = try SignedCheckpoint(bytes, by: keys, origin: origin)
        expectations.append(.init(signed.checkpoint, place: name))
      } catch { throw LogFault(error, place: name) }
    }
    let folder = LogDirectory(path, size: signed.checkpoint.size)
    let outcome = try await LogVerification(
      folder, size: signed.checkpoint.size, expecting: expectations
    ).run(progress: progress)
    return Report(
      checkpoint: signed.checkpoint, records: outcome.reader.records.count,
      projections: try folder.compareProjections(outcome), contained: older.count)
  }

  /// Compares `projections.ndjson` with the fold. Returns the number of records; `nil` if there is
  /// no such file.
  private func compareProjections(_ outcome: LogVerification.Outcome) throws -> Int? {
    let name = "projections.ndjson"
    guard let bytes = try file(name) else { return nil }
    var missing = outcome.reader.records
    let context = outcome.reader.foldContext()
    for (index, line) in bytes.split(separator: 0x0A).enumerated() {
      let place = "\(name) line \(index + 1)"
      guard let json = try? JSON.parse(Array(line)), let number = json["pith_number"]?.stringValue,
        let record = missing.removeValue(forKey: number), let time = outcome.lastRecordedAt
      else {
        throw LogFault("projection.form", place: place, "not a record of this log, or one twice")
      }
      try outcome.reader.fold(record, context, at: time).expect(
        json["verification_status"], json["event_summary"], of: number, place: place)
    }
    if let (number, position) = missing.min(by: { $0.value < $1.value }) {
      throw LogFault(
        "projection.missing", position: Position(rawValue: position.rawValue), place: name,
        "\(number) has no line")
    }
    return outcome.reader.records.count
  }
}
