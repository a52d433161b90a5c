public import LedgerDomain
import LedgerService
public import LedgerStore

/// The lists of addresses for search engines.
///
/// Source: sitemaps.org, protocol 0.9; RFC 9309. Specification: formats.md, section Sitemap.
public struct Sitemap: Sendable {
  private let links: Links

  /// Makes the lists with absolute addresses.
  public init(_ links: Links) { self.links = links }

  private static let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
  private static let namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"

  /// The list of the lists of some ranges of the log. The first range is listed also without records, because its list has
  /// the first page of the ledger.
  ///
  /// - Parameters:
  ///   - ranges: the first positions of the ranges that have records.
  ///   - part: the number of the part, from 0.
  public func index(_ ranges: [Position], part: Int64) -> String {
    let first = part == 0 && ranges.first != .first ? [Position.first] : []
    let entries = (first + ranges).map {
      "<sitemap>" + XMLText.element("loc", links.sitemap(from: $0)) + "</sitemap>\n"
    }
    return Self.head + "<sitemapindex xmlns=\"\(Self.namespace)\">\n" + entries.joined()
      + "</sitemapindex>\n"
  }

  /// The list of the records of a range.
  public func list(_ records: [ListedRecord], from start: Position) -> String {
    let home = start == .first ? ["<url>" + XMLText.element("loc", links.home) + "</url>\n"] : []
    let entries = records.map { record in
      "<url>" + XMLText.element("loc", links.page(record.pithNumber))
        + XMLText.element("lastmod", record.changedAt.description) + "</url>\n"
    }
    return Self.head + "<urlset xmlns=\"\(Self.namespace)\">\n" + (home + entries).joined()
      + "</urlset>\n"
  }

  /// The rules for robots: pages are read, and interfaces and forms are not.
  ///
  /// - Parameter parts: the number of parts of the log.
  public func robots(parts: Int64) -> String {
    let closed = [
      "/admin", "/api/", "/search", "/tile/", "/pith/*/action/", "/pith/*/attest/",
      "/pith/*/bundle.json", "/pith/*/state.json",
    ]
    let lists = (0..<min(parts, 1000)).map { "Sitemap: \(links.sitemap(part: $0))" }
    return (["User-agent: *"] + closed.map { "Disallow: \($0)" } + [""] + lists)
      .joined(separator: "\n") + "\n"
  }
}
