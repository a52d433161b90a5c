import CanonicalJSON
import Encodings
import LedgerDomain

/// What a search finds a record by: facts of its canonical record, and the text of the document that stands.
///
/// Specification: search.md.
struct RecordText: Sendable, Equatable {
  /// The text of a document.
  struct Document: Sendable, Equatable {
    /// The title, cut after ``maxTitle`` scalars; `nil` if the document has none.
    let title: String?
    /// Whether the whole title has the digest in the canonical record; `nil` if there is no title.
    let titleVerified: Bool?
    /// The authors as the document lists them, cut after ``maxAuthors`` scalars; `nil` if it lists none.
    let authors: String?
    /// The words of the title without repetitions.
    let titleWords: [String]
    /// The words of the names of the authors without repetitions.
    let authorWords: [String]
  }

  /// The largest number of scalars of a title that is kept.
  static let maxTitle = 2000
  /// The largest number of scalars of a list of authors that is kept.
  static let maxAuthors = 10_000
  /// The largest number of words of a title by which it is found.
  static let maxTitleWords = 500
  /// The largest number of words of names of authors by which a record is found.
  static let maxAuthorWords = 20_000

  /// `metadata.submitted_at`.
  let submittedAt: Timestamp
  /// `metadata.primary_cat`, and then `metadata.cross_cats_sorted`.
  let categories: [String]
  /// `source.kind`, such as `arxiv`.
  let sourceKind: String
  /// `source.id`.
  let sourceID: String
  /// `source.version`.
  let sourceVersion: Int64
  /// SHA-256 of the document that stands; `nil` if no event names a document.
  let documentSHA256: Digest?
  /// The text of that document; `nil` if it is not stored.
  let document: Document?

  /// The members of a canonical record that the facts derive from.
  static let members: JSONSelection = [
    "metadata": [
      "cross_cats_sorted": .all, "primary_cat": .all, "submitted_at": .all,
      "title_canon_sha256": .all,
    ],
    "source": ["id": .all, "kind": .all, "version": .all],
  ]
  private static let documentMembers: JSONSelection = [
    "paper": ["authors_text": .all, "title": .all]
  ]

  /// Derives the facts and the text.
  ///
  /// - Parameters:
  ///   - canonical: the canonical record, which admission has checked, or ``members`` of it.
  ///   - documentSHA256: the digest in the newest event that names a document.
  ///   - bytes: the document's bytes; `nil` if they are not stored.
  init(_ canonical: JSON, documentSHA256: Digest?, bytes: [UInt8]?) {
    let metadata = canonical["metadata"]
    let source = canonical["source"]
    submittedAt =
      metadata?["submitted_at"]?.stringValue.flatMap { Timestamp($0) } ?? Timestamp(microseconds: 0)
    let primary = metadata?["primary_cat"]?.stringValue
    let others = metadata?["cross_cats_sorted"]?.arrayValue?.compactMap(\.stringValue) ?? []
    categories = ([primary].compactMap { $0 } + others).map(Self.storable)
    sourceKind = Self.storable(source?["kind"]?.stringValue ?? "")
    sourceID = Self.storable(source?["id"]?.stringValue ?? "")
    sourceVersion = source?["version"]?.integerValue ?? 0
    self.documentSHA256 = documentSHA256
    let limits = JSONLimits(maxBytes: .max)
    document = bytes.flatMap {
      try? JSON.parse($0, limits: limits, selecting: Self.documentMembers)
    }
    .map {
      Document(
        $0["paper"],
        titleDigest: metadata?["title_canon_sha256"]?.stringValue.flatMap { Digest(hex: $0) })
    }
  }

  /// Removes U+0000, which PostgreSQL does not store.
  static func storable(_ text: String) -> String {
    text.utf8.contains(0)
      ? String(text.unicodeScalars.filter { $0 != "\0" }.map(Character.init)) : text
  }
}

extension RecordText.Document {
  /// Reads the member `paper` of a document.
  init(_ paper: JSON?, titleDigest: Digest?) {
    func cut(_ text: String, _ limit: Int) -> String {
      let scalars = text.unicodeScalars
      return RecordText.storable(
        scalars.count > limit ? String(String.UnicodeScalarView(scalars.prefix(limit))) : text)
    }
    func distinct(_ words: [String]) -> [String] { Set(words).sorted() }
    let whole = paper?["title"]?.stringValue
    let names = paper?["authors_text"]?.stringValue
    title = whole.map { cut($0, RecordText.maxTitle) }
    titleVerified = whole.map { CanonicalText($0).digest == titleDigest }
    authors = names.map { cut($0, RecordText.maxAuthors) }
    titleWords = distinct(
      whole.map { SearchWords($0, limit: RecordText.maxTitleWords).words } ?? [])
    authorWords = distinct(
      names.map { SearchWords($0, limit: RecordText.maxAuthorWords).words } ?? [])
  }
}
