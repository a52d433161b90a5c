/// A rule that admission can refuse an event for. The raw value is the `check` of the refusal.
///
/// Parsers of evidence refuse under names of their own (`ots.…`, `rfc3161.…`, `jwt.…`); the rules here are what
/// admission itself compares.
public enum AdmissionRule: String, Sendable, CaseIterable {
  // Every event.
  case createdAt = "created_at"
  case evidence
  case subject
  case claims
  // Who signs.
  case knownKey = "known_key"
  case signature
  case signer
  case revoked
  case authority
  case log
  // Events about keys.
  case fingerprint
  case receiptKey = "receipt_key"
  case vouched
  case compromisedFrom = "compromised_from_position"
  // Statements of the registry about a record.
  case contentAddressed = "content_addressed"
  case alias
  // Anchors.
  case checkpoint
  case digest
  case otsDigest = "ots.digest"
  case pendingAnchors = "pending_anchors"
  // Storage.
  case location
  case observedAt = "observed_at"
  case content
  case fetch
  // Authors.
  case tokenNonce = "jwt.nonce"
  case tokenSubject = "jwt.sub"
  case tokenName = "jwt.name"
  case tokenSignature = "token_signature"
  // Citations.
  case selfCitation = "self_citation"
  case citingKnownHere = "citing_known_here"
  // Statements about other events, and slots.
  case eventID = "event_id"
  case supersedes
  case slot
  case statements
}

extension Refusal {
  /// A refusal of an event that is provably false or not allowed.
  init(_ rule: AdmissionRule, _ field: String?, _ message: String) {
    self.init(.invalid, rule, field, message)
  }

  init(_ code: Code, _ rule: AdmissionRule, _ field: String?, _ message: String) {
    self.init(code, check: rule.rawValue, field: field, message)
  }
}
