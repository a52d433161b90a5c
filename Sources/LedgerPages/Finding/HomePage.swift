import LedgerDomain
public import LedgerService
import LedgerStore

/// The first page of a ledger.
public struct HomePage: Page {
  /// A number with what it counts.
  public struct Total: Sendable {
    /// What is counted.
    public let label: String
    /// The number.
    public let value: String
    /// A page with what is counted; `nil` if there is none.
    public let href: String?

    fileprivate init(_ count: Int64, _ one: String, _ many: String, href: String) {
      label = count == 1 ? one : many
      value = NumberWords.text(count)
      self.href = href
    }
  }

  public static let template = "home"
  public let frame: PageFrame
  /// The totals.
  public let totals: [Total]
  /// Whether some totals are missing because they are being counted.
  public let isCounting: Bool
  /// Events per day.
  public let chart: DayChart
  /// The newest events, the newest first.
  public let latest: [EventRow]
  /// The position of the next event, at which the live list begins.
  public let nextPosition: String

  /// Makes the page.
  ///
  /// Errors: those of `EventRow`.
  public init(frame: PageFrame, _ view: HomeView) throws {
    self.frame = frame
    chart = DayChart(view.days)
    latest = try view.latest.map { try EventRow($0) }
    isCounting = view.totals == nil
    nextPosition = view.size.end.description
    var totals = [
      Total((view.totals?.size ?? view.size).end.rawValue, "event", "events", href: "/events"),
      Total(Int64(view.keyCount), "key", "keys", href: "/keys"),
    ]
    if let counts = view.totals {
      totals.insert(Total(Int64(counts.records), "record", "records", href: "/records"), at: 0)
      for (type, one, many) in Self.labels {
        totals.append(
          Total(Int64(counts.events[type] ?? 0), one, many, href: "/events?type=\(type.name)"))
      }
    }
    self.totals = totals
  }

  /// The attestations, as they were recorded, whatever became of them.
  private static let labels: [(EventType, one: String, many: String)] = [
    (.timestampAnchor, "proof of time", "proofs of time"),
    (.storageAttestation, "statement of storage", "statements of storage"),
    (.authorAttestation, "claim of authorship", "claims of authorship"),
    (.citationSignature, "signed citation", "signed citations"),
    (.replicationRecord, "replication report", "replication reports"),
  ]
}
