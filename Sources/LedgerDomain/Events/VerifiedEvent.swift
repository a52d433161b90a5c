import Encodings

/// A signed event whose signature has been checked. Only a successful check makes a value of this type.
///
/// Admission takes this type, so that no event reaches the log without a check of its signature.
public struct VerifiedEvent: Sendable {
  /// The event.
  public let event: SignedEvent
  /// The raw public key (32 bytes) under which the signature verifies.
  public let publicKey: [UInt8]

  /// Checks the signature of an event.
  ///
  /// A `key_registered` event is signed by the key that it registers. Every other event is signed
  /// by the key that the timeline registers under the signer's fingerprint. Specification:
  /// events.md, section Who may sign what.
  ///
  /// - Throws: a `Refusal` with the check `known_key` if the key is not registered, and with the
  ///   check `signature` if the signature does not verify.
  public init(_ event: SignedEvent, keys: KeyTimeline) throws(Refusal) {
    if case .keyRegistered(let payload) = event.body.payload {
      publicKey = payload.publicKey
    } else if let known = keys.registration(of: event.body.signer.fingerprint) {
      publicKey = known.publicKey
    } else {
      throw Refusal(
        .invalid, check: "known_key", field: "signer.public_key_fingerprint",
        "No key with this fingerprint is registered here. Register it first (key_registered).")
    }
    guard event.isSigned(by: publicKey) else {
      throw Refusal(
        .invalid, check: "signature", field: "signature.signature_b64",
        "The signature does not verify over the event_id \(event.eventID.hex) of the body as received. "
          + "Sign the 32 bytes of the SHA-256 of its canonical JSON.", remedy: .prepareEvent)
    }
    self.event = event
  }
}
