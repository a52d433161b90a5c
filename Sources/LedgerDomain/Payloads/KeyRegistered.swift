import Encodings

/// `key_registered`: a key enters the log. The key signs the event itself.
public struct KeyRegistered: EventPayload {
  /// The raw Ed25519 key, 32 bytes.
  public let publicKey: [UInt8]

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    guard try members.text("algorithm") == "ed25519" else {
      throw members.refusal("algorithm", "The only algorithm is ed25519.")
    }
    publicKey = try members.bytes("public_key_b64", count: 32)
  }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    let signer = source.signer
    columns.key = KeyColumns(
      fingerprint: signer.fingerprint, signerID: signer.signerID, signerType: signer.signerType,
      keyID: signer.keyID, publicKey: publicKey)
  }
}
