/// Removes secrets and personal data from text of the log.
///
/// The ledger does not log them. An error of another program may contain what it was given, and so this is a second
/// barrier: it masks tokens, credentials in addresses, queries of addresses, e-mail addresses and ORCID iDs.
enum Redaction {
  private static let mask = "[removed]"

  /// The text with each such part replaced.
  static func applied(to text: String) -> String {
    var text = text
    let utf8 = text.utf8
    // Searching costs more than looking for the characters that every match has.
    let (hasAt, hasMark, hasDash, hasDot) = (
      utf8.contains(0x40), utf8.contains(0x3F), utf8.contains(0x2D), utf8.contains(0x2E)
    )
    if hasAt {
      text = text.replacing(credentials) { "\($0.1)\(mask)@" }
      text = text.replacing(email) { _ in mask }
    }
    if hasMark { text = text.replacing(query) { "\($0.1)?\(mask)" } }
    if hasDash { text = text.replacing(orcid) { _ in mask } }
    if hasDot { text = text.replacing(token) { _ in mask } }
    return text.replacing(bearer) { "\($0.1)\(mask)" }
  }

  // Regular expressions are not Sendable. Each use makes its own.
  private static var credentials: Regex<(Substring, Substring)> { /(:\/\/)[^\/\s@]{1,512}@/ }
  private static var email: Regex<Substring> {
    /[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}/
  }
  private static var query: Regex<(Substring, Substring)> {
    /(https?:\/\/[^\s?"]{1,2048})\?[^\s"]+/
  }
  private static var orcid: Regex<Substring> { /\d{4}-\d{4}-\d{4}-\d{3}[\dXx]/ }
  /// A JSON Web Token begins with `{"` in base64url.
  private static var token: Regex<Substring> { /eyJ[\w\-]{4,}\.[\w\-]+(?:\.[\w\-]*)?/ }
  private static var bearer: Regex<(Substring, Substring)> {
    /(?i)((?:bearer|password|secret|token)[=:\s]\s*)[\w\-.~+\/]{16,}=*/
  }
}
