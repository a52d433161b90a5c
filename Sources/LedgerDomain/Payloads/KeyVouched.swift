public import Encodings

/// `key_vouched`: the registry confirms that a key belongs to its `signer_id`.
public struct KeyVouched: EventPayload {
  private static let methods = ["registry", "orcid_oidc"]

  /// The key.
  public let fingerprint: Digest128
  /// The `signer_id` to which the key belongs.
  public let signerID: String
  /// The capacity of the vouch.
  public let signerType: SignerType
  /// The person's name, if the issuer of the identity gave one.
  public let name: String?
  /// The origin of the ledger that the statement is for.
  public let log: String

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    signerType = try members.signerType()
    guard Self.methods.contains(try members.text("method")) else {
      throw members.refusal("method", "One of \(Self.methods.joined(separator: ", ")).")
    }
    fingerprint = try members.fingerprint("public_key_fingerprint")
    signerID = try members.text("signer_id")
    name = try members.optionalText("name")
    log = try members.text("log")
  }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.key = KeyColumns(
      fingerprint: fingerprint, signerID: signerID, signerType: signerType, name: name)
  }
}
