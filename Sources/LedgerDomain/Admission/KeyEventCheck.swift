import Encodings

/// Checks events about keys: registration, vouching, its withdrawal, and revocation.
struct KeyEventCheck {
  let authority: SignerAuthority
  let target: Target

  private var timeline: KeyTimeline { authority.timeline }

  /// Checks a `key_registered`. Capacities that are not open to everyone need the operator. A key of the
  /// registry is registered by a rotation only.
  func registration(
    _ payload: KeyRegistered, trustedReceiptKeys: [Digest128: [UInt8]], operatorAuthorised: Bool,
    isRotation: Bool
  ) throws(Refusal) {
    let fingerprint = Digest(hashing: payload.publicKey).prefix
    let type = authority.signer.signerType
    guard authority.signer.fingerprint == fingerprint, target.text == "key:\(fingerprint.hex)"
    else {
      throw Refusal(
        .fingerprint, "signer.public_key_fingerprint",
        "The fingerprint of this public key is \(fingerprint.hex). The target is "
          + "key:\(fingerprint.hex).")
    }
    if trustedReceiptKeys[fingerprint] != nil {
      throw Refusal(
        .receiptKey, "payload.public_key_b64",
        "A key that signs receipts cannot sign events, because both sign bare digests.")
    }
    if let known = timeline.registration(of: fingerprint) {
      throw Refusal(
        .conflict, .knownKey, "payload.public_key_b64",
        "This key is registered already, as \(known.signerID) (\(known.signerType.name)).")
    }
    guard type != .registry || isRotation else {
      throw Refusal(
        .forbidden, .authority, "signer.signer_type",
        "A key of the registry is registered only when the operator rotates the registry key (`pithledger key "
          + "rotate`). Register the key as author, replicator or agent.")
    }
    guard type.isOpen || operatorAuthorised else {
      throw Refusal(
        .forbidden, check: AdmissionRule.authority.rawValue, field: "signer.signer_type",
        "Anyone may register as author, replicator or agent. The type \(type.name) needs the operator. "
          + "Register the key as one of these three, and ask the operator to vouch for it as \(type.name): "
          + "`pithledger key vouch \(fingerprint.hex) --as \(type.name)`. Or let the operator register the key.",
        remedy: .authorise)
    }
  }

  /// Checks a `key_vouched` by the registry: the key, its `signer_id` and the capacity.
  func vouching(_ payload: KeyVouched) throws(Refusal) {
    try authority.requireRegistry(for: .keyVouched)
    try authority.requireThisLog(payload.log)
    guard let key = timeline.registration(of: payload.fingerprint) else {
      throw Refusal(.knownKey, "payload.public_key_fingerprint", "No such key is registered.")
    }
    guard key.signerID == payload.signerID else {
      throw Refusal(
        .signer, "payload.signer_id", "The key is registered for \(key.signerID) only.")
    }
    if key.revokedAt != nil {
      throw Refusal(.revoked, "payload.public_key_fingerprint", "This key has been revoked.")
    }
    guard (payload.signerType == .registry) == (key.signerType == .registry) else {
      throw Refusal(
        .authority, "payload.signer_type",
        "A registry key is vouched for as registry, and no other key is.")
    }
    if timeline.isVouched(
      payload.fingerprint, at: authority.position, as: payload.signerType, name: payload.name)
    {
      throw Refusal(
        .conflict, .vouched, "payload.public_key_fingerprint",
        "The key is vouched for as \(payload.signerType.name) already.")
    }
  }

  /// Checks a `vouching_withdrawn` by the registry. A vouch must be in force.
  func vouchingWithdrawal(_ payload: VouchingWithdrawn) throws(Refusal) {
    try authority.requireRegistry(for: .vouchingWithdrawn)
    try authority.requireThisLog(payload.log)
    try requireSignersKey(payload.fingerprint)
    guard timeline.isVouched(payload.fingerprint, at: authority.position) else {
      throw Refusal(
        .conflict, .vouched, "payload.public_key_fingerprint",
        "No vouching for this key is in force.")
    }
  }

  /// Checks a `key_revoked` by the key itself or by the registry.
  func revocation(_ payload: KeyRevoked) throws(Refusal) {
    try authority.requireThisLog(payload.log)
    try requireSignersKey(payload.fingerprint)
    let isRegistry = authority.isRegistry
    guard isRegistry || authority.signer.fingerprint == payload.fingerprint else {
      throw Refusal(
        .forbidden, .authority, "signer", "Only the key itself or the registry revokes a key.")
    }
    guard let from = payload.compromisedFrom else { return }
    guard from <= authority.position else {
      throw Refusal(
        .compromisedFrom, "payload.compromised_from_position",
        "Not later than the position of the revocation, which would be \(authority.position).")
    }
    // Otherwise a thief of the key could invalidate what its owner signed while vouched.
    if !isRegistry, timeline.isVouched(payload.fingerprint, at: authority.position) {
      throw Refusal(
        .forbidden, .authority, "payload.compromised_from_position",
        "For a vouched key only the registry may name an earlier position.")
    }
  }

  /// Checks that a key is registered, and is not a key of the registry.
  private func requireSignersKey(_ fingerprint: Digest128) throws(Refusal) {
    guard let key = timeline.registration(of: fingerprint) else {
      throw Refusal(.knownKey, "payload.public_key_fingerprint", "No such key is registered.")
    }
    guard key.signerType != .registry else {
      throw Refusal(
        .authority, "payload.public_key_fingerprint", "A registry key is rotated instead.")
    }
  }
}
