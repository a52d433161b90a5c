public import Encodings
public import LedgerDomain
import TransparencyLog

/// Reads a log entry by entry and verifies each one: form, canonical bytes, event id, references,
/// and the signature by a key that the log registered earlier.
///
/// It keeps the keys, the records and their names, and the columns that the fold needs. It does not
/// keep the entries. Signatures are checked in parallel. Checks that depend on earlier entries run
/// in order. Specification: log.md, section Entry.
public struct LogReader: Sendable {
  /// An unverified entry with its position.
  public struct Item: Sendable {
    /// The position in the log.
    public let position: Position
    /// The bytes of the entry.
    public let bytes: [UInt8]

    /// Makes an item.
    public init(position: Position, bytes: [UInt8]) {
      self.position = position
      self.bytes = bytes
    }
  }

  /// A verified entry.
  public struct Checked: Sendable {
    /// The position in the log.
    public let position: Position
    /// The parsed entry.
    public let entry: Entry
    /// The leaf hash of the entry's bytes (RFC 6962, section 2.1).
    public let leaf: Digest
    /// The columns that derive from the entry.
    public let event: FoldEvent
  }

  /// An entry that was parsed or could not be parsed.
  struct Parsed: Sendable {
    let position: Position
    /// The leaf hash of the bytes.
    let leaf: Digest
    let entry: Result<Entry, LogFault>
  }

  /// Entries that are in order, and whose signatures are not verified yet.
  struct Placed: Sendable {
    let entries: [Checked]
    fileprivate let signed: [SignedBy]

    /// Verifies the signatures on all cores.
    ///
    /// - Throws: a `LogFault` for the lowest position whose signature does not hold.
    func verifySignatures() async throws(LogFault) {
      let validity = await SignedBy.verify(signed)
      guard let invalid = validity.firstIndex(of: false) else { return }
      throw LogFault(
        "entry.signature", position: entries[invalid].position,
        "the event's signature does not hold by its signer's key")
    }
  }

  /// The number of entries that one task parses.
  private static let chunk = 64

  /// The keys that the entries register, vouch for and revoke.
  public private(set) var timeline = KeyTimeline()
  /// The records by full Pith Number.
  public private(set) var records: [String: RecordID] = [:]
  /// The rows by which records are looked up.
  public private(set) var lookups = RecordLookups()
  /// The slots of the sources of the records.
  private var sourceNames: [RecordID: Digest128] = [:]
  /// The names of papers.
  private var names = PaperNamesBuilder()
  /// The events of each record, in the order of the log. Empty if events are not kept.
  public private(set) var events: [RecordID: [FoldEvent]] = [:]
  /// Every event read so far by event id, to resolve references of later events.
  private var byID: [Digest: FoldEvent] = [:]
  private var lastPosition: Position = .beforeFirst
  private let keepsEvents: Bool
  /// The position after the last entry that was read.
  public var next: Position { lastPosition.next }

  /// Makes a reader of an empty prefix.
  ///
  /// - Parameter keepsEvents: whether to keep the columns that ``fold(_:_:at:)`` needs.
  public init(keepsEvents: Bool = true) { self.keepsEvents = keepsEvents }

  /// Verifies some entries. Their positions ascend, and follow those of earlier calls.
  ///
  /// - Throws: a `LogFault`. Faults of form come first, then faults of order and reference, then
  ///   signatures; of each kind, the fault at the lowest position is thrown.
  public mutating func read(_ items: [Item]) async throws -> [Checked] {
    let placed = try place(await Self.parse(items))
    try await placed.verifySignatures()
    return placed.entries
  }

  /// Reads a batch of entries that may have been verified before. The signatures are not verified again if
  /// the entries are those of the seal.
  ///
  /// - Throws: a `LogFault`, as ``read(_:)`` does.
  public mutating func read(_ parsed: ParsedBatch, sealed: BatchSeal?) async throws -> [Checked] {
    let placed = try place(parsed.entries)
    if BatchSeal(leaves: parsed.entries.lazy.map(\.leaf)) != sealed {
      try await placed.verifySignatures()
    }
    return placed.entries
  }

  /// Parses entries on all cores, and computes their leaf hashes.
  static func parse(_ items: [Item]) async -> [Parsed] {
    await AllCores.map(items, chunk: chunk) { item in
      Parsed(
        position: item.position, leaf: .leaf(item.bytes),
        entry: Result { () throws(LogFault) in try parse(item) })
    }
  }

  /// Parses an entry, and checks that its bytes are canonical.
  private static func parse(_ item: Item) throws(LogFault) -> Entry {
    let entry: Entry
    do throws(Refusal) { entry = try Entry(bytes: item.bytes) } catch {
      throw LogFault("entry.form", position: item.position, "the entry cannot be read: \(error)")
    }
    guard entry.isCanonical else {
      throw LogFault(
        "entry.canonical", position: item.position,
        "the entry's bytes are not the canonical spelling of what they say")
    }
    return entry
  }

  /// Derives the columns of entries, and finds the keys that must have signed them.
  ///
  /// - Throws: a `LogFault`: of form for the lowest position, otherwise of order and reference.
  mutating func place(_ parsed: [Parsed]) throws(LogFault) -> Placed {
    for parsed in parsed { if case .failure(let fault) = parsed.entry { throw fault } }
    var entries: [Checked] = []
    var signed: [SignedBy] = []
    entries.reserveCapacity(parsed.count)
    signed.reserveCapacity(parsed.count)
    for parsed in parsed {
      let entry = try parsed.entry.get()
      let (event, key) = try place(entry, at: parsed.position)
      entries.append(
        Checked(position: parsed.position, entry: entry, leaf: parsed.leaf, event: event))
      signed.append(SignedBy(entry.event, publicKey: key))
    }
    return Placed(entries: entries, signed: signed)
  }

  /// Derives the columns of an entry from the entry and the earlier ones, and finds the key that
  /// must have signed it.
  private mutating func place(
    _ entry: Entry, at position: Position
  ) throws(LogFault) -> (FoldEvent, [UInt8]) {
    guard position > lastPosition else {
      throw LogFault("entry.position", position: position, "the positions do not ascend")
    }
    lastPosition = position
    let event = entry.event
    let record = try recordID(of: event, at: position)
    guard byID[event.eventID] == nil else {
      throw LogFault(
        "entry.repeated", position: position,
        "the event \(event.eventID.hex) is in the log before")
    }
    let referenced = try referencedEvent(of: event, record, at: position)
    let key = try publicKey(of: event, at: position)
    let columns = entry.foldEvent(
      position: position, record: record, referenced: referenced,
      recordSource: sourceNames[record])
    if record.isRegistry { _ = timeline.apply(columns) }
    if columns.type == .recordCreated, sourceNames[record] == nil {
      sourceNames[record] = columns.slot
    }
    names.add(columns, timeline)
    lookups.apply(entry, columns)
    byID[event.eventID] = columns
    if keepsEvents, !record.isRegistry { events[record, default: []].append(columns) }
    return (columns, key)
  }

  /// Finds the record of an event. An event `record_created` may create it.
  private mutating func recordID(
    of event: SignedEvent, at position: Position
  ) throws(LogFault) -> RecordID {
    guard case .record = event.body.subject else { return .registry }
    let subject = event.body.subjectText
    if let known = records[subject] { return known }
    guard event.body.type == .recordCreated else {
      throw LogFault(
        "entry.subject", position: position,
        "the record \(subject) is not in the log before this event")
    }
    let record = RecordID(createdAt: position)
    records[subject] = record
    return record
  }

  /// Finds the earlier event that an event refers to; `nil` if it refers to none.
  private func referencedEvent(
    of event: SignedEvent, _ record: RecordID, at position: Position
  ) throws(LogFault) -> FoldEvent? {
    guard let id = event.body.referencedEventID else { return nil }
    guard let earlier = byID[id], earlier.record == record else {
      throw LogFault(
        "entry.reference", position: position,
        "the event sha256:\(id.hex) that this one names is not of its record")
    }
    return earlier
  }

  /// Finds the public key that must have signed an event: the key that the event registers, or the
  /// key that was registered under the signer's fingerprint.
  private func publicKey(of event: SignedEvent, at position: Position) throws(LogFault) -> [UInt8] {
    if case .keyRegistered(let payload) = event.body.payload {
      guard Digest(hashing: payload.publicKey).prefix == event.body.signer.fingerprint else {
        throw LogFault(
          "entry.key", position: position,
          "the registered key is not the one that the event names as signer")
      }
      return payload.publicKey
    }
    guard let known = timeline.registration(of: event.body.signer.fingerprint) else {
      throw LogFault(
        "entry.key", position: position,
        "the signer's key is not registered in the log before this event")
    }
    return known.publicKey
  }

  /// The keys and the names of papers after the entries read so far.
  public func foldContext() -> FoldContext { FoldContext(timeline, names.finish()) }

  /// Computes the status of one record after the entries read so far.
  ///
  /// - Parameters:
  ///   - record: the record.
  ///   - context: the value of ``foldContext()``.
  ///   - time: the time with which the expiry of storage is compared.
  public func fold(
    _ record: RecordID, _ context: FoldContext, at time: Timestamp
  ) -> RecordStatus {
    RecordStatus(FoldedRecord.whole(events[record] ?? [], context), at: time)
  }
}
