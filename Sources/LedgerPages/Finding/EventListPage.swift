import LedgerDomain
public import LedgerService
import RecordFormats

/// The log, the newest event first.
public struct EventListPage: Page {
  public static let template = "event_list"
  public let frame: PageFrame
  /// The events.
  public let rows: [EventRow]
  /// Whether there are ``rows``.
  public let hasRows: Bool
  /// The choices of a type.
  public let types: [SelectOption]
  /// The choices of a standing.
  public let standings: [SelectOption]
  /// The links to other pages.
  public let pager: Pager
  /// The same list as JSON.
  public let json: String

  /// The types of events in words.
  static let typeLabels: [(value: String, label: String)] = [
    ("", "any"), ("timestamp_anchor", "proof of time"),
    ("storage_attestation", "statement of storage"), ("author_attestation", "claim of authorship"),
    ("citation_signature", "signed citation"), ("replication_record", "replication report"),
    ("record_created", "record added"), ("graph_snapshot", "snapshot of claims and references"),
    ("alias_added", "name of a record added"), ("alias_retracted", "name of a record retracted"),
    ("anchor_upgraded", "proof of time completed"), ("check_recorded", "later check"),
    ("moderation_decision", "decision of a moderator"), ("event_withdrawn", "withdrawal"),
    ("key_registered", "key registered"), ("key_vouched", "key vouched for"),
    ("vouching_withdrawn", "vouch taken back"), ("key_revoked", "key revoked"),
  ]

  private static let standingLabels: [(value: String, label: String)] = [
    ("", "any"), ("verified", "verified, or validly signed"), ("strong", "strong claim"),
    ("weak", "weak claim"), ("approved", "approved by a moderator"),
    ("pending", "not decided yet"), ("rejected", "does not count"), ("withdrawn", "withdrawn"),
    ("superseded", "replaced"), ("revoked", "key revoked"), ("recorded", "no standing of its own"),
  ]

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - frame: the parts that every page has.
  ///   - page: the events.
  ///   - details: the events of the page with their standings.
  ///   - type: the chosen type; `nil` for any.
  ///   - standing: the chosen standing; `nil` for any.
  ///   - isFirst: whether it is the first page of the list.
  ///
  /// Errors: those of `EventRow`.
  public init(
    frame: PageFrame, _ page: EventPage, _ details: [EventDetail], type: String?, standing: String?,
    isFirst: Bool
  ) throws {
    rows = try details.map { try EventRow($0) }
    hasRows = !rows.isEmpty
    types = SelectOption.all(Self.typeLabels, chosen: type ?? "")
    standings = SelectOption.all(Self.standingLabels, chosen: standing ?? "")
    let items = [("standing", standing), ("type", type)].compactMap { name, value in
      value.map { (name: name, value: $0) }
    }
    pager = Pager(
      "/events", items, isFirst: isFirst, next: page.next.map { ("from", $0.description) })
    json = Links.address("/api/events", [("order", "desc")] + items)
    var frame = frame
    frame.alternates.append(TypedLink(rel: "alternate", href: json, type: "application/json"))
    self.frame = frame
  }
}
