import Encodings

/// The rights of the signer of one event, by the key timeline at the event's position.
struct SignerAuthority {
  let signer: Signer
  let timeline: KeyTimeline
  let position: Position
  /// The origin of the ledger.
  let origin: String

  /// Whether the signing key is the registry's key at this position.
  var isRegistry: Bool { timeline.registryKey(at: position) == signer.fingerprint }

  var isVouched: Bool { timeline.isVouched(signer.fingerprint, at: position) }

  var isStorageProvider: Bool {
    !isRegistry && timeline.isVouched(signer.fingerprint, at: position, as: .storageProvider)
  }

  var isModerator: Bool { timeline.isVouched(signer.fingerprint, at: position, as: .moderator) }

  var identity: Digest128 { timeline.identity(signer.fingerprint, at: position) }

  /// Checks that the signer is the registered owner of the key that verified the signature, and that
  /// the key is valid at this position.
  func check(_ verified: VerifiedEvent) throws(Refusal) {
    guard let key = timeline.registration(of: signer.fingerprint) else {
      throw Refusal(
        .knownKey, "signer.public_key_fingerprint",
        "No key with this fingerprint is registered here. Register it first (key_registered).")
    }
    guard verified.publicKey == key.publicKey else {
      throw Refusal(
        .signature, "signature.signature_b64",
        "The signature was verified under another key than the registered one.")
    }
    let registered = Signer(
      keyID: key.keyID, fingerprint: key.fingerprint, signerID: key.signerID,
      signerType: key.signerType)
    guard registered == signer else {
      throw Refusal(
        .signer, "signer",
        "The signer differs from the key's registration: key_id \(key.keyID), signer_id "
          + "\(key.signerID), signer_type \(key.signerType.name).")
    }
    if timeline.isRevoked(signer.fingerprint, at: position) {
      throw Refusal(.revoked, "signer.public_key_fingerprint", "This key has been revoked.")
    }
    if signer.signerType == .registry, !isRegistry {
      throw Refusal(
        .forbidden, .authority, "signer", "This registry key has been replaced by another.")
    }
  }

  /// Refuses an event of a type that only the registry may sign.
  func requireRegistry(for type: EventType) throws(Refusal) {
    guard isRegistry else {
      throw Refusal(
        .forbidden, .authority, "signer", "Only the registry key may sign \(type.name).")
    }
  }

  /// Refuses a statement of authority that is meant for another ledger.
  func requireThisLog(_ log: String) throws(Refusal) {
    guard log == origin else {
      throw Refusal(
        .log, "payload.log", "The statement is for another ledger. This ledger is \(origin).")
    }
  }
}
