public import CanonicalJSON
public import Encodings

/// The payload of an event. There is one case for each type of event.
///
/// Specification: events.md, section Payloads.
public enum Payload: Sendable {
  /// A digest existed at a time.
  case timestampAnchor(TimestampAnchor)
  /// Bytes are stored at a location.
  case storageAttestation(StorageAttestation)
  /// A person is an author of the record.
  case authorAttestation(AuthorAttestation)
  /// Another paper cites the record.
  case citationSignature(CitationSignature)
  /// Claims of the record were replicated or not.
  case replicationRecord(ReplicationRecord)
  /// A record is in this ledger.
  case recordCreated(RecordCreated)
  /// The claims and references of a record.
  case graphSnapshot(GraphSnapshot)
  /// A record has another name.
  case aliasAdded(AliasAdded)
  /// A name of a record was wrong.
  case aliasRetracted(AliasRetracted)
  /// A complete proof replaces a pending one.
  case anchorUpgraded(AnchorUpgraded)
  /// The registry checked an event again.
  case checkRecorded(CheckRecorded)
  /// A moderator approves or rejects a replication record.
  case moderationDecision(ModerationDecision)
  /// The signer withdraws an attestation.
  case eventWithdrawn(EventWithdrawn)
  /// A key registers itself.
  case keyRegistered(KeyRegistered)
  /// The registry vouches for a key.
  case keyVouched(KeyVouched)
  /// A key is revoked.
  case keyRevoked(KeyRevoked)
  /// The registry withdraws its vouches for a key.
  case vouchingWithdrawn(VouchingWithdrawn)

  /// Reads the payload of an event of this type. Other members than those of the type are refused.
  ///
  /// - Throws: a `Refusal` with the path of the member.
  public init(_ type: EventType, _ json: JSON) throws(Refusal) {
    var members = try JSONObjectReader(json, "payload")
    switch type {
    case .timestampAnchor: self = .timestampAnchor(try TimestampAnchor(reading: &members))
    case .storageAttestation: self = .storageAttestation(try StorageAttestation(reading: &members))
    case .authorAttestation: self = .authorAttestation(try AuthorAttestation(reading: &members))
    case .citationSignature: self = .citationSignature(try CitationSignature(reading: &members))
    case .replicationRecord: self = .replicationRecord(try ReplicationRecord(reading: &members))
    case .recordCreated: self = .recordCreated(try RecordCreated(reading: &members))
    case .graphSnapshot: self = .graphSnapshot(try GraphSnapshot(reading: &members))
    case .aliasAdded: self = .aliasAdded(try AliasAdded(reading: &members))
    case .aliasRetracted: self = .aliasRetracted(try AliasRetracted(reading: &members))
    case .anchorUpgraded: self = .anchorUpgraded(try AnchorUpgraded(reading: &members))
    case .checkRecorded: self = .checkRecorded(try CheckRecorded(reading: &members))
    case .moderationDecision: self = .moderationDecision(try ModerationDecision(reading: &members))
    case .eventWithdrawn: self = .eventWithdrawn(try EventWithdrawn(reading: &members))
    case .keyRegistered: self = .keyRegistered(try KeyRegistered(reading: &members))
    case .keyVouched: self = .keyVouched(try KeyVouched(reading: &members))
    case .keyRevoked: self = .keyRevoked(try KeyRevoked(reading: &members))
    case .vouchingWithdrawn: self = .vouchingWithdrawn(try VouchingWithdrawn(reading: &members))
    case .unknown:
      throw Refusal(.invalid, check: "event_type", field: "event_type", "No such type of event.")
    }
    try members.finish()
  }

  /// The members, whatever the type.
  var members: any EventPayload {
    switch self {
    case .timestampAnchor(let members): members
    case .storageAttestation(let members): members
    case .authorAttestation(let members): members
    case .citationSignature(let members): members
    case .replicationRecord(let members): members
    case .recordCreated(let members): members
    case .graphSnapshot(let members): members
    case .aliasAdded(let members): members
    case .aliasRetracted(let members): members
    case .anchorUpgraded(let members): members
    case .checkRecorded(let members): members
    case .moderationDecision(let members): members
    case .eventWithdrawn(let members): members
    case .keyRegistered(let members): members
    case .keyVouched(let members): members
    case .keyRevoked(let members): members
    case .vouchingWithdrawn(let members): members
    }
  }

  /// The event that this one names by `supersedes` or `event_id`.
  public var referencedEventID: Digest? { members.referencedEventID }

  /// The name that is added to a record or retracted.
  public var alias: Alias? { members.alias }

  /// SHA-256 of the bytes that the payload is based on, which a submission sends as evidence.
  public var evidence: Digest? { members.evidence }
}
