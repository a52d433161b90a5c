/// `alias_added`: the record has another name.
public struct AliasAdded: EventPayload {
  /// The added name.
  public let added: Alias

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    added = try members.alias()
  }

  var alias: Alias? { added }
}
