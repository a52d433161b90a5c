public import CanonicalJSON
public import LedgerDomain

/// The links by which programs find what belongs to a record.
///
/// Source: FAIR Signposting Profile, levels 1 and 2. Specification: formats.md, section Signposting.
public struct Signposting: Sendable {
  /// The largest number of authors with links.
  public static let maxAuthors = 10

  private let paper: PaperDescription
  private let links: Links

  /// Describes the links of a record.
  ///
  /// - Parameters:
  ///   - paper: the paper that the record is about.
  ///   - links: absolute addresses.
  public init(_ paper: PaperDescription, links: Links) {
    self.paper = paper
    self.links = links
  }

  private var page: String { links.page(paper.number) }
  private static func linkset(_ number: PithNumber, _ links: Links) -> TypedLink {
    TypedLink(
      rel: "linkset", href: links.part("linkset.json", of: number), type: "application/linkset+json"
    )
  }

  /// The metadata of the paper, in each format.
  private var metadata: [TypedLink] {
    RecordFormat.metadata.map {
      TypedLink(rel: "describedby", href: $0.address(paper.number, links), type: $0.mediaType)
    }
  }

  /// What the record consists of: the events with their proofs.
  private var items: [TypedLink] {
    [
      TypedLink(
        rel: "item", href: links.part("bundle.json", of: paper.number), type: "application/json")
    ]
  }

  /// The links of the record's page, which are level 1.
  public var ofPage: [TypedLink] { pageLinks + [Self.linkset(paper.number, links)] }

  /// Other forms of the page, for the head of its HTML.
  public var alternates: [TypedLink] {
    [
      TypedLink(
        rel: "alternate", href: links.part("feed.atom", of: paper.number),
        type: "application/atom+xml", title: "Statements about this paper"),
      TypedLink(
        rel: "alternate", href: links.oEmbed(page, format: "json"), type: "application/json+oembed"),
      TypedLink(
        rel: "alternate", href: links.oEmbed(page, format: "xml"), type: "text/xml+oembed"),
    ]
  }

  private var pageLinks: [TypedLink] {
    [
      TypedLink(rel: "cite-as", href: paper.citeAs(links)),
      TypedLink(rel: "type", href: "https://schema.org/ScholarlyArticle"),
      TypedLink(rel: "type", href: "https://schema.org/AboutPage"),
    ]
      + paper.identified.prefix(Self.maxAuthors).map { TypedLink(rel: "author", href: $0.orcid) }
      + (paper.licenseURL.map { [TypedLink(rel: "license", href: $0)] } ?? [])
      + metadata + items
  }

  /// The links of the metadata of a record, in any format, back to its page.
  public static func ofMetadata(_ number: PithNumber, links: Links) -> [TypedLink] {
    [
      TypedLink(rel: "describes", href: links.page(number), type: "text/html"),
      linkset(number, links),
    ]
  }

  /// The links of what a record consists of back to its page.
  public static func ofItem(_ number: PithNumber, links: Links) -> [TypedLink] {
    [
      TypedLink(rel: "collection", href: links.page(number), type: "text/html"),
      linkset(number, links),
    ]
  }

  /// The set of all links, which is level 2 (RFC 9264, section 4.2).
  public var json: JSON {
    let number = paper.number
    let back =
      metadata.map { Self.context($0.href, Self.ofMetadata(number, links: links).dropLast()) }
      + items.map { Self.context($0.href, Self.ofItem(number, links: links).dropLast()) }
    return ["linkset": .array([Self.context(page, pageLinks)] + back)]
  }

  private static func context(_ anchor: String, _ links: some Sequence<TypedLink>) -> JSON {
    var json: JSONObject = ["anchor": .string(anchor)]
    for link in links {
      var target: JSONObject = ["href": .string(link.href)]
      target["type"] = link.type.map { .string($0) }
      json[link.rel] = .array((json[link.rel]?.arrayValue ?? []) + [.object(target)])
    }
    return .object(json)
  }
}
