public import Encodings

/// `replication_record`: an attempt to replicate claims of the record, with its outcome.
public struct ReplicationRecord: EventPayload {
  /// The kind of attempt. The raw value is the member `kind`.
  public enum Kind: String, Sendable, CaseIterable {
    /// A replication, or an attempt to falsify the claims.
    case replication, falsification
    /// A link from the claims to a formalisation of them.
    case formalBridge = "formal_bridge"
  }

  /// The outcome of the attempt. The raw value is the member `outcome`.
  public enum Outcome: String, Sendable, CaseIterable {
    /// The claims were replicated, or the attempt was inconclusive.
    case replicated, inconclusive
    /// Some of the claims were replicated.
    case partiallyReplicated = "partially_replicated"
    /// The claims were not replicated.
    case notReplicated = "not_replicated"
  }

  /// The signer's identifier of the attempt, `replication_id`.
  public let id: String
  /// The kind of attempt.
  public let kind: Kind
  /// The outcome.
  public let outcome: Outcome
  /// The identifiers of the claims, 1 to 256.
  public let claimIDs: [String]
  /// The event that this one replaces.
  public let supersedes: Digest?

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    id = try members.text("replication_id")
    kind = try members.choice("kind", Kind.allCases)
    outcome = try members.choice("outcome", Outcome.allCases)
    claimIDs = try members.texts("claim_ids", maxCount: 256, maxBytes: 64)
    supersedes = try members.supersedes()
    guard !claimIDs.isEmpty else { throw members.refusal("claim_ids", "At least one claim.") }
    _ = try members.optionalText("summary", maxBytes: 500)
    if let uri = try members.optionalText("artifact_uri", maxBytes: 2048) {
      try Location.checkURL(uri, field: "payload.artifact_uri")
    }
    _ = try members.optionalDigest("artifact_sha256")
    _ = try members.optionalText("environment", maxBytes: 500)
  }

  var referencedEventID: Digest? { supersedes }
  var slotKey: String? { id }
}
