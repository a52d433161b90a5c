public import Encodings

/// What the fold reads of an event: the log's small typed columns, never its JSON.
///
/// Each is a pure function of the entry's bytes, the event that it refers to, and its position.
public struct FoldEvent: Sendable, Equatable {
  public var position: Position
  public var record: RecordID
  public var eventID: Digest
  public var type: EventType
  public var recordedAt: Timestamp
  /// When the signer says that it was signed.
  public var createdAt: Timestamp
  public var verdict: Verdict
  public var signerKey: Digest128
  /// One signer's statements about one thing, and what refers to them; see ``FoldGroup``. A collision
  /// costs time only.
  public var foldGroup: Int64?
  /// What, with signer identity and target, has at most one live statement.
  public var slot: Digest128?
  /// The payload apart from `supersedes` and `observed_at`: equal means nothing new was said.
  public var statement: Digest128?
  public var targetKey: Int64
  /// The position of the event that this one supersedes, withdraws, decides on or checks.
  public var refersTo: Position?
  public var validUntil: Timestamp?
  public var flags: FoldFlags
  /// The identity an author attestation claims, or that a check found such a claim to be by.
  public var claimant: Digest128?
  public var referenceCount: Int32
  public var resolvedWork: Int32
  public var formalEvidenceCount: Int32
  public var key: KeyColumns?

  public init(
    position: Position, record: RecordID, eventID: Digest, type: EventType, recordedAt: Timestamp,
    createdAt: Timestamp, verdict: Verdict, signerKey: Digest128, foldGroup: Int64? = nil,
    slot: Digest128? = nil,
    statement: Digest128? = nil, targetKey: Int64 = 0, refersTo: Position? = nil,
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
    self.targetKey = targetKey
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

/// Facts about an event that need one bit each.
public struct FoldFlags: OptionSet, Sendable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The record's author list is known, and the claimed name is not in it.
  public static let nameMismatch = FoldFlags(rawValue: 1)
  /// Stored bytes of a role that counts.
  public static let contentRoleCounts = FoldFlags(rawValue: 2)
  /// An author claim that rests on an identity token.
  public static let tokenClaim = FoldFlags(rawValue: 4)
  /// Signed by the registry for somebody without a key.
  public static let bare = FoldFlags(rawValue: 8)
  public static let contentAddressed = FoldFlags(rawValue: 16)
  public static let receiptVerified = FoldFlags(rawValue: 32)
  /// A moderator's decision that approves.
  public static let approved = FoldFlags(rawValue: 64)
  /// Storage that counts only if the signer is a vouched provider.
  public static let providerStatement = FoldFlags(rawValue: 128)
  /// Bytes that are kept elsewhere: what the ledger has of them is a report of a look.
  public static let elsewhere = FoldFlags(rawValue: 256)
  /// The claimed name is in the record's author list, which is known.
  public static let nameListed = FoldFlags(rawValue: 512)
  /// The claimed name is the one that the identity's issuer gave.
  public static let nameVerified = FoldFlags(rawValue: 1024)
  /// The identity's issuer gave another name than the claim does.
  public static let nameDiffers = FoldFlags(rawValue: 2048)
  /// The identity's issuer gave no name.
  public static let nameUnknown = FoldFlags(rawValue: 4096)
  /// An operator brought the record in, and not anybody.
  public static let operatorImported = FoldFlags(rawValue: 8192)
  /// An unsigned anchor that nothing the ledger asks could settle: it does not count towards the record's limit.
  public static let unsettleable = FoldFlags(rawValue: 16_384)
}

/// The columns of an event about a key.
public struct KeyColumns: Sendable, Equatable {
  public var fingerprint: Digest128
  public var signerID: String?
  public var signerType: SignerType?
  public var keyID: String?
  public var publicKey: [UInt8]?
  public var compromisedFrom: Position?
  /// The person's name that a vouch binds to the key.
  public var name: String?

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
