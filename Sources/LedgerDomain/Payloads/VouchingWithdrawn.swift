public import Encodings

/// `vouching_withdrawn`: the registry no longer confirms that a key belongs to its `signer_id`.
public struct VouchingWithdrawn: EventPayload {
  /// The key.
  public let fingerprint: Digest128
  /// The origin of the ledger that the statement is for.
  public let log: String

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    _ = try members.reason()
    fingerprint = try members.fingerprint("public_key_fingerprint")
    log = try members.text("log")
  }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.key = KeyColumns(fingerprint: fingerprint)
  }
}
