/// What an event says; the raw values are the codes of the log's typed column and never change.
public enum EventType: Int16, Sendable, CaseIterable {
  /// A type from the future: counted, and otherwise without effect.
  case unknown = 0
  case timestampAnchor = 1
  case storageAttestation, authorAttestation, citationSignature, replicationRecord
  case recordCreated, graphSnapshot, aliasAdded, anchorUpgraded, checkRecorded
  case moderationDecision, eventWithdrawn, keyRegistered, keyVouched, keyRevoked
  case aliasRetracted, vouchingWithdrawn

  static let names = [
    "unknown", "timestamp_anchor", "storage_attestation", "author_attestation",
    "citation_signature", "replication_record", "record_created", "graph_snapshot", "alias_added",
    "anchor_upgraded", "check_recorded", "moderation_decision", "event_withdrawn",
    "key_registered", "key_vouched", "key_revoked", "alias_retracted", "vouching_withdrawn",
  ]

  /// The five that people submit.
  public static let attestations: [EventType] = [
    .timestampAnchor, .storageAttestation, .authorAttestation, .citationSignature,
    .replicationRecord,
  ]

  public var name: String { Self.names[Int(rawValue)] }
  public var isAttestation: Bool { rawValue >= 1 && rawValue <= 5 }
  public var isAboutKeys: Bool {
    switch self {
    case .keyRegistered, .keyVouched, .keyRevoked, .vouchingWithdrawn: true
    default: false
    }
  }

  /// The type of this name; `nil` for one that is not known here.
  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name), index > 0 else { return nil }
    self.init(rawValue: Int16(index))
  }
}

/// In which capacity a key signs.
public enum SignerType: Int16, Sendable, CaseIterable {
  case author = 1
  case replicator, agent, moderator, storageProvider, registry

  static let names = [
    "", "author", "replicator", "agent", "moderator", "storage_provider", "registry",
  ]
  public var name: String { Self.names[Int(rawValue)] }
  /// Whether anyone may register such a key.
  public var isOpen: Bool { rawValue <= 3 }

  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name), index > 0 else { return nil }
    self.init(rawValue: Int16(index))
  }
}

/// What a check found; the raw values are codes of the log and never change.
public enum Verdict: Int16, Sendable, CaseIterable {
  case verified = 1
  case pending, failed, gone, changed, erased

  static let names = ["", "verified", "pending", "failed", "gone", "changed", "erased"]
  public var name: String { Self.names[Int(rawValue)] }

  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name), index > 0 else { return nil }
    self.init(rawValue: Int16(index))
  }
}
