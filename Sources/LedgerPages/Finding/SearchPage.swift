public import LedgerService
public import LedgerStore
import RecordFormats

/// The results of a search, and what a text in the search box names.
public struct SearchPage: Page {
  public static let template = "search"
  public let frame: PageFrame
  /// The text in the search box.
  public let text: String
  /// The category.
  public let category: String
  /// The first day.
  public let after: String
  /// The day before which records are.
  public let before: String
  /// The choices of a status.
  public let statuses: [SelectOption]
  /// The choices of an order.
  public let orders: [SelectOption]
  /// Why the search cannot be made; `nil` if it can.
  public let problem: String?
  /// What to say about a text that looks like a name but names nothing; `nil` if there is nothing to say.
  public let hint: String?
  /// The records whose Pith Numbers begin with the text.
  public let candidates: [RecordLink]
  /// Whether there are ``candidates``.
  public let hasCandidates: Bool
  /// Records with similar names.
  public let near: [RecordLink]
  /// Whether there are records in ``near``.
  public let hasNear: Bool
  /// The records.
  public let rows: [RecordRow]
  /// Whether there are ``rows``.
  public let hasRows: Bool
  /// Whether a search was made and found nothing on this page.
  public let isEmpty: Bool
  /// Whether there may be more on the next page although this one is empty.
  public let goesOn: Bool
  /// The links to other pages.
  public let pager: Pager
  /// The same search as JSON; `nil` if none was made.
  public let json: String?

  /// The parameters of the page.
  public static let parameters = ["after", "before", "category", "cursor", "order", "q", "status"]

  /// The members of a status by which records are chosen.
  static let statusLabels: [(value: String, label: String)] = [
    ("", "any"), ("author_attested", "author confirmed"),
    ("weak_author_claims", "authorship claimed, not proven"),
    ("externally_anchored", "proof of time"), ("storage_verified", "stored copy checked"),
    ("citation_signatures", "signed citations"), ("replication_records", "approved replications"),
    ("pith_receipt", "Pith receipt"), ("graph_snapshot", "snapshot of claims and references"),
    ("references_resolved", "all references resolved"), ("formal_links_present", "formal links"),
  ]

  /// What a search found.
  public struct Outcome: Sendable {
    /// The page of records; `nil` if no search was made.
    public var page: RecordSearchPage?
    /// Why the search cannot be made.
    public var problem: String?
    /// What to say about the text.
    public var hint: String?
    /// The records whose Pith Numbers begin with the text.
    public var candidates: [TitledRecord] = []
    /// Records with similar names.
    public var near: [NearMatch] = []

    /// Makes an outcome of nothing.
    public init() {}
  }

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - frame: the parts that every page has.
  ///   - outcome: the result of the search.
  ///   - value: the value of a parameter of ``parameters``; `nil` for an absent one.
  public init(frame: PageFrame, _ outcome: Outcome, _ value: (String) -> String?) {
    func text(_ name: String) -> String { value(name) ?? "" }
    let items = Self.parameters.filter { $0 != "cursor" }.compactMap { name in
      value(name).map { (name: name, value: $0) }
    }.filter { !$0.value.isEmpty }
    var frame = frame
    if outcome.page != nil {
      let json = Links.address("/api/records", items)
      frame.alternates.append(TypedLink(rel: "alternate", href: json, type: "application/json"))
      self.json = json
    } else {
      json = nil
    }
    self.frame = frame
    self.text = text("q")
    category = text("category")
    after = text("after")
    before = text("before")
    statuses = SelectOption.all(Self.statusLabels, chosen: text("status"))
    orders = SelectOption.all(
      [("", "newest first"), ("asc", "oldest first")], chosen: text("order"))
    problem = outcome.problem
    hint = outcome.hint
    candidates = outcome.candidates.map { RecordLink($0) }
    hasCandidates = !outcome.candidates.isEmpty
    near = outcome.near.map { RecordLink($0) }
    hasNear = !outcome.near.isEmpty
    rows = (outcome.page?.records ?? []).map { RecordRow($0) }
    hasRows = !rows.isEmpty
    isEmpty = outcome.page?.records.isEmpty ?? false
    goesOn = outcome.page?.next != nil
    pager = Pager(
      "/search", items, isFirst: value("cursor") == nil,
      next: outcome.page?.next.map { ("cursor", $0) })
  }
}
