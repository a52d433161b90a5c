import ProofFormats

/// Addresses that others wrote, as targets of links.
enum WebLink {
  /// The address, if it is a well-formed one of HTTP or HTTPS; `nil` for any other text, which a page shows as text.
  static func checked(_ text: String) -> String? {
    guard text.hasPrefix("https://") || text.hasPrefix("http://"),
      (try? WebAddress(text)) != nil
    else { return nil }
    return text
  }
}
