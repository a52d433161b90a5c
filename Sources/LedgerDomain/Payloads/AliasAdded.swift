/// `alias_added`: the registry adds a name to a record.
public struct AliasAdded: EventPayload {
  /// The added name.
  public let added: Alias

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    added = try members.alias()
  }

  var alias: Alias? { added }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.setNames(of: added, of: source)
  }
}
