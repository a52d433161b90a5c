import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
public import RecordFormats

/// The page of a record.
public struct RecordPage: Page {
  public static let template = "record"
  public private(set) var frame: PageFrame

  let head: RecordHead
  let cards: [StatusCard]
  /// What the status is as of.
  let asOf: StatusTime
  let claims: [ClaimRow]
  /// How many claims the page leaves out, in words.
  let moreClaims: String?
  let replications: [ReplicationRow]
  let authors: [AuthorRow]
  let inbound: [RelationGroup]
  let outbound: [RelationGroup]
  let hasCitations: Bool
  let hasInbound: Bool
  let hasOutbound: Bool
  let hasAuthors: Bool
  let hasReplications: Bool
  let graph: CitationGraph?
  let events: [EventRow]
  let hasMoreEvents: Bool
  let receipt: ReceiptFacts?
  let checks: RecordChecks
  /// The texts that show the badge elsewhere.
  let embed: EmbedSnippets
  /// The address of the page, without the host.
  let page: String
  let api: String

  /// A status at another time than now.
  public enum Past: Sendable {
    /// The status then.
    case status(StatusSnapshot, day: String)
    /// There was none, for this reason.
    case none(String, day: String)
  }

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - overview: what is known of the record.
  ///   - logKey: the key of the log's checkpoints; `nil` if this process does not know it.
  ///   - links: the absolute addresses of the ledger.
  ///   - past: the status at the time that the reader chose; `nil` for now.
  ///
  /// Errors: a `Refusal` if an entry is not well-formed.
  public init(
    _ overview: RecordOverview, logKey: String?, links: Links, past: Past? = nil
  ) throws {
    let view = overview.view
    let number = view.record.pithNumber
    let page = Links().page(number)
    self.page = page
    api = Links().api(number)
    head = RecordHead(view)
    authors = view.authorClaims.map(AuthorRow.init)
    replications = try overview.replications.compactMap(ReplicationRow.init)
    claims = ClaimRow.rows(view.document, replications, authors)
    let allClaims =
      view.document?["graph_snapshot"]?["claims"]?["items"]?.arrayValue?.count ?? 0
    moreClaims =
      allClaims > ClaimRow.most
      ? Words.count(allClaims - ClaimRow.most, "more claim") + " in the document." : nil
    let citing = (view.citations?.citations ?? []).map { CitationRow($0, .inbound) }
    let cited = overview.outbound.citations.map { CitationRow($0, .outbound) }
    inbound = RelationGroup.groups(citing)
    outbound = RelationGroup.groups(cited)
    hasInbound = !citing.isEmpty
    hasOutbound = !cited.isEmpty
    hasCitations = hasInbound || hasOutbound
    hasAuthors = !authors.isEmpty
    hasReplications = !replications.isEmpty
    graph = CitationGraph(inbound: citing, outbound: cited)
    events = try overview.events.map(EventRow.init)
    hasMoreEvents = view.hasMoreEvents
    receipt = ReceiptFacts(view.document?["receipt"])
    checks = RecordChecks(view.record, links: links, logKey: logKey)
    embed = EmbedSnippets(number, links: links)
    asOf = StatusTime(view.status, past)
    cards = try Self.cards(overview, past, page)
    frame = PageFrame(
      title: head.title, summary: Self.summary(head, view.status),
      canonicalURL: links.page(number))
  }

  /// Sets the JSON-LD document and the links of the head.
  public func with(linkedData: String, alternates: [TypedLink]) -> RecordPage {
    var page = self
    page.frame.linkedData = linkedData
    page.frame.alternates = alternates
    return page
  }

  private static func cards(
    _ overview: RecordOverview, _ past: Past?, _ page: String
  ) throws -> [StatusCard] {
    let status: StatusSnapshot?
    switch past {
    case .status(let then, _)?: status = then
    case .none(_, _)?: status = nil
    case nil: status = overview.view.status
    }
    guard let status else { return [] }
    let isNow = past == nil
    return StatusCards(
      status: status.verificationStatus, counts: StatementCounts(status.eventSummary),
      vouchedCitations: isNow ? overview.view.vouchedCitations : nil,
      provenBy: isNow ? try provenBy(overview.anchors) : nil,
      storedUntil: status.validUntil.flatMap { $0 == .never ? nil : TimeWords($0) }, page: page
    ).all
  }

  /// The earliest time that one of some verified proofs proves.
  private static func provenBy(_ anchors: [EventDetail]) throws -> TimeWords? {
    try anchors.filter { $0.standing == "verified" }
      .compactMap { try Entry(bytes: $0.event.entry).admission.provenAt }.min().map(TimeWords.init)
  }

  private static func summary(_ head: RecordHead, _ status: StatusSnapshot?) -> String {
    let authors = head.authors.map { "by \($0). " } ?? ""
    return "What is verified about “\(head.title)” \(authors)(\(head.number)), and the proof."
  }
}

/// The names and facts at the head of a record's page.
struct RecordHead: Sendable {
  let title: String
  /// Whether the title has another hash than the one that the canonical record gives.
  let isTitleUnconfirmed: Bool
  let authors: String?
  let number: String
  let digest: String
  let source: String
  let sourceHref: String?
  let submitted: String
  let category: String?
  let license: String?
  /// The license, if it is a web address.
  let licenseHref: String?
  let aliases: [AliasName]

  /// Another name of the record.
  struct AliasName: Sendable {
    let kind: String
    let value: String
  }

  init(_ view: RecordView) {
    let paper = PaperDescription(view)
    number = paper.number.description
    title = paper.title ?? paper.unconfirmedTitle ?? "Record \(paper.number.short)"
    isTitleUnconfirmed = paper.unconfirmedTitle != nil
    authors =
      paper.authors.isEmpty
      ? nil
      : paper.authors.map(\.full).joined(separator: ", ")
        + (paper.hasMoreAuthors ? " and others" : "")
    digest = view.record.canonicalSHA256.hex
    let kind = view.canonicalRecord["source"]?["kind"]?.stringValue ?? ""
    let id = view.canonicalRecord["source"]?["id"]?.stringValue ?? ""
    let version = view.canonicalRecord["source"]?["version"]?.integerValue ?? 1
    source = "\(kind == "arxiv" ? "arXiv" : kind):\(id), version \(version)"
    sourceHref = kind == "doi" ? paper.doiURLs.first : kind == "arxiv" ? paper.arxivURL : nil
    submitted = TimeWords(paper.submittedAt).day
    category = paper.categories.first
    license = paper.licenseURL ?? paper.licenseText
    licenseHref = paper.licenseURL
    aliases = view.aliases.filter { !$0.isRetracted }.map {
      AliasName(
        kind: $0.alias.kind.words,
        value: $0.alias.kind.rawValue.hasPrefix("pith_short")
          ? $0.alias.value.uppercased() : $0.alias.value)
    }
  }
}

/// The point of the log that a status is about.
struct StatusTime: Sendable {
  /// The position, in words.
  let text: String
  /// The day that the reader chose; empty for now.
  let day: String
  /// Whether the status is of the past.
  let isPast: Bool

  init(_ now: StatusSnapshot?, _ past: RecordPage.Past?) {
    switch past {
    case .status(let then, let day)?:
      text = "As of the end of \(day) (UTC), after position \(then.position) of the log."
      self.day = day
    case .none(let reason, let day)?:
      text = reason
      self.day = day
    case nil:
      text =
        now.map { "As of now. The last event of this record is at position \($0.position)." }
        ?? "The status is not computed yet. Load the page again in a moment."
      day = ""
    }
    isPast = past != nil
  }
}

/// What a receipt says about itself.
struct ReceiptFacts: Sendable {
  let key: String
  let fingerprint: String
  let signed: String
  let signature: String

  /// Reads a receipt; `nil` if the document has none.
  init?(_ receipt: JSON?) {
    guard let receipt, let signature = receipt["signature_b64"]?.stringValue else { return nil }
    self.signature = signature
    key = receipt["key_id"]?.stringValue ?? "not named"
    fingerprint = receipt["public_key_fingerprint"]?.stringValue ?? "not named"
    let time = receipt["signed_at"]?.stringValue ?? ""
    signed = Timestamp(time).map { TimeWords($0).day } ?? time
  }
}
