public import Encodings
public import LedgerDomain

/// Events that are appended together or not at all, with the evidence they name.
public struct AppendUnit: Sendable {
  /// One event with its entry and columns.
  public struct Item: Sendable {
    /// The Pith Number of the event's record, or the name of the registry.
    public let subject: String
    /// The event's record; `nil` where the unit creates it.
    public let record: RecordID?
    /// The columns. The position is assigned by the append.
    public let event: FoldEvent
    /// The bytes of the entry.
    public let entry: [UInt8]
    let canonical: CanonicalRecord?
    let alias: Alias?
    /// The group of the event before it, for the projector; `nil` where that is not known.
    public var group: GroupAtAdmission?

    /// Makes the entry and its columns.
    ///
    /// - Parameters:
    ///   - event: the signed event.
    ///   - admission: the verdicts of admission.
    ///   - record: the record that the event is about; `nil` for a new one.
    ///   - referenced: the event that this one refers to.
    ///   - canonical: the canonical record that the event creates.
    ///   - recordSource: for an event about an alias, the slot of the record's source.
    /// - Throws: a `Refusal` where the entry would be too large or not canonical.
    public static func make(
      event: SignedEvent, admission: Admission, record: RecordID?, referenced: FoldEvent?,
      canonical: CanonicalRecord? = nil, recordSource: Digest128? = nil
    ) throws(Refusal) -> Item {
      let entry = try Entry(event: event, admission: admission)
      return Item(
        subject: event.body.subjectText, record: record,
        event: entry.foldEvent(
          position: .first, record: record ?? RecordID(createdAt: .first), referenced: referenced,
          recordSource: recordSource),
        entry: entry.bytes, canonical: canonical, alias: event.body.alias)
    }
  }

  /// Bytes that an event names by their SHA-256.
  public struct Evidence: Sendable {
    /// The SHA-256 of the bytes.
    public let digest: Digest
    /// The bytes.
    public let bytes: [UInt8]
    /// What the bytes are: `document`, `proof`, `identity_token`, `stored_bytes` or `fetch_report`.
    public let kind: String
    /// The kind of evidence that is not public, and that can be used for one event only.
    public static let identityToken = EvidenceKind.identityToken.rawValue

    /// Makes evidence from its parts.
    public init(digest: Digest, bytes: [UInt8], kind: String) {
      self.digest = digest
      self.bytes = bytes
      self.kind = kind
    }
  }

  /// The events, in their order.
  public var items: [Item]
  /// The evidence that they name.
  public var evidence: [Evidence]
  /// The unit is not appended where the same signer appended to the record beyond this position.
  public var guardPosition: Position?
  /// The log's name, for the first unit of the log.
  public var origin: String?
  /// For statements of the registry key: the position up to which the log was known. The outcome is
  /// `conflict` where the registry key was replaced from that position on.
  public var registryAsOf: Position?

  /// Makes a unit of events that were admitted.
  public init(
    items: [Item], evidence: [Evidence], guardPosition: Position?, origin: String? = nil
  ) {
    self.items = items
    self.evidence = evidence
    self.guardPosition = guardPosition
    self.origin = origin
  }

  /// Makes a unit of one entry of another log, byte for byte.
  public init(restoring entry: Entry, event: FoldEvent, origin: String?) {
    var canonical: CanonicalRecord?
    if case .recordCreated(let payload) = entry.event.body.payload { canonical = payload.canonical }
    self.init(
      items: [
        Item(
          subject: entry.event.body.subjectText,
          record: event.record == RecordID(createdAt: event.position) ? nil : event.record,
          event: event,
          entry: entry.bytes, canonical: canonical, alias: entry.event.body.alias)
      ], evidence: [], guardPosition: nil, origin: origin)
  }

  /// Whether `ledger.append` inserts the events with others by one statement: new events of known records
  /// that change no lookup.
  var isPlain: Bool {
    guardPosition == nil
      && items.allSatisfy {
        $0.record != nil && $0.alias == nil && $0.event.type != .recordCreated
          && $0.event.type != .graphSnapshot
      }
  }

  /// The number of bytes of entries and evidence.
  var byteCount: Int {
    items.reduce(0) { $0 + $1.entry.count } + evidence.reduce(0) { $0 + $1.bytes.count }
  }
}

/// The outcome of the append of a unit.
public enum AppendOutcome: Sendable, Equatable {
  /// The log holds all items at these positions. `isNew` is whether this append stored the last of
  /// them; `nil` where an answer was lost, and only the bytes of the entry can tell.
  case stored(positions: [Position], record: RecordID, isNew: Bool?)
  /// The record changed beyond the guard position, or the registry key was replaced. Nothing was stored.
  case conflict

  var lastPosition: Position? {
    if case .stored(let positions, _, _) = self { positions.last } else { nil }
  }
}
