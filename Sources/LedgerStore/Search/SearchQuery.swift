public import LedgerDomain

/// Words that a text must have, as a reader gives them. A word that ends in `*` stands for every word that begins so.
public struct SearchQuery: Sendable, Hashable {
  /// The largest number of bytes of a query.
  public static let maxBytes = 500
  /// The largest number of words of a query.
  public static let maxWords = 32
  /// The smallest number of scalars before a `*`.
  public static let minPrefix = 2

  /// The words, each in the syntax of `tsquery`.
  let lexemes: [String]
  /// The query in the syntax of `tsquery`: every word.
  var tsquery: String { lexemes.joined(separator: " & ") }

  /// Parses a query.
  ///
  /// - Parameters:
  ///   - text: the text that a reader typed.
  ///   - field: the parameter that a refusal names.
  /// - Throws: a `Refusal` of code `malformed` with check `query` for a text without words, and for one that is too long.
  public init(_ text: String, field: String) throws(Refusal) {
    func refusal(_ message: String) -> Refusal {
      Refusal(.malformed, check: "query", field: field, message)
    }
    guard text.utf8.count <= Self.maxBytes else {
      throw refusal("A query has at most \(Self.maxBytes) bytes.")
    }
    // Words have letters and digits alone, so that none of them is an operator of tsquery.
    var lexemes: [String] = []
    for part in text.split(whereSeparator: \.isWhitespace) {
      let words = SearchWords(String(part)).words
      for word in words.dropLast() { lexemes.append("'\(word)'") }
      guard let last = words.last else { continue }
      guard part.hasSuffix("*") else {
        lexemes.append("'\(last)'")
        continue
      }
      guard last.unicodeScalars.count >= Self.minPrefix else {
        throw refusal("A * follows at least \(Self.minPrefix) letters.")
      }
      lexemes.append("'\(last)':*")
    }
    guard !lexemes.isEmpty else { throw refusal("A query has at least one word.") }
    guard lexemes.count <= Self.maxWords else {
      throw refusal("A query has at most \(Self.maxWords) words.")
    }
    self.lexemes = lexemes
  }
}
