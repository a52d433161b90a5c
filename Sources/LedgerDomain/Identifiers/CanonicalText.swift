public import Encodings

/// A text in the form whose digest a canonical record contains: in lower case, with each run of
/// white space replaced by one space and none at either end.
///
/// The form is computed from Unicode scalars. Grapheme clusters do not matter, and the text is not
/// normalised: composed and decomposed characters give different digests.
///
/// Specification: identifiers.md, section Canonical text.
public struct CanonicalText: Sendable, Equatable {
  /// The canonical form.
  public let text: String
  /// SHA-256 of the UTF-8 bytes of ``text``, such as `title_canon_sha256` of a title.
  public var digest: Digest { Digest(hashing: Array(text.utf8)) }

  /// Computes the canonical form of a title or of an abstract.
  public init(_ original: String) {
    let scalars = Array(original.unicodeScalars)
    var text = String.UnicodeScalarView()
    var followsSpace = false
    for (index, scalar) in scalars.enumerated() {
      if Self.isSpace(scalar) {
        followsSpace = true
        continue
      }
      if followsSpace && !text.isEmpty { text.append(" ") }
      followsSpace = false
      if scalar == "\u{03A3}" {
        text.append(Self.isFinal(at: index, in: scalars) ? "\u{03C2}" : "\u{03C3}")
      } else {
        text.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    self.text = String(text)
  }

  /// Whether a scalar is white space: `White_Space` of Unicode, and the four separators of
  /// information, whose bidirectional class is that of a separator.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }

  /// Whether the sigma at an index is the last letter of its word: `Final_Sigma` of Unicode's
  /// SpecialCasing. Scalars that case ignores are skipped, also those that are cased themselves.
  private static func isFinal(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    guard before?.properties.isCased == true else { return false }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return after?.properties.isCased != true
  }
}
