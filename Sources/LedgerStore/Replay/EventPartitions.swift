import Encodings
import Foundation
import LedgerDomain
import PostgresClient
import Synchronization

/// The columns that the fold reads of an event about a record, in a fixed layout without references.
/// Millions of them are copied in memory, and written to a file, as they are.
struct PackedEvent: Sendable, BitwiseCopyable {
  private struct Present: OptionSet, Sendable, BitwiseCopyable {
    let rawValue: UInt32
    static let foldGroup = Present(rawValue: 1)
    static let slot = Present(rawValue: 2)
    static let statement = Present(rawValue: 4)
    static let refersTo = Present(rawValue: 8)
    static let validUntil = Present(rawValue: 16)
    static let claimant = Present(rawValue: 32)
  }

  let position: Int64
  let record: Int64
  private let recordedAt: Int64
  private let createdAt: Int64
  private let foldGroup: Int64
  private let targetHash: Int64
  private let refersTo: Int64
  private let validUntil: Int64
  private let eventID: Digest
  private let signer: Digest128
  private let slot: Digest128
  private let statement: Digest128
  private let claimant: Digest128
  private let flags: Int32
  private let referenceCount: Int32
  private let resolvedWork: Int32
  private let formalEvidenceCount: Int32
  private let type: Int16
  private let verdict: Int16
  private let present: Present

  /// The select list that `init(_:_:)` reads, of `ledger.event e`.
  ///
  /// The server spends most of a read on the encoding of columns that are not NULL, and little on
  /// arithmetic. Flags, type and verdict are therefore one number, and counts are NULL for 0, which
  /// most events have.
  static let columns = """
    e.position, e.record_position, e.event_id, \
    e.flags * 4294967296 + e.event_type * 65536 + e.verdict, \
    e.recorded_at, e.signer_key, e.fold_group, e.slot, e.statement, e.target_hash, e.refers_to, \
    e.valid_until, e.claimant, nullif(e.reference_count, 0), nullif(e.resolved_work, 0), \
    nullif(e.formal_evidence_count, 0), e.created_at
    """

  /// Splits the number in which flags, type and verdict are combined. Each may be negative.
  static func unpack(_ sum: Int64) -> (flags: Int32, type: Int16, verdict: Int16) {
    let verdict = Int16(truncatingIfNeeded: sum)
    let rest = (sum &- Int64(verdict)) >> 16
    let type = Int16(truncatingIfNeeded: rest)
    return (Int32(truncatingIfNeeded: (rest &- Int64(type)) >> 16), type, verdict)
  }

  /// Reads a row of `columns`.
  init(_ row: RawSpan, _ cursor: inout BinaryCopyCursor) throws(PostgresError) {
    func known<T>(_ value: T?) throws(PostgresError) -> T {
      guard let value else { throw PostgresError(.decoding, "a column of the log is NULL") }
      return value
    }
    func digest(_ words: (UInt64, UInt64)?) -> Digest128 {
      words.map { Digest128(high: $0.0, low: $0.1) } ?? Digest128(high: 0, low: 0)
    }
    var present: Present = []
    func note(_ bit: Present, _ isThere: Bool) { if isThere { present.insert(bit) } }
    position = try known(cursor.int8(in: row))
    record = try known(cursor.int8(in: row))
    eventID = Digest(words: try known(cursor.words4(in: row)))
    (flags, type, verdict) = Self.unpack(try known(cursor.int8(in: row)))
    recordedAt = try known(cursor.timestamp(in: row))
    signer = digest(try known(cursor.words2(in: row)))
    let group = try cursor.int8(in: row)
    let slot = try cursor.words2(in: row)
    let statement = try cursor.words2(in: row)
    targetHash = try known(cursor.int8(in: row))
    let refersTo = try cursor.int8(in: row)
    let validUntil = try cursor.timestamp(in: row)
    let claimant = try cursor.words2(in: row)
    referenceCount = try cursor.int4(in: row) ?? 0
    resolvedWork = try cursor.int4(in: row) ?? 0
    formalEvidenceCount = try cursor.int4(in: row) ?? 0
    createdAt = try known(cursor.timestamp(in: row))
    note(.foldGroup, group != nil)
    note(.slot, slot != nil)
    note(.statement, statement != nil)
    note(.refersTo, refersTo != nil)
    note(.validUntil, validUntil != nil)
    note(.claimant, claimant != nil)
    foldGroup = group ?? 0
    self.slot = digest(slot)
    self.statement = digest(statement)
    self.refersTo = refersTo ?? 0
    self.validUntil = validUntil ?? 0
    self.claimant = digest(claimant)
    self.present = present
  }

  /// Whether the event may tell which names belong to one paper.
  var namesPaper: Bool { EventType(rawValue: type)?.namesPaper ?? false }

  var event: FoldEvent {
    FoldEvent(
      position: Position(rawValue: position), record: RecordID(rawValue: record), eventID: eventID,
      // A type that a newer program wrote is counted, and has no other effect.
      type: EventType(rawValue: type) ?? .unknown,
      recordedAt: Timestamp(microseconds: recordedAt),
      createdAt: Timestamp(microseconds: createdAt),
      verdict: Verdict(rawValue: verdict) ?? .pending, signerKey: signer,
      foldGroup: present.contains(.foldGroup) ? foldGroup : nil,
      slot: present.contains(.slot) ? slot : nil,
      statement: present.contains(.statement) ? statement : nil, targetHash: targetHash,
      refersTo: present.contains(.refersTo) ? Position(rawValue: refersTo) : nil,
      validUntil: present.contains(.validUntil) ? Timestamp(microseconds: validUntil) : nil,
      flags: FoldFlags(rawValue: flags), claimant: present.contains(.claimant) ? claimant : nil,
      referenceCount: referenceCount, resolvedWork: resolvedWork,
      formalEvidenceCount: formalEvidenceCount)
  }
}

/// The events that one reader of a replay read, partitioned by record.
///
/// Each part is small enough to be sorted and folded in memory. What exceeds the memory of a reader is
/// kept in a file without a name.
struct EventPartitions: Sendable {
  /// The memory of a reader in bytes, for a log of any length.
  static let memory = 40 << 20
  /// The intended size of a part: it fits into a processor's cache, because its events are visited
  /// record by record.
  static let partBytes = 3 << 20
  static let maxParts = 2048

  private struct Part: Sendable {
    var open: [PackedEvent] = []
    var kept: [[PackedEvent]] = []
    var spilled: [Range<Int>] = []
  }

  /// The names of papers among the events.
  private(set) var names = PaperNamesBuilder()
  private var parts: [Part]
  private let blockSize: Int
  private var held = 0
  private var file: SpillFile?

  /// The number of parts for a log of some events.
  static func parts(events: Int64) -> Int {
    let bytes = Int(events) * MemoryLayout<PackedEvent>.stride
    return min(max(2, (bytes + partBytes - 1) / partBytes), maxParts)
  }

  /// The part that a record's events belong to.
  ///
  /// A hash spreads the records, because the first records of a log often have the most events.
  static func part(of record: Int64, among count: Int) -> Int {
    let hash = UInt64(bitPattern: record) &* 0x9E37_79B9_7F4A_7C15
    return Int(((hash >> 32) &* UInt64(count)) >> 32)
  }

  init(parts count: Int) {
    parts = [Part](repeating: Part(), count: count)
    // Open blocks take a fourth of the memory at most.
    let most = Self.memory / 4 / count / MemoryLayout<PackedEvent>.stride
    blockSize = min(max(16, most), 512)
  }

  /// Adds an event.
  ///
  /// - Parameter timeline: the keys of the whole log.
  mutating func append(_ event: PackedEvent, _ timeline: KeyTimeline) throws {
    if event.namesPaper { names.add(event.event, timeline) }
    let index = Self.part(of: event.record, among: parts.count)
    if parts[index].open.capacity == 0 { parts[index].open.reserveCapacity(blockSize) }
    parts[index].open.append(event)
    if parts[index].open.count >= blockSize { try put(index) }
  }

  /// Keeps a full block in memory, or writes it to the file.
  private mutating func put(_ index: Int) throws {
    let bytes = parts[index].open.count * MemoryLayout<PackedEvent>.stride
    if held + bytes <= Self.memory * 3 / 4 {
      held += bytes
      parts[index].kept.append(parts[index].open)
      parts[index].open = []
      parts[index].open.reserveCapacity(blockSize)
      return
    }
    let file = try self.file ?? SpillFile()
    self.file = file
    parts[index].spilled.append(try file.append(parts[index].open))
    parts[index].open.removeAll(keepingCapacity: true)
  }

  /// Appends the blocks of one part. Events in memory are not copied.
  func read(_ index: Int, into blocks: inout [[PackedEvent]]) throws {
    let part = parts[index]
    blocks += part.kept
    if let file { for range in part.spilled { blocks.append(try file.read(range)) } }
    blocks.append(part.open)
  }
}

/// A file of events that has no name, so that it is deleted when the process ends in any way.
private final class SpillFile: Sendable {
  private let descriptor: Int32
  private let end = Atomic<Int>(0)

  init() throws {
    let directory = FileManager.default.temporaryDirectory.path
    var template = Array((directory + "/pithledger-replay-XXXXXX").utf8CString)
    descriptor = unsafe mkstemp(&template)
    guard descriptor >= 0 else { throw Self.failure("opened in \(directory)") }
    unsafe unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  private static func failure(_ what: String) -> LedgerStoreError {
    let reason = unsafe String(cString: strerror(errno))
    return LedgerStoreError(
      .noRoom, "a temporary file for the replay cannot be \(what): \(reason)")
  }

  /// Writes events at the end. Returns the range of their bytes.
  func append(_ events: [PackedEvent]) throws -> Range<Int> {
    try unsafe events.withUnsafeBytes { bytes in
      let start = end.wrappingAdd(bytes.count, ordering: .relaxed).oldValue
      var done = 0
      while done < bytes.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
        let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(start + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw Self.failure("written") }
        done += count
      }
      return start..<start + bytes.count
    }
  }

  func read(_ range: Range<Int>) throws -> [PackedEvent] {
    let capacity = range.count / MemoryLayout<PackedEvent>.stride
    return try unsafe [PackedEvent](unsafeUninitializedCapacity: capacity) { buffer, filled in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var done = 0
      while done < range.count {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done..<range.count])
        let count = unsafe pread(
          descriptor, rest.baseAddress, rest.count, off_t(range.lowerBound + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw Self.failure("read") }
        done += count
      }
      filled = capacity
    }
  }
}
