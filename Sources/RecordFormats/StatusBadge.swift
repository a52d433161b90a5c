public import LedgerDomain

/// The status of a record as a small picture with words.
///
/// Specification: formats.md, section Badge.
public struct StatusBadge: Sendable, Equatable {
  /// What is verified about the record, in words that follow from `verification_status` alone.
  public let text: String
  /// Whether the words name something that is verified beyond the record itself.
  public let isPositive: Bool

  /// The label before the words.
  static let label = "Pith"
  /// The height of the picture in pixels.
  public static let height = 20

  /// Makes the badge of a status.
  ///
  /// - Parameter status: the status; `nil` if the projections do not include the record yet.
  public init(_ status: VerificationStatus?) {
    guard let status else {
      (text, isPositive) = ("status not known yet", false)
      return
    }
    var words: [String] = []
    if status.strongAuthorClaims >= 1 { words.append("author attested") }
    if status.externallyAnchored { words.append("anchored") }
    if status.storageVerified { words.append("stored") }
    if let count = Self.count(status.citationSignatures, "signed citation") { words.append(count) }
    if let count = Self.count(status.replicationRecords, "replication report") {
      words.append(count)
    }
    isPositive = !words.isEmpty
    text = words.isEmpty ? "computed only" : words.joined(separator: ", ")
  }

  private static func count(_ number: Int32, _ noun: String) -> String? {
    number > 0 ? "\(number) \(noun)\(number == 1 ? "" : "s")" : nil
  }

  /// The width of a text in pixels: generous, because the reader's font is not known. The picture fits the text into it.
  private static func width(_ text: String) -> Int { text.utf8.count * 13 / 2 + 12 }

  /// The width of the picture in pixels.
  public var width: Int { Self.width(Self.label) + Self.width(text) }

  /// The badge in a sentence, which is its title.
  public var sentence: String { "\(Self.label): \(text)" }

  /// The picture as SVG. It names a family of fonts and loads none.
  public var svg: String {
    let label = Self.width(Self.label)
    let words = Self.width(text)
    func part(_ text: String, x: Int, width: Int) -> String {
      XMLText.element(
        "text",
        [
          ("x", "\(x + 6)"), ("y", "14"), ("textLength", "\(width - 12)"),
          ("lengthAdjust", "spacingAndGlyphs"),
        ], text)
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(Self.height)" viewBox="0 0 \(width) \(Self.height)" role="img" aria-labelledby="t">
      <title id="t">\(XMLText.escaped(sentence))</title>
      <rect width="\(label)" height="20" fill="#24292f"/>
      <rect x="\(label)" width="\(words)" height="20" fill="\(isPositive ? "#1a6b34" : "#57606a")"/>
      <g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" aria-hidden="true">
      \(part(Self.label, x: 0, width: label))
      \(part(text, x: label, width: words))
      </g>
      </svg>

      """
  }
}
