import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import RecordFormats
import TestSupport

@testable import LedgerStore

/// Records made of the sample document, with other texts.
enum SamplePaper {
  static let links = Links(base: "https://ledger.example")

  /// The status of a record about which nothing is said.
  static let noStatus = RecordState(record: RecordID(rawValue: 1)).verificationStatus(
    storageVerifiedUntil: nil, at: Timestamp(microseconds: 0))

  /// The view of a record.
  ///
  /// - Parameters:
  ///   - title: the title in the document; `nil` for none.
  ///   - isConfirmed: whether the canonical record has the digest of the title.
  ///   - isTrusted: whether an operator imported the record.
  ///   - retracted: the kinds of the aliases that were retracted.
  static func view(
    title: String? = "A Title", isConfirmed: Bool = true, authors: String? = "Ada Lovelace",
    license: JSON = "http://creativecommons.org/licenses/by/4.0/", isTrusted: Bool = true,
    hasDocument: Bool = true, aliases: [Alias] = [Alias(kind: .arxiv, value: "2412.14164")],
    retracted: Set<Alias.Kind> = [], status: VerificationStatus = noStatus
  ) throws -> RecordView {
    let digest = title.map { CanonicalText($0).digest.hex } ?? ""
    let unknown = String(repeating: "a", count: 64)
    let canonical = try CanonicalRecord([
      "metadata": [
        "abstract_canon_sha256": .string(unknown), "cross_cats_sorted": ["cs.LG"],
        "license": license, "primary_cat": "cs.CV", "submitted_at": "2024-12-18T18:58:50Z",
        "title_canon_sha256": .string(isConfirmed && title != nil ? digest : unknown),
      ],
      "schema_version": "1.0", "source": ["id": "2412.14164", "kind": "arxiv", "version": 2],
    ])
    var paper: JSONObject = [:]
    paper["title"] = title.map { .string($0) }
    paper["authors_text"] = authors.map { .string($0) }
    return RecordView(
      record: ResolvedRecord(
        record: RecordID(rawValue: 1), pithNumber: canonical.pithNumber,
        canonicalSHA256: canonical.digest, isOperatorImported: isTrusted),
      document: hasDocument ? ["paper": .object(paper)] : nil,
      titleVerified: hasDocument && title != nil ? isConfirmed : nil,
      canonicalRecord: canonical.json,
      aliases: aliases.map {
        RecordView.Name(alias: $0, isRetracted: retracted.contains($0.kind))
      },
      events: [], hasMoreEvents: false,
      status: StatusSnapshot(
        pithNumber: canonical.pithNumber, position: 7, verificationStatus: status,
        eventSummary: [:], validUntil: nil),
      createdAt: nil, updatedAt: Timestamp("2026-11-27T09:00:00Z"))
  }

  /// The description of a record.
  static func paper(
    title: String? = "A Title", isConfirmed: Bool = true, authors: String? = "Ada Lovelace",
    aliases: [Alias] = [Alias(kind: .arxiv, value: "2412.14164")]
  ) throws -> PaperDescription {
    PaperDescription(
      try view(title: title, isConfirmed: isConfirmed, authors: authors, aliases: aliases))
  }

  /// Pieces of which hostile texts consist.
  private static let pieces = [
    "</script>", "<!--", "]]>", "&amp;", "&#0;", "\r\n", "\n\n", "\t", "\u{0}", "\u{1}", "\u{1F}",
    "\u{7F}", "\u{85}", "\u{2028}", "\u{202E}", "\u{2066}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}",
    "\u{10FFFF}", "\u{301}", "\\", "\\input{/etc/passwd}", "{", "}", "}}", "{{{", "$", "%", "#",
    "_",
    "~", "^", "\"", "'", "@misc{x,", ",", ";", " and ", "&", "AU  - x", "ER  - ", "é", "𝔘", "漢字",
    "a",
    "Z", " ", "(", ")", "et al.", "Jr.", "=", "<", ">",
  ]

  /// A text made of hostile pieces and of arbitrary scalars.
  static func hostileText(_ random: inout SeededGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...24, using: &random) {
      if Int.random(in: 0..<4, using: &random) == 0,
        let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random))
      {
        text.unicodeScalars.append(scalar)
      } else {
        text += pieces.randomElement(using: &random) ?? ""
      }
    }
    return text
  }
}
