import LedgerDomain
public import LedgerService
import RecordFormats

/// The registered keys.
public struct KeysPage: Page {
  public static let template = "keys"
  public let frame: PageFrame
  /// The keys, in the order of registration.
  public let rows: [KeyWords]
  /// Whether there are ``rows``.
  public let hasRows: Bool
  /// The choices of a standing.
  public let states: [SelectOption]
  /// The name that the keys are registered under; empty for any.
  public let signer: String
  /// The links to other pages.
  public let pager: Pager
  /// The same list as JSON.
  public let json: String

  private static let labels: [(value: String, label: String)] = [
    ("", "any"), ("vouched", "vouched for"), ("live", "not vouched for, and the registry's key"),
    ("retired", "replaced, or no longer vouched for"), ("revoked", "revoked"),
  ]

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - frame: the parts that every page has.
  ///   - page: the keys.
  ///   - standing: the chosen standing; `nil` for any.
  ///   - signer: the chosen name; `nil` for any.
  ///   - isFirst: whether it is the first page of the list.
  public init(
    frame: PageFrame, _ page: KeyPage, standing: String?, signer: String?, isFirst: Bool
  ) {
    rows = page.keys.map { KeyWords($0) }
    hasRows = !rows.isEmpty
    states = SelectOption.all(Self.labels, chosen: standing ?? "")
    self.signer = signer ?? ""
    let items = [("signer", signer), ("standing", standing)].compactMap { name, value in
      value.map { (name: name, value: $0) }
    }
    pager = Pager(
      "/keys", items, isFirst: isFirst, next: page.next.map { ("from", $0.description) })
    json = Links.address("/api/keys", items)
    var frame = frame
    frame.alternates.append(TypedLink(rel: "alternate", href: json, type: "application/json"))
    self.frame = frame
  }
}
