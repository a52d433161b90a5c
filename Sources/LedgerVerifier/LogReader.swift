public import Encodings
public import LedgerDomain
import TransparencyLog

/// Reads a log entry by entry and believes nothing of it: form, canonical bytes, event id, what it names,
/// and the signature by a key that the log itself registered before.
///
/// It keeps the tree, the keys, and what the fold needs; nothing else of the entries. Signatures are
/// checked in parallel, what depends on order in order.
public struct LogReader: Sendable {
  /// An entry with its place.
  public struct Item: Sendable {
    public let position: Position
    public let bytes: [UInt8]

    public init(position: Position, bytes: [UInt8]) {
      self.position = position
      self.bytes = bytes
    }
  }

  /// An entry that was checked.
  public struct Checked: Sendable {
    public let position: Position
    public let entry: Entry
    public let leaf: Digest
    /// The columns that follow from it.
    public let event: FoldEvent
  }

  /// A record as look-ups know it.
  public struct Subject: Sendable, Equatable {
    public let pithNumber: String
    public let canonicalSHA256: Digest
    public let sourceVersion: Int64
    public var hasTrustedReceipt: Bool
    public var isOperatorImported: Bool

    public init(
      pithNumber: String, canonicalSHA256: Digest, sourceVersion: Int64, hasTrustedReceipt: Bool,
      isOperatorImported: Bool
    ) {
      self.pithNumber = pithNumber
      self.canonicalSHA256 = canonicalSHA256
      self.sourceVersion = sourceVersion
      self.hasTrustedReceipt = hasTrustedReceipt
      self.isOperatorImported = isOperatorImported
    }
  }

  /// A name of a record, as it is looked up.
  public struct Name: Hashable, Sendable {
    public let record: RecordID
    public let kind: String
    public let folded: String

    public init(record: RecordID, kind: String, folded: String) {
      self.record = record
      self.kind = kind
      self.folded = folded
    }
  }

  /// Entries that one task deals with.
  private static let chunk = 128

  public private(set) var timeline = KeyTimeline()
  /// The position of each record's first event, by Pith Number.
  public private(set) var records: [String: RecordID] = [:]
  /// What the look-ups of names must say of each record, by its position.
  public private(set) var subjects: [RecordID: Subject] = [:]
  /// Every name that was given to a record, and whether it was taken back.
  public private(set) var names: [Name: Bool] = [:]
  /// By record, in the order of the log; empty where they are not kept.
  public private(set) var events: [RecordID: [FoldEvent]] = [:]
  /// Events by id: those that a later one may name.
  private var byID: [Digest: FoldEvent] = [:]
  private var lastPosition: Position = .beforeFirst
  private let keepsEvents: Bool
  /// The position after the last that was read.
  public var next: Position { lastPosition.next }

  /// - Parameter keepsEvents: whether the fold's columns are kept, for ``fold()``.
  public init(keepsEvents: Bool = true) { self.keepsEvents = keepsEvents }

  /// Checks some entries, given by ascending position.
  ///
  /// Throws a `LogFault` at the first position that is wrong.
  public mutating func read(_ items: [Item]) async throws -> [Checked] {
    let parsed = try await Self.inParallel(items) { try Self.parse($0) }
    var checked: [Checked] = []
    var keys: [[UInt8]] = []
    checked.reserveCapacity(items.count)
    for (item, (entry, leaf)) in zip(items, parsed) {
      let (event, key) = try place(entry, at: item.position)
      checked.append(Checked(position: item.position, entry: entry, leaf: leaf, event: event))
      keys.append(key)
    }
    _ = try await Self.inParallel(Array(zip(checked, keys))) { checked, key in
      guard checked.entry.event.isSigned(by: key) else {
        throw LogFault(
          "entry.signature", position: checked.position,
          "the event's signature does not hold by its signer's key")
      }
    }
    return checked
  }

  /// Runs a check over chunks side by side, and throws what the first wrong one throws.
  private static func inParallel<T: Sendable, R: Sendable>(
    _ items: [T], _ check: @escaping @Sendable (T) throws -> R
  ) async throws -> [R] {
    try await withThrowingTaskGroup(of: (Int, Result<[R], any Error>).self) { group in
      let starts = Array(stride(from: 0, to: items.count, by: chunk))
      for start in starts {
        group.addTask {
          (
            start,
            Result { try items[start..<min(start + chunk, items.count)].map { try check($0) } }
          )
        }
      }
      var results: [Int: Result<[R], any Error>] = [:]
      for try await (start, result) in group { results[start] = result }
      return try starts.flatMap { try results[$0]?.get() ?? [] }
    }
  }

  private static func parse(_ item: Item) throws -> (Entry, Digest) {
    let entry: Entry
    do throws(Refusal) { entry = try Entry(bytes: item.bytes) } catch {
      throw LogFault("entry.form", position: item.position, "the entry cannot be read: \(error)")
    }
    guard entry.isCanonical else {
      throw LogFault(
        "entry.canonical", position: item.position,
        "the entry's bytes are not the canonical spelling of what they say")
    }
    return (entry, .leaf(item.bytes))
  }

  /// What follows from an entry and those before it: its columns, and the key that must have signed it.
  private mutating func place(
    _ entry: Entry, at position: Position
  ) throws(LogFault) -> (FoldEvent, [UInt8]) {
    func fault(_ check: String, _ message: String) -> LogFault {
      LogFault(check, position: position, message)
    }
    guard position > lastPosition else {
      throw fault("entry.position", "the positions do not ascend")
    }
    lastPosition = position
    let event = entry.event
    let subject = event.body.subject.text
    let record: RecordID
    switch event.body.subject {
    case .registry: record = .registry
    case .record:
      if let known = records[subject] {
        record = known
      } else {
        guard event.body.type == .recordCreated else {
          throw fault("entry.subject", "the record \(subject) is not in the log before this event")
        }
        records[subject] = RecordID(createdAt: position)
        record = RecordID(createdAt: position)
      }
    }
    guard byID[event.eventID] == nil else {
      throw fault("entry.repeated", "the event \(event.eventID.hex) is in the log before")
    }
    var referenced: FoldEvent?
    if let id = event.body.referencedEventID {
      guard let earlier = byID[id], earlier.record == record else {
        throw fault(
          "entry.reference", "the event sha256:\(id.hex) that this one names is not of its record")
      }
      referenced = earlier
    }
    let key: [UInt8]
    if case .keyRegistered(let payload) = event.body.payload {
      key = payload.publicKey
      guard Digest(hashing: key).prefix == event.body.signer.fingerprint else {
        throw fault("entry.key", "the registered key is not the one that the event names as signer")
      }
    } else {
      guard let known = timeline.registration(of: event.body.signer.fingerprint) else {
        throw fault("entry.key", "the signer's key is not registered in the log before this event")
      }
      key = known.publicKey
    }
    let columns = entry.foldEvent(position: position, record: record, referenced: referenced)
    if record.isRegistry { _ = timeline.apply(columns) }
    note(entry, columns)
    byID[event.eventID] = columns
    if keepsEvents, !record.isRegistry { events[record, default: []].append(columns) }
    return (columns, key)
  }

  /// Keeps what the look-ups must say after an entry about a record.
  private mutating func note(_ entry: Entry, _ columns: FoldEvent) {
    let payload = entry.event.body.payload
    if let alias = payload.alias {
      let name = Name(
        record: columns.record, kind: alias.kind.rawValue, folded: alias.folded)
      names[name] = columns.type == .aliasRetracted
    }
    if subjects[columns.record] == nil, case .recordCreated(let created) = payload {
      subjects[columns.record] = Subject(
        pithNumber: entry.event.body.subject.text, canonicalSHA256: created.canonical.digest,
        sourceVersion: created.canonical.sourceVersion, hasTrustedReceipt: false,
        isOperatorImported: false)
    }
    if columns.flags.contains(.receiptVerified) {
      subjects[columns.record]?.hasTrustedReceipt = true
    }
    if columns.flags.contains(.operatorImported) {
      subjects[columns.record]?.isOperatorImported = true
    }
  }

  /// What the projections must say of one record after the entries read so far.
  ///
  /// - Parameter time: against which the expiry of storage is held.
  public func fold(_ record: RecordID, at time: Timestamp) -> RecordStatus {
    RecordStatus(FoldedRecord.whole(events[record] ?? [], timeline), at: time)
  }
}
