import Encodings
public import LedgerDomain
public import LedgerStore
import ProofFormats

/// What the log says about one ORCID iD.
public struct AuthorView: Sendable {
  /// A claim of authorship with its standing and the title of its record.
  public struct Claim: Sendable {
    /// The claim.
    public let detail: EventDetail
    /// The record that it is about; `nil` where the projections do not include it yet.
    public let record: TitledRecord?
  }

  /// The iD, such as `0000-0002-1825-0097`.
  public let iD: String
  /// The claims of this page, the newest first.
  public let claims: [Claim]
  /// The position from which the next page goes on; `nil` if this is the last page.
  public let next: Position?
  /// The keys that are registered under the iD, at most ``AuthorQueries/maxKeys``.
  public let keys: [KeyStanding]
  /// Whether more keys are registered under the iD.
  public let hasMoreKeys: Bool
  /// The newest records with a strong claim of the iD.
  public let strong: RecordSearchPage

  /// Makes a view.
  public init(
    iD: String, claims: [Claim], next: Position?, keys: [KeyStanding], hasMoreKeys: Bool,
    strong: RecordSearchPage
  ) {
    self.iD = iD
    self.claims = claims
    self.next = next
    self.keys = keys
    self.hasMoreKeys = hasMoreKeys
    self.strong = strong
  }
}

/// Reads the claims and keys of authors.
public struct AuthorQueries: Sendable {
  /// The number of claims in one page.
  public static let pageSize = 50
  /// The largest number of keys in a view.
  public static let maxKeys = 100

  let store: LedgerStore
  let events: EventQueries
  let keys: KeyQueries
  let search: RecordSearchQueries

  /// Checks an iD, with or without `https://orcid.org/`.
  ///
  /// - Returns: the iD in its canonical form.
  /// - Throws: a `Refusal` of code `malformed` with check `orcid` for another text, and for a wrong check digit.
  public static func iD(_ text: String) throws(Refusal) -> String {
    var iD = text.uppercased()
    for prefix in ["HTTPS://ORCID.ORG/", "HTTP://ORCID.ORG/"] where iD.hasPrefix(prefix) {
      iD.removeFirst(prefix.utf8.count)
    }
    guard ORCID.isValid(iD) else {
      throw Refusal(
        .malformed, check: "orcid", field: "iD",
        "Not an ORCID iD. An iD has the form 0000-0002-1825-0097, and its last digit is a check digit: a typing error does not give a valid iD."
      )
    }
    return iD
  }

  /// Reads a page of the claims of an iD.
  ///
  /// - Parameters:
  ///   - text: the iD.
  ///   - from: where the page begins; `nil` for the newest claim.
  ///
  /// Errors: those of ``iD(_:)``; `notFound` with check `orcid` if nothing in the log names the iD.
  public func author(_ text: String, from: Position? = nil) async throws -> AuthorView {
    let iD = try Self.iD(text)
    let signerID = "https://orcid.org/" + iD
    let found = try await store.claims.claims(
      of: KeyTimeline.identity(signerID: signerID), from: from ?? .max, limit: Self.pageSize + 1)
    let shown = Array(found.prefix(Self.pageSize))
    let page = try await keys.page(signer: signerID, limit: Self.maxKeys)
    guard !shown.isEmpty || !page.keys.isEmpty || from != nil else {
      throw Refusal(
        .notFound, check: "orcid",
        "Nothing in this ledger is signed under the ORCID iD \(iD): no claim of authorship names it, and no key is registered under it."
      )
    }
    let titles = try await store.titles.titles(of: Set(shown.map(\.record)))
    let strong = try await search.page(
      RecordFilter { $0 == "orcid" ? iD : nil }, limit: Self.pageSize)
    return AuthorView(
      iD: iD,
      claims: try await events.details(of: shown).map {
        AuthorView.Claim(detail: $0, record: titles[$0.event.record])
      }, next: found.count > shown.count ? found.last?.position : nil, keys: page.keys,
      hasMoreKeys: page.next != nil, strong: strong)
  }
}
