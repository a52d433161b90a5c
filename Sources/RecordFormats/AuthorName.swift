/// A name of an author as a list of authors gives it.
public struct AuthorName: Sendable, Equatable {
  /// The whole name.
  public let full: String
  /// The family name with its particles, or the whole name of a person with one name or of a group.
  public let family: String
  /// The given names; `nil` if there are none.
  public let given: String?
  /// What follows the name, such as `Jr.`; `nil` if there is nothing.
  public let suffix: String?
  /// Whether the name is one of a group of people.
  public let isGroup: Bool

  /// Splits a name into its parts: the last word, with the particles before it, is the family name.
  ///
  /// - Parameters:
  ///   - text: a name in the form `Given Family`. It is not empty.
  ///   - suffix: what follows the name.
  public init(_ text: String, suffix: String? = nil) {
    full = text + (suffix.map { ", \($0)" } ?? "")
    let words = text.split(separator: " ")
    isGroup = words.contains { Self.groups.contains($0.lowercased()) }
    self.suffix = suffix
    guard !isGroup, words.count > 1 else {
      family = text
      given = nil
      return
    }
    var start = words.count - 1
    while start > 1, Self.particles.contains(String(words[start - 1])) { start -= 1 }
    family = words[start...].joined(separator: " ")
    given = words[..<start].joined(separator: " ")
  }

  private static let groups: Set<String> = [
    "collaboration", "collaborations", "consortium", "group", "team", "project", "network",
  ]
  /// Particles in lower case. `Van` in `Van Nguyen` may be a given name.
  private static let particles: Set<String> = [
    "af", "al", "ap", "av", "bin", "da", "das", "de", "del", "dela", "della", "den", "der", "di",
    "do", "dos", "du", "el", "ibn", "la", "las", "le", "los", "ten", "ter", "van", "vom", "von",
    "zu", "zum", "zur", "'t",
  ]
  private static let suffixes: Set<String> = [
    "jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d.",
  ]

  /// The largest number of names that a list gives.
  public static let maxNames = 3000
  /// The largest number of scalars of a list that are read.
  private static let maxScalars = 100 * maxNames

  /// Splits a list of authors: names in the form `Given Family` with commas between them, and perhaps `and` before
  /// the last one.
  ///
  /// Affiliations in parentheses are left out. `et al.` is no author.
  ///
  /// - Returns: the names, at most ``maxNames``, and whether the list goes on.
  public static func list(_ text: String) -> (names: [AuthorName], hasMore: Bool) {
    let read = text.unicodeScalars.prefix(maxScalars)
    var hasMore = read.endIndex < text.unicodeScalars.endIndex
    var parts: [(name: String, suffix: String?)] = []
    for part in separated(withoutParentheses(read)) {
      let name = PlainText.oneLine(part, limit: 300)
      let folded = name.lowercased()
      if folded == "et al." || folded == "et al" || folded == "others" {
        hasMore = true
      } else if let last = parts.indices.last, suffixes.contains(folded), parts[last].suffix == nil
      {
        parts[last].suffix = name
      } else if name.contains(where: \.isLetter) {
        parts.append((name, nil))
      }
      if parts.count > maxNames {
        hasMore = true
        break
      }
    }
    // A list that is cut may end within a name.
    if read.endIndex < text.unicodeScalars.endIndex, !parts.isEmpty { parts.removeLast() }
    return (parts.prefix(maxNames).map { AuthorName($0.name, suffix: $0.suffix) }, hasMore)
  }

  /// The parts between commas, semicolons, and the word `and` between other words.
  private static func separated(_ text: String) -> [String] {
    text.split(whereSeparator: { $0 == "," || $0 == ";" }).flatMap { part in
      part.split(whereSeparator: \.isWhitespace)
        .split { $0.lowercased() == "and" || $0 == "&" }
        .map { $0.joined(separator: " ") }
    }
  }

  /// The text without what stands in parentheses, which may be nested. A parenthesis that is not closed is kept.
  private static func withoutParentheses(_ text: Substring.UnicodeScalarView) -> String {
    var kept: [Unicode.Scalar] = []
    var open: [Int] = []
    for scalar in text {
      switch scalar {
      case "(":
        open.append(kept.count)
        kept.append(scalar)
      case ")" where !open.isEmpty: kept.removeSubrange(open.removeLast()...)
      default: kept.append(scalar)
      }
    }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: kept)
    return String(view)
  }
}
