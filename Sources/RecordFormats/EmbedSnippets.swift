public import LedgerDomain

/// Texts that show the badge of a record elsewhere.
///
/// They do not repeat what the badge says, because that may change.
public struct EmbedSnippets: Sendable, Equatable {
  /// HTML: the badge with a link to the record.
  public let html: String
  /// Markdown: the same.
  public let markdown: String
  /// LaTeX with the package `hyperref`: the Pith Number with a link to the record.
  public let latex: String

  /// Makes the texts for a record.
  ///
  /// - Parameters:
  ///   - number: the Pith Number of the record.
  ///   - links: absolute addresses.
  public init(_ number: PithNumber, links: Links) {
    let page = links.page(number)
    let badge = links.part("badge.svg", of: number)
    let words = "Status of \(number) in Pith Ledger"
    html = Self.html(page: page, badge: badge, words: words)
    markdown = "[![\(words)](\(badge))](\(page))"
    latex = "\\href{\(LaTeXText.address(page))}{\\texttt{\(LaTeXText.escaped("\(number)"))}}"
  }

  /// The badge as a link.
  ///
  /// - Parameter size: width and height in pixels; `nil` for those of the picture.
  static func html(
    page: String, badge: String, words: String, size: (width: Int, height: Int)? = nil
  ) -> String {
    let size = size.map { " width=\"\($0.width)\" height=\"\($0.height)\"" } ?? ""
    return "<a href=\"\(XMLText.escaped(page))\"><img src=\"\(XMLText.escaped(badge))\" "
      + "alt=\"\(XMLText.escaped(words))\"\(size)></a>"
  }
}
