public import Encodings

/// `replication_record`: somebody tried to replicate claims of the record, with this outcome.
public struct ReplicationRecord: EventPayload {
  public enum Kind: String, Sendable, CaseIterable {
    case replication, falsification
    case formalBridge = "formal_bridge"
  }

  public enum Outcome: String, Sendable, CaseIterable {
    case replicated, inconclusive
    case partiallyReplicated = "partially_replicated"
    case notReplicated = "not_replicated"
  }

  public let id: String
  public let kind: Kind
  public let outcome: Outcome
  public let claimIDs: [String]
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
