/// A rule for which admission refuses an event. The raw value is the `check` of the refusal.
///
/// Parsers of evidence have checks of their own (`ots.…`, `rfc3161.…`, `jwt.…`). Specification:
/// errors.md, section Checks.
public enum AdmissionRule: String, Sendable, CaseIterable {
  // Every event.
  /// `created_at` is not in the future, and is later than the signer's last withdrawal in the slot.
  case createdAt = "created_at"
  /// The bytes that the payload names came with the event.
  case evidence
  /// The ledger has the record.
  case subject
  /// The newest snapshot of the record has the claims.
  case claims
  // Who signs.
  /// The key is registered, or is not registered yet where the event registers it.
  case knownKey = "known_key"
  /// The signature was verified under the registered key.
  case signature
  /// The members of the signer equal those of the key's registration.
  case signer
  /// The key is not revoked.
  case revoked
  /// The signer is allowed to make the statement.
  case authority
  /// The statement is for this ledger.
  case log
  // Events about keys.
  /// The fingerprint and the target are those of the registered key.
  case fingerprint
  /// A key that is trusted for receipts does not sign events.
  case receiptKey = "receipt_key"
  /// A vouch to be withdrawn is in force, and a new vouch is not the same as one in force.
  case vouched
  /// The position is not later than the revocation.
  case compromisedFrom = "compromised_from_position"
  // Statements of the registry about a record.
  /// The subject is the Pith Number of the canonical record.
  case contentAddressed = "content_addressed"
  /// The record has the alias, and the alias can be retracted.
  case alias
  // Anchors.
  /// The log signed a checkpoint of this size.
  case checkpoint
  /// The anchored digest is that of the record or the checkpoint.
  case digest
  /// The OpenTimestamps proof is about the anchored digest.
  case otsDigest = "ots.digest"
  /// The record has few enough pending unsigned anchors.
  case pendingAnchors = "pending_anchors"
  // Storage.
  /// The location has the form of an address that the ledger can fetch.
  case location
  /// `observed_at` is not in the future.
  case observedAt = "observed_at"
  /// The digest and the size are those of the bytes.
  case content
  /// The ledger fetched the location, or a storage provider signed the statement.
  case fetch
  // Authors.
  /// The identity token has the nonce of the record.
  case tokenNonce = "jwt.nonce"
  /// The identity token is for this iD.
  case tokenSubject = "jwt.sub"
  /// The identity token gives no other name than the payload.
  case tokenName = "jwt.name"
  /// The signature of the identity token could be checked.
  case tokenSignature = "token_signature"
  // Citations.
  /// The record does not cite itself.
  case selfCitation = "self_citation"
  // Statements about other events, and slots.
  /// The event that is named exists, and the statement can be about it.
  case eventID = "event_id"
  /// The replaced statement is live, and has the same signer, slot and target.
  case supersedes
  /// The signer has no other live statement in the slot.
  case slot
  /// The signer has few enough statements in the group.
  case statements
}

extension Refusal {
  /// A refusal of an event that is provably false or not allowed.
  init(_ rule: AdmissionRule, _ field: String?, _ message: String) {
    self.init(.invalid, rule, field, message)
  }

  /// A refusal with another code, such as `forbidden` or `conflict`.
  init(_ code: Code, _ rule: AdmissionRule, _ field: String?, _ message: String) {
    self.init(code, check: rule.rawValue, field: field, message)
  }
}
