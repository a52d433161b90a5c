import Foundation

/// The words of a text in the form in which a search compares them.
///
/// A word is a run of letters and digits. Letter case, diacritics and compatibility forms do not matter: `Müller`,
/// `MULLER` and `ﬁnite` give `muller`, `muller` and `finite`. Text that is written without spaces is one word.
public struct SearchWords: Sendable, Equatable {
  /// The largest number of scalars of a word. A longer word is compared by its beginning.
  public static let maxLength = 64

  /// Letters that Unicode does not decompose, and the final form of sigma.
  private static let bases: [Unicode.Scalar: String] = [
    "æ": "ae", "ð": "d", "đ": "d", "ħ": "h", "ł": "l", "ø": "o", "œ": "oe", "þ": "th", "ŧ": "t",
    "\u{03C2}": "\u{03C3}",
  ]

  /// The words in their order, with repetitions.
  public let words: [String]

  /// Splits a text.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - limit: the largest number of words. The others are left out.
  public init(_ text: String, limit: Int = .max) {
    if let words = Self.ascii(text, limit: limit) {
      self.words = words
      return
    }
    // Upper case first: it writes out letters such as ß, which have no single upper-case form.
    let folded = text.decomposedStringWithCompatibilityMapping.uppercased().lowercased()
      .decomposedStringWithCompatibilityMapping
    var words: [String] = []
    var word = String.UnicodeScalarView()
    var length = 0
    func finish() {
      if !word.isEmpty, words.count < limit { words.append(String(word)) }
      word = String.UnicodeScalarView()
      length = 0
    }
    for scalar in folded.unicodeScalars {
      if words.count >= limit { break }
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark: continue
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        .decimalNumber, .letterNumber, .otherNumber, .spacingMark:
        guard length < Self.maxLength else { continue }
        if let base = Self.bases[scalar] {
          word.append(contentsOf: base.unicodeScalars)
        } else {
          word.append(scalar)
        }
        length += 1
      default: finish()
      }
    }
    finish()
    self.words = words
  }

  /// The words of a text in ASCII, which most texts are; `nil` for another text. Unicode's forms do not change ASCII.
  private static func ascii(_ text: String, limit: Int) -> [String]? {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    var words: [String] = []
    var word: [UInt8] = []
    func finish() {
      if !word.isEmpty, words.count < limit { words.append(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
    }
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x61...0x7A: if word.count < maxLength { word.append(byte) }
      case 0x41...0x5A: if word.count < maxLength { word.append(byte + 0x20) }
      default: finish()
      }
    }
    finish()
    return words
  }
}
