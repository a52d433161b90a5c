public import Encodings

/// `key_revoked`: the key itself or the registry revokes a key.
public struct KeyRevoked: EventPayload {
  /// The revoked key.
  public let fingerprint: Digest128
  /// The first position from which the key's events lose their standing. `nil` means the position of the
  /// revocation.
  public let compromisedFrom: Position?
  /// The origin of the ledger that the statement is for.
  public let log: String

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    _ = try members.reason()
    fingerprint = try members.fingerprint("public_key_fingerprint")
    compromisedFrom = try members.optionalInteger("compromised_from_position")
      .map(Position.init(rawValue:))
    log = try members.text("log")
  }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.key = KeyColumns(fingerprint: fingerprint, compromisedFrom: compromisedFrom)
  }
}
