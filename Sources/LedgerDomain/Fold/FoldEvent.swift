public import Encodings

/// The columns of an event that the fold reads. The fold does not read the event's JSON.
///
/// Each column derives from the bytes of the entry, its position, and the event that it refers to.
public struct FoldEvent: Sendable, Equatable {
  /// The position of the entry.
  public var position: Position
  /// The subject of the event.
  public var record: RecordID
  /// The event id.
  public var eventID: Digest
  /// The type of the event.
  public var type: EventType
  /// The time of admission, by the ledger's clock.
  public var recordedAt: Timestamp
  /// The time of signing, by the signer's clock.
  public var createdAt: Timestamp
  /// The overall verdict of admission. In a `check_recorded`, the new verdict.
  public var verdict: Verdict
  /// The fingerprint of the signing key.
  public var signerKey: Digest128
  /// The group with which the event is folded; see ``FoldGroup``. A collision of the hash costs
  /// time only. `nil` for an event that is in no group.
  public var foldGroup: Int64?
  /// The slot of a statement. A signer has at most one live statement for one slot and target. In a
  /// citation it stands for the name of the citing paper. In a `record_created` it is the slot of the
  /// record's source, and in an event about an alias that of the alias; see ``PaperNames``. `nil` for
  /// other types.
  public var slot: Digest128?
  /// A hash of the content of an attestation. Equal values mean equal content. Specification:
  /// standing.md, section Statements of a record, rule 6.
  public var statement: Digest128?
  /// A 64-bit hash of the target.
  public var targetHash: Int64
  /// The position of the event that this one supersedes, withdraws, decides on, upgrades or checks.
  public var refersTo: Position?
  /// The time until which a storage attestation counts; `nil` if it has no end.
  public var validUntil: Timestamp?
  /// Facts about the event that need few bits each.
  public var flags: FoldFlags
  /// The identity that an author attestation claims. In a `check_recorded` that verifies the token
  /// of a claim, the identity of that claim. In a `record_created`, the slot of the record's Pith
  /// Number; in an event about an alias, the slot of the record's source.
  public var claimant: Digest128?
  /// The `reference_count` of a graph snapshot; 0 for other types.
  public var referenceCount: Int32
  /// The `resolved_work` of a graph snapshot; 0 for other types.
  public var resolvedWork: Int32
  /// The `formal_evidence_count` of a graph snapshot; 0 for other types.
  public var formalEvidenceCount: Int32
  /// The columns of an event about a key; `nil` for other types.
  public var key: KeyColumns?

  /// Makes the columns of an event from their values.
  public init(
    position: Position, record: RecordID, eventID: Digest, type: EventType, recordedAt: Timestamp,
    createdAt: Timestamp, verdict: Verdict, signerKey: Digest128, foldGroup: Int64? = nil,
    slot: Digest128? = nil,
    statement: Digest128? = nil, targetHash: Int64 = 0, refersTo: Position? = nil,
    validUntil: Timestamp? = nil, flags: FoldFlags = [], claimant: Digest128? = nil,
    referenceCount: Int32 = 0, resolvedWork: Int32 = 0, formalEvidenceCount: Int32 = 0,
    key: KeyColumns? = nil
  ) {
    self.position = position
    self.record = record
    self.eventID = eventID
    self.type = type
    self.recordedAt = recordedAt
    self.createdAt = createdAt
    self.verdict = verdict
    self.signerKey = signerKey
    self.foldGroup = foldGroup
    self.slot = slot
    self.statement = statement
    self.targetHash = targetHash
    self.refersTo = refersTo
    self.validUntil = validUntil
    self.flags = flags
    self.claimant = claimant
    self.referenceCount = referenceCount
    self.resolvedWork = resolvedWork
    self.formalEvidenceCount = formalEvidenceCount
    self.key = key
  }
}

extension FoldEvent {
  /// The key and the slot of a citation; `nil` for other events.
  public var citation: (key: Digest128, name: Digest128)? {
    type == .citationSignature ? slot.map { (signerKey, $0) } : nil
  }
}

/// Facts about an event that need few bits each. The raw values are stored in the log's table and
/// never change.
public struct FoldFlags: OptionSet, Sendable {
  /// The bits.
  public let rawValue: Int32
  /// Makes a set of flags from its bits.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The record's author list is known, and does not contain the claimed name.
  public static let nameMismatch = FoldFlags(rawValue: 1)
  /// The stored bytes have a role that counts as storage of the record.
  public static let contentRoleCounts = FoldFlags(rawValue: 2)
  /// The author claim is made by an identity token.
  public static let tokenClaim = FoldFlags(rawValue: 4)
  /// The registry signed the attestation, as it does for clients without a key.
  public static let bare = FoldFlags(rawValue: 8)
  /// The canonical record was hashed on admission, and has the subject's Pith Number.
  public static let contentAddressed = FoldFlags(rawValue: 16)
  /// The record has a receipt by a trusted key.
  public static let receiptVerified = FoldFlags(rawValue: 32)
  /// The moderator approves.
  public static let approved = FoldFlags(rawValue: 64)
  /// The storage counts only if its signer is vouched for as a storage provider.
  public static let providerStatement = FoldFlags(rawValue: 128)
  /// The bytes are stored outside the ledger. The evidence is a report of a fetch.
  public static let elsewhere = FoldFlags(rawValue: 256)
  /// The record's author list is known, and contains the claimed name.
  public static let nameListed = FoldFlags(rawValue: 512)
  /// The claimed name is the name that the issuer of the identity gave.
  public static let nameVerified = FoldFlags(rawValue: 1024)
  /// The issuer of the identity gave a name other than the claimed one.
  public static let nameDiffers = FoldFlags(rawValue: 2048)
  /// The issuer of the identity gave no name.
  public static let nameUnknown = FoldFlags(rawValue: 4096)
  /// The operator imported the record, its document or its graph.
  public static let operatorImported = FoldFlags(rawValue: 8192)
  /// The unsigned anchor cannot be settled by a configured calendar or by a block that can exist.
  /// It does not count towards the record's limit.
  public static let unsettleable = FoldFlags(rawValue: 16_384)

  /// The relation of a citation, in the bits 16 to 19; `nil` for other types and for a relation that
  /// this program does not know.
  public var relation: CitationSignature.Relation? {
    get {
      let number = rawValue >> 16 & 15
      return CitationSignature.Relation.allCases.first { $0.number == number }
    }
    set {
      self = FoldFlags(rawValue: rawValue & ~(15 << 16) | (newValue?.number ?? 0) << 16)
    }
  }
}

/// The columns of an event about a key. Columns that the type of the event does not use are `nil`.
public struct KeyColumns: Sendable, Equatable {
  /// The key that the event is about.
  public var fingerprint: Digest128
  /// The `signer_id` of a registration or a vouch.
  public var signerID: String?
  /// The capacity of a registration or a vouch.
  public var signerType: SignerType?
  /// The `key_id` of a registration.
  public var keyID: String?
  /// The raw public key of a registration, 32 bytes.
  public var publicKey: [UInt8]?
  /// The `compromised_from_position` of a revocation.
  public var compromisedFrom: Position?
  /// The person's name that a vouch binds to the key.
  public var name: String?

  /// Makes the columns from their values.
  public init(
    fingerprint: Digest128, signerID: String? = nil, signerType: SignerType? = nil,
    keyID: String? = nil, publicKey: [UInt8]? = nil, compromisedFrom: Position? = nil,
    name: String? = nil
  ) {
    self.fingerprint = fingerprint
    self.signerID = signerID
    self.signerType = signerType
    self.keyID = keyID
    self.publicKey = publicKey
    self.compromisedFrom = compromisedFrom
    self.name = name
  }
}
