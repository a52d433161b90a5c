public import CanonicalJSON
import LedgerDomain

/// What another site needs to show the badge of a record.
///
/// Source: oEmbed 1.0, section 2.3.4. Specification: formats.md, section oEmbed.
public struct OEmbed: Sendable {
  /// The members in their order.
  private let members: [(name: String, value: JSON)]

  /// The smallest height of a badge that is legible, in pixels.
  static let minHeight = 12

  /// Makes the answer. Where the badge does not fit legibly into the size, the answer is a link alone.
  ///
  /// - Parameters:
  ///   - paper: the paper that the record is about.
  ///   - badge: the badge of the status.
  ///   - maxWidth: the largest width in pixels; `nil` for any.
  ///   - maxHeight: the largest height in pixels; `nil` for any.
  ///   - links: absolute addresses.
  public init(
    _ paper: PaperDescription, badge: StatusBadge, maxWidth: Int?, maxHeight: Int?, links: Links
  ) {
    let scale = min(
      1, maxWidth.map { Double($0) / Double(badge.width) } ?? 1,
      maxHeight.map { Double($0) / Double(StatusBadge.height) } ?? 1)
    let size = (
      width: Int(Double(badge.width) * scale), height: Int(Double(StatusBadge.height) * scale)
    )
    let isPicture = size.height >= Self.minHeight
    var members: [(name: String, value: JSON)] = [
      ("version", "1.0"), ("type", isPicture ? "rich" : "link"), ("provider_name", "Pith Ledger"),
      ("provider_url", .string(links.home)), ("title", .string(paper.heading)),
      ("cache_age", 300),
    ]
    if isPicture {
      let html = EmbedSnippets.html(
        page: links.page(paper.number), badge: links.part("badge.svg", of: paper.number),
        words: "Status of \(paper.number) in Pith Ledger", size: size)
      members += [
        ("html", .string(html)), ("width", .integer(Int64(size.width))),
        ("height", .integer(Int64(size.height))),
      ]
    }
    self.members = members
  }

  /// The answer as JSON.
  public var json: JSON { .object(JSONObject(members)) }

  /// The answer as XML.
  public var xml: String {
    let elements = members.map { name, value in
      XMLText.element(name, value.stringValue ?? "\(value.integerValue ?? 0)")
    }
    return "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<oembed>\n"
      + elements.joined(separator: "\n") + "\n</oembed>\n"
  }
}
