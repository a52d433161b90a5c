import CanonicalJSON
public import LedgerDomain
public import LedgerService
import LedgerStore
import ProofFormats

/// What a record says about its paper, for the formats of other systems.
///
/// The canonical record confirms the title, the license, the categories and the time of submission. The names of the
/// authors are those of the document.
public struct PaperDescription: Sendable {
  /// The Pith Number.
  public let number: PithNumber
  /// The title, which has the digest in the canonical record; `nil` if it is not known.
  public let title: String?
  /// The title in the document, which has another digest than the one in the canonical record; `nil` if there is none.
  public let unconfirmedTitle: String?
  /// The authors in the order of the document; empty if it lists none.
  public let authors: [AuthorName]
  /// Whether the document has more authors.
  public let hasMoreAuthors: Bool
  /// The authors whose claims are strong, without duplicates, with the index in ``authors`` where one name there is theirs.
  public let identified: [IdentifiedAuthor]
  /// The arXiv identifier without a version; `nil` if the record has none.
  public let arxiv: String?
  /// The version at arXiv; `nil` if the record is not of arXiv.
  public let arxivVersion: Int64?
  /// The DOIs, without a prefix.
  public let dois: [String]
  /// Whether the names of the paper come from an operator or from whoever issued its receipt. Otherwise anybody may
  /// have sent the record.
  public let hasTrustedNames: Bool
  /// The license as an address; `nil` if there is none.
  public let licenseURL: String?
  /// The license as a text that is no address; `nil` if there is none.
  public let licenseText: String?
  /// The categories, the primary one first.
  public let categories: [String]
  /// When the paper was submitted to its source.
  public let submittedAt: Timestamp
  /// The time at which the record's last event was recorded.
  public let updatedAt: Timestamp?

  /// An author whose iD was verified.
  public struct IdentifiedAuthor: Sendable, Equatable {
    /// The iD as an address.
    public let orcid: String
    /// The verified name.
    public let name: String
    /// The index in the list of authors; `nil` if several names or none of the list can be this author's.
    public let index: Int?
  }

  /// Reads a record.
  public init(_ view: RecordView) {
    number = view.record.pithNumber
    let canonical = view.canonicalRecord
    let metadata = canonical["metadata"]
    let paper = view.document?["paper"]
    let stated = paper?["title"]?.stringValue.map { PlainText.oneLine($0) }.flatMap(Self.nonEmpty)
    title = view.titleVerified == true ? stated : nil
    unconfirmedTitle = view.titleVerified == true ? nil : stated
    let list = AuthorName.list(paper?["authors_text"]?.stringValue ?? "")
    authors = list.names
    hasMoreAuthors = list.hasMore
    identified = Self.identified(view.authorClaims, among: list.names)
    hasTrustedNames =
      view.record.isOperatorImported || view.status?.verificationStatus.pithReceipt == true
    let names = PaperNameList(view.aliases, source: canonical["source"])
    (arxiv, arxivVersion, dois) = (names.arxiv, names.arxivVersion, names.dois)
    let license = metadata?["license"]?.stringValue.flatMap(Self.nonEmpty)
    licenseURL = license.flatMap { try? WebAddress($0).description }
    licenseText = licenseURL == nil ? license.map { PlainText.oneLine($0) } : nil
    categories =
      ([metadata?["primary_cat"]].compactMap { $0 }
      + (metadata?["cross_cats_sorted"]?.arrayValue ?? []))
      .compactMap { $0.stringValue.map { PlainText.oneLine($0) }.flatMap(Self.nonEmpty) }
    submittedAt =
      metadata?["submitted_at"]?.stringValue.flatMap { Timestamp($0) }
      ?? Timestamp(microseconds: 0)
    updatedAt = view.updatedAt
  }

  private static func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }

  /// The title, or where it is not known the Pith Number.
  public var heading: String { title ?? "Record \(number)" }

  /// The date of submission, as 2024-12-18.
  public var date: String { String(submittedAt.description.prefix(10)) }

  /// The address at arXiv; `nil` if the record has no arXiv identifier.
  public var arxivURL: String? { arxiv.map { "https://arxiv.org/abs/\($0)" } }

  /// The addresses of the DOIs.
  public var doiURLs: [String] { dois.map { PaperAddress.doi($0) } }

  /// The address by which the paper is cited: that of the first DOI that can be trusted, otherwise the record's own.
  public func citeAs(_ links: Links) -> String {
    hasTrustedNames ? doiURLs.first ?? links.page(number) : links.page(number)
  }

  private static func identified(
    _ claims: [RecordView.AuthorClaim], among authors: [AuthorName]
  ) -> [IdentifiedAuthor] {
    var known: Set<String> = []
    let strong = claims.filter { $0.isStrong && known.insert($0.payload.orcid).inserted }
      .map(\.payload)
    let matches = PersonName.indices(of: strong.map(\.name), in: authors.map(\.full))
    var taken: Set<Int> = []
    return zip(strong, matches).map { claim, matches in
      let stated = claim.authorIndex.map(Int.init).flatMap { matches.contains($0) ? $0 : nil }
      let index = (stated ?? (matches.count == 1 ? matches[0] : nil))
        .flatMap { taken.insert($0).inserted ? $0 : nil }
      return IdentifiedAuthor(
        orcid: claim.signerID, name: PlainText.oneLine(claim.name, limit: 300), index: index)
    }
  }
}

/// The names of a paper at arXiv and as DOIs, of those of its record that were not retracted.
private struct PaperNameList {
  var arxiv: String?
  var arxivVersion: Int64?
  var dois: [String] = []

  init(_ names: [RecordView.Name], source: JSON?) {
    let standing = names.lazy.filter { !$0.isRetracted }.map(\.alias)
    let kind = source?["kind"]?.stringValue
    let id = source?["id"]?.stringValue
    let arxivs = standing.filter { $0.kind == .arxiv }.compactMap { PaperAddress.arxivID($0.value) }
    // The source comes first, as it is spelt there.
    let own = kind == "arxiv" ? id.flatMap { PaperAddress.arxivID($0) } : nil
    arxiv = own.flatMap { own in
      arxivs.contains { $0 == own.lowercased() } ? own : nil
    }
    arxivVersion = arxiv == nil ? nil : source?["version"]?.integerValue
    arxiv = arxiv ?? arxivs.first
    dois = standing.filter { $0.kind == .doi && PaperAddress.isDOI($0.folded) }.map(\.folded)
    if kind == "doi", let own = id.map({ Alias(kind: .doi, value: $0).folded }),
      let index = dois.firstIndex(of: own)
    {
      dois.swapAt(0, index)
    }
  }
}

/// The addresses of papers elsewhere.
public enum PaperAddress {
  /// An arXiv identifier in the form of its address, without a prefix and a version; `nil` for a text of another form.
  static func arxivID(_ text: String) -> String? {
    let folded = Alias.withoutVersion(text)
    guard case .alias(let kinds, _)? = try? RecordName(folded), kinds.contains(.arxiv) else {
      return nil
    }
    let prefix = text.lowercased().hasPrefix("arxiv:") ? 6 : 0
    let spelt = text.dropFirst(prefix).prefix(folded.count)
    return spelt.lowercased() == folded ? String(spelt) : folded
  }

  /// Whether a folded text has the form of a DOI.
  static func isDOI(_ folded: String) -> Bool {
    folded.hasPrefix("10.") && folded.contains("/") && PlainText.oneLine(folded) == folded
      && !folded.contains(" ")
  }

  /// The address of a DOI, with percent escapes for what addresses cannot contain.
  public static func doi(_ doi: String) -> String {
    "https://doi.org/" + Links.escaped(doi)
  }

  /// The address of a paper that a citation names: of its record here, at arXiv, or of its DOI. A Pith Number that is
  /// not known here is an address itself.
  public static func citing(_ citation: CitationView, _ links: Links) -> String {
    if let number = citation.citingRecord { return links.page(number) }
    let name = citation.citing.name.text
    if let arxiv = citation.citing.name.arxiv { return "https://arxiv.org/abs/\(arxiv)" }
    return name.hasPrefix("doi:") ? doi(String(name.dropFirst(4))) : name
  }
}
