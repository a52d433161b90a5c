public import CanonicalJSON
public import Encodings
public import LedgerDomain
public import LedgerStore

/// The status of a record as of a position of the log.
public struct StatusSnapshot: Sendable {
  /// The record.
  public let pithNumber: PithNumber
  /// The last position that the status includes.
  public let position: Position
  /// What is verified about the record.
  public let verificationStatus: VerificationStatus
  /// The record's attestations in numbers.
  public let eventSummary: JSONObject
  /// When verified storage expires, which changes the status without an event. `nil` if no storage is verified.
  public let validUntil: Timestamp?

  init(
    _ pithNumber: PithNumber, _ projected: ProjectedState, position: Position, at time: Timestamp
  ) {
    self.init(
      pithNumber: pithNumber, position: position,
      verificationStatus: projected.state.verificationStatus(
        storageVerifiedUntil: projected.storageVerifiedUntil, at: time),
      eventSummary: projected.state.eventSummary(),
      validUntil: projected.storageVerifiedUntil.flatMap { $0 > time ? $0 : nil })
  }

  /// Makes a status.
  public init(
    pithNumber: PithNumber, position: Position, verificationStatus: VerificationStatus,
    eventSummary: JSONObject, validUntil: Timestamp?
  ) {
    self.pithNumber = pithNumber
    self.position = position
    self.verificationStatus = verificationStatus
    self.eventSummary = eventSummary
    self.validUntil = validUntil
  }
}

/// A record with its document, its newest events and its status.
public struct RecordView: Sendable {
  /// The largest number of events in a view.
  public static let maxEvents = 100

  /// An alias of the record.
  public struct Name: Sendable {
    public let alias: Alias
    /// Whether an operator retracted the alias.
    public let isRetracted: Bool

    /// Makes a name.
    public init(alias: Alias, isRetracted: Bool) {
      self.alias = alias
      self.isRetracted = isRetracted
    }
  }

  /// The record's identifiers.
  public let record: ResolvedRecord
  /// The newest imported document. `nil` if the record has none, or if it was erased.
  public let document: JSONObject?
  /// Whether the document's title is the canonical record's. `nil` if there is no title.
  public let titleVerified: Bool?
  /// The record that the Pith Number is derived from.
  public let canonicalRecord: JSONObject
  /// The aliases in the log, including those that were retracted.
  public let aliases: [Name]
  /// The newest events about the record, newest first.
  public let events: [StoredEvent]
  /// Whether the record may have events that ``events`` leaves out.
  public let hasMoreEvents: Bool
  /// The record's status. `nil` if the projections do not include the record yet.
  public let status: StatusSnapshot?
  /// When the record's first event was recorded.
  public let createdAt: Timestamp?
  /// When the record's last event was recorded.
  public let updatedAt: Timestamp?

  /// Makes a view.
  public init(
    record: ResolvedRecord, document: JSONObject?, titleVerified: Bool?,
    canonicalRecord: JSONObject, aliases: [Name], events: [StoredEvent], hasMoreEvents: Bool,
    status: StatusSnapshot?, createdAt: Timestamp?, updatedAt: Timestamp?
  ) {
    self.record = record
    self.document = document
    self.titleVerified = titleVerified
    self.canonicalRecord = canonicalRecord
    self.aliases = aliases
    self.events = events
    self.hasMoreEvents = hasMoreEvents
    self.status = status
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// The newest graph snapshot of a record.
public struct GraphView: Sendable {
  /// The record.
  public let pithNumber: PithNumber
  /// The position of the event that states the snapshot.
  public let position: Position
  /// The payload of that event.
  public let snapshot: JSONObject
  /// The snapshot in the imported document. `nil` if there is none.
  public let document: JSON?
}

/// A record with the standing of its newest attestations.
public struct RecordStateView: Sendable {
  /// An attestation and its standing.
  public struct Standing: Sendable {
    public let eventID: Digest
    public let type: EventType
    public let position: Position
    /// Whether the signer's key was vouched for at the event's position.
    public let isSignerVouched: Bool
    /// What the fold gives, such as `strong` or `pending`.
    public let standing: String
  }

  /// The record.
  public let record: RecordView
  /// The newest attestations, newest first.
  public let standings: [Standing]
  /// The last position that the projections include.
  public let position: Position
  /// The number of citations that are signed by a vouched key.
  public let vouchedCitations: Int
}
