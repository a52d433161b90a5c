import LedgerDomain
public import LedgerService
import LedgerStore
import RecordFormats

/// One ORCID iD: the papers that are claimed under it, and the keys that are registered under it.
public struct AuthorPage: Page {
  /// A claim of authorship.
  public struct Claim: Sendable {
    /// The paper.
    public let paper: RecordLink?
    /// The name in the claim.
    public let name: String
    /// What the claim rests on.
    public let method: String
    /// The standing.
    public let words: StandingWords
    /// When it was recorded.
    public let recorded: TimeWords
    /// The page of the claim.
    public let href: String
  }

  public static let template = "author"
  public let frame: PageFrame
  /// The iD.
  public let iD: String
  /// The page of the iD at ORCID.
  public let orcidHref: String
  /// The papers with a strong claim that stands.
  public let strong: [RecordRow]
  /// Whether there are papers in ``strong``.
  public let hasStrong: Bool
  /// The list of all papers with a strong claim; `nil` if ``strong`` has them all.
  public let moreStrong: String?
  /// The claims, the newest first.
  public let claims: [Claim]
  /// Whether there are ``claims``.
  public let hasClaims: Bool
  /// The keys.
  public let keys: [KeyWords]
  /// Whether there are ``keys``.
  public let hasKeys: Bool
  /// The list of all keys; `nil` if ``keys`` has them all.
  public let moreKeys: String?
  /// The links to other pages.
  public let pager: Pager
  /// The papers with strong claims as JSON.
  public let json: String

  /// Makes the page.
  ///
  /// Errors: a `Refusal` if an entry is not well-formed.
  public init(frame: PageFrame, _ view: AuthorView, isFirst: Bool) throws {
    iD = view.iD
    orcidHref = "https://orcid.org/\(view.iD)"
    strong = view.strong.records.map { RecordRow($0) }
    hasStrong = !strong.isEmpty
    json = Links.address("/api/records", [("orcid", view.iD)])
    moreStrong = view.strong.next.map {
      Links.address("/api/records", [("cursor", $0), ("orcid", view.iD)])
    }
    claims = try view.claims.compactMap(Self.claim)
    hasClaims = !claims.isEmpty
    keys = view.keys.map { KeyWords($0) }
    hasKeys = !keys.isEmpty
    moreKeys =
      view.hasMoreKeys ? Links.address("/keys", [("signer", "https://orcid.org/\(view.iD)")]) : nil
    pager = Pager(
      "/authors/\(view.iD)", [], isFirst: isFirst,
      next: view.next.map { ("from", $0.description) })
    var frame = frame
    frame.alternates.append(TypedLink(rel: "alternate", href: json, type: "application/json"))
    self.frame = frame
  }

  private static func claim(_ claim: AuthorView.Claim) throws -> Claim? {
    let event = claim.detail.event
    guard case .authorAttestation(let payload) = try Entry(bytes: event.entry).event.body.payload
    else { return nil }
    return Claim(
      paper: claim.record.map { RecordLink($0) }, name: payload.name,
      method: payload.method == .orcidOIDC
        ? "signed in with ORCID" : "signed with a key that says it is this iD's",
      words: StandingWords(
        claim.detail.standing, of: .authorAttestation, reason: claim.detail.reason),
      recorded: TimeWords(event.recordedAt), href: Links().event(event.eventID))
  }
}
