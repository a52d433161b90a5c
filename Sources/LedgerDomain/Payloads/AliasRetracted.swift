/// `alias_retracted`: the registry retracts a name of a record.
public struct AliasRetracted: EventPayload {
  /// The retracted name.
  public let retracted: Alias
  /// The origin of the ledger that the statement is for.
  public let log: String

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    _ = try members.reason()
    retracted = try members.alias()
    log = try members.text("log")
  }

  var alias: Alias? { retracted }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.setNames(of: retracted, of: source)
  }
}
