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
  /// The largest number of events in a view, unless a caller wants fewer.
  public static let maxEvents = 100
  /// The largest number of citations in a view.
  public static let maxCitations = 10

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

  /// Where the document of a record comes from: the event that names it.
  public struct Provenance: Sendable {
    /// SHA-256 of the document.
    public let documentDigest: Digest
    /// The position of the event.
    public let position: Position
    /// The time of the event.
    public let recordedAt: Timestamp

    /// Makes a provenance.
    public init(documentDigest: Digest, position: Position, recordedAt: Timestamp) {
      self.documentDigest = documentDigest
      self.position = position
      self.recordedAt = recordedAt
    }
  }

  /// A claim of authorship that counts.
  public struct AuthorClaim: Sendable {
    /// The position of the event that states the claim.
    public let position: Position
    /// The entry of the event.
    public let entry: Entry
    /// The payload of the event.
    public let payload: AuthorAttestation
    /// Whether the claim is strong. Other claims that count are weak.
    public let isStrong: Bool

    /// Makes a claim.
    public init(position: Position, entry: Entry, payload: AuthorAttestation, isStrong: Bool) {
      self.position = position
      self.entry = entry
      self.payload = payload
      self.isStrong = isStrong
    }
  }

  /// The record's identifiers.
  public let record: ResolvedRecord
  /// The newest imported document. `nil` if the record has none, or if it was erased.
  public let document: JSONObject?
  /// Where ``document`` comes from.
  public let provenance: Provenance?
  /// Whether the log names a document that this ledger does not hold, because it was erased.
  public let isDocumentMissing: Bool
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
  /// The claims of authorship that count, the strong ones first, then the newest first. At most
  /// ``RecordQueries/maxAuthorClaims``.
  public let authorClaims: [AuthorClaim]
  /// The number of citations that are signed by a vouched key.
  public let vouchedCitations: Int
  /// The newest verified citations of the record. `nil` if they were not read.
  public let citations: CitationPage?
  /// When the record's first event was recorded.
  public let createdAt: Timestamp?
  /// When the record's last event was recorded.
  public let updatedAt: Timestamp?

  /// Makes a view.
  public init(
    record: ResolvedRecord, document: JSONObject?, titleVerified: Bool?,
    canonicalRecord: JSONObject, aliases: [Name], events: [StoredEvent], hasMoreEvents: Bool,
    status: StatusSnapshot?, createdAt: Timestamp?, updatedAt: Timestamp?,
    provenance: Provenance? = nil, isDocumentMissing: Bool = false,
    authorClaims: [AuthorClaim] = [], vouchedCitations: Int = 0,
    citations: CitationPage? = nil
  ) {
    self.record = record
    self.document = document
    self.provenance = provenance
    self.isDocumentMissing = isDocumentMissing
    self.authorClaims = authorClaims
    self.vouchedCitations = vouchedCitations
    self.citations = citations
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

/// The newest graph snapshot of a record, and the citations that the log attests.
public struct GraphView: Sendable {
  /// The largest number of citations in one direction.
  public static let maxCitations = 25

  /// A graph snapshot.
  public struct Snapshot: Sendable {
    /// The position of the event that states it.
    public let position: Position
    /// The payload of that event.
    public let payload: JSONObject
    /// The snapshot in the document that the event names. `nil` if there is none.
    public let document: JSON?
  }

  /// The record.
  public let pithNumber: PithNumber
  /// The snapshot. `nil` if the record has none.
  public let snapshot: Snapshot?
  /// The newest verified citations of the record.
  public let inbound: CitationPage
  /// The newest verified citations by the record's paper.
  public let outbound: CitationPage
  /// The claims of authorship that count, as in ``RecordView/authorClaims``.
  public let authorClaims: [RecordView.AuthorClaim]
  /// The record's status. `nil` if the projections do not include the record yet.
  public let status: VerificationStatus?
}
