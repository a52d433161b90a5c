public import Encodings

/// `moderation_decision`: a moderator approves or rejects a replication record.
public struct ModerationDecision: EventPayload {
  /// The decision. The raw value is the member `decision`.
  public enum Decision: String, Sendable, CaseIterable { case approved, rejected }

  /// The replication record.
  public let eventID: Digest
  /// The decision.
  public let decision: Decision
  /// The origin of the ledger that the statement is for.
  public let log: String

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    _ = try members.reason()
    eventID = try members.eventID("event_id")
    decision = try members.choice("decision", Decision.allCases)
    log = try members.text("log")
  }

  var referencedEventID: Digest? { eventID }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.foldGroup = source.referenced?.foldGroup
    if decision == .approved { columns.flags.insert(.approved) }
  }
}
