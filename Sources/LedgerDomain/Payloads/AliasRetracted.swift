/// `alias_retracted`: a name of the record was wrong.
public struct AliasRetracted: EventPayload {
  /// The retracted name.
  public let retracted: Alias
  /// The origin of the ledger for which the statement is meant.
  public let log: String

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    _ = try members.reason()
    retracted = try members.alias()
    log = try members.text("log")
  }

  var alias: Alias? { retracted }
}
