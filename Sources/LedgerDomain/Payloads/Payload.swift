public import CanonicalJSON
public import Encodings

/// The payload of an event, by its type.
public enum Payload: Sendable {
  case timestampAnchor(TimestampAnchor)
  case storageAttestation(StorageAttestation)
  case authorAttestation(AuthorAttestation)
  case citationSignature(CitationSignature)
  case replicationRecord(ReplicationRecord)
  case recordCreated(RecordCreated)
  case graphSnapshot(GraphSnapshot)
  case aliasAdded(AliasAdded)
  case aliasRetracted(AliasRetracted)
  case anchorUpgraded(AnchorUpgraded)
  case checkRecorded(CheckRecorded)
  case moderationDecision(ModerationDecision)
  case eventWithdrawn(EventWithdrawn)
  case keyRegistered(KeyRegistered)
  case keyVouched(KeyVouched)
  case keyRevoked(KeyRevoked)
  case vouchingWithdrawn(VouchingWithdrawn)

  /// Reads the payload of an event of this type. Members that the type does not have are refused.
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
