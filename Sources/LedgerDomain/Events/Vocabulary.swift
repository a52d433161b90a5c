/// The type of an event. The raw values are the codes in the log's typed column. They never change.
///
/// Specification: events.md, section Payloads.
public enum EventType: Int16, Sendable, CaseIterable {
  /// A type that this version does not know. The fold counts such events and ignores them
  /// otherwise.
  case unknown = 0
  /// An attestation that a digest existed at a time.
  case timestampAnchor = 1
  /// The other attestations.
  case storageAttestation, authorAttestation, citationSignature, replicationRecord
  /// Statements of the registry.
  case recordCreated, graphSnapshot, aliasAdded, anchorUpgraded, checkRecorded
  /// Decisions about other events, and events about keys.
  case moderationDecision, eventWithdrawn, keyRegistered, keyVouched, keyRevoked
  /// The retraction of an alias, and the end of a vouch.
  case aliasRetracted, vouchingWithdrawn

  static let names = [
    "unknown", "timestamp_anchor", "storage_attestation", "author_attestation",
    "citation_signature", "replication_record", "record_created", "graph_snapshot", "alias_added",
    "anchor_upgraded", "check_recorded", "moderation_decision", "event_withdrawn",
    "key_registered", "key_vouched", "key_revoked", "alias_retracted", "vouching_withdrawn",
  ]

  /// The five types that clients submit.
  public static let attestations: [EventType] = [
    .timestampAnchor, .storageAttestation, .authorAttestation, .citationSignature,
    .replicationRecord,
  ]

  /// The member `event_type`.
  public var name: String { Self.names[Int(rawValue)] }
  /// Whether this is one of the five ``attestations``.
  public var isAttestation: Bool { rawValue >= 1 && rawValue <= 5 }
  /// Whether events of this type are about a key.
  public var isAboutKeys: Bool {
    switch self {
    case .keyRegistered, .keyVouched, .keyRevoked, .vouchingWithdrawn: true
    default: false
    }
  }

  /// Finds a type by name; `nil` for an unknown name.
  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name), index > 0 else { return nil }
    self.init(rawValue: Int16(index))
  }
}

/// The capacity in which a key signs. The raw values are codes of the log and never change.
///
/// Specification: events.md, section Body.
public enum SignerType: Int16, Sendable, CaseIterable {
  /// An author of papers.
  case author = 1
  /// The other capacities. Keys of the last three need the operator.
  case replicator, agent, moderator, storageProvider, registry

  static let names = [
    "", "author", "replicator", "agent", "moderator", "storage_provider", "registry",
  ]
  /// The member `signer_type`.
  public var name: String { Self.names[Int(rawValue)] }
  /// Whether a client may register a key in this capacity without the operator.
  public var isOpen: Bool { rawValue <= 3 }

  /// Finds a capacity by name; `nil` for an unknown name.
  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name), index > 0 else { return nil }
    self.init(rawValue: Int16(index))
  }
}

/// The result of a check. The raw values are codes of the log and never change.
public enum Verdict: Int16, Sendable, CaseIterable {
  /// The check succeeded.
  case verified = 1
  /// `pending`: not decided yet. `failed`: disproved. `gone`: the stored bytes are no longer at
  /// their location. `changed`: the location has other bytes. `erased`: the operator erased the
  /// evidence.
  case pending, failed, gone, changed, erased

  static let names = ["", "verified", "pending", "failed", "gone", "changed", "erased"]
  /// The name in JSON, such as `verified`.
  public var name: String { Self.names[Int(rawValue)] }

  /// Finds a verdict by name; `nil` for an unknown name.
  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name), index > 0 else { return nil }
    self.init(rawValue: Int16(index))
  }
}
