public import CanonicalJSON
public import Encodings

/// The content-addressed identifier of a paper: `pith:`, a year, `:` and 26 characters of base32.
///
/// Specification: identifiers.md, section Pith Number.
public struct PithNumber: Hashable, Sendable, CustomStringConvertible {
  /// The year of `metadata.submitted_at`.
  public let year: Int
  /// The first 26 characters of the base32 of the canonical digest, in upper case.
  public let suffix: String

  /// Parses the full form in any letter case; `nil` for any other text.
  public init?(_ text: String) {
    guard text.utf8.count == 10 + Self.suffixLength else { return nil }
    let bytes = Array(text.utf8)
    let digits = bytes[5..<9].map { Int($0) - 0x30 }
    guard zip(bytes, "pith".utf8).allSatisfy({ $0 | 0x20 == $1 }),
      bytes[4] == UInt8(ascii: ":"), bytes[9] == UInt8(ascii: ":"),
      digits.allSatisfy({ (0...9).contains($0) }), bytes[10...].allSatisfy(Self.isBase32)
    else { return nil }
    year = digits.reduce(0) { $0 * 10 + $1 }
    suffix = String(decoding: bytes[10...].map { $0 >= 0x61 ? $0 - 0x20 : $0 }, as: UTF8.self)
  }

  /// Computes the number of a canonical record from its year and its digest.
  init(year: Int, digest: Digest) {
    self.year = year
    suffix = String(Base32.encode(digest.bytes).prefix(Self.suffixLength))
  }

  /// The number of characters of the suffix. They carry 130 of the digest's 256 bits.
  public static let suffixLength = 26

  /// The lengths of the short forms, which are prefixes of the suffix: `pith_short_8`,
  /// `pith_short_12`, `pith_short_16`.
  public static let shortLengths = [8, 12, 16]

  /// Whether a text consists of base32 characters (A–Z, 2–7) in any letter case.
  public static func isBase32(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy(isBase32)
  }

  private static func isBase32(_ byte: UInt8) -> Bool {
    (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
      || (byte >= 0x32 && byte <= 0x37)
  }

  /// The full form.
  public var description: String {
    let digits = String(year)
    let zeros = digits.utf8.count < 4 ? String(repeating: "0", count: 4 - digits.utf8.count) : ""
    return "pith:" + zeros + digits + ":" + suffix
  }

  /// The short form for people: `pith:` and the first eight characters of the suffix.
  public var short: String { "pith:\(suffix.prefix(8))" }
}

/// The object from whose bytes a Pith Number is computed. It has exactly the members that the
/// specification lists.
///
/// Specification: identifiers.md, section Canonical record.
public struct CanonicalRecord: Sendable, Equatable {
  /// The members.
  public let json: JSONObject
  /// `canonical_sha256`: SHA-256 of the canonical JSON.
  public let digest: Digest
  /// The Pith Number of the record.
  public let pithNumber: PithNumber
  /// `source.kind`, such as `arxiv` or `doi`.
  public let sourceKind: String
  /// `source.id`.
  public let sourceID: String
  /// `source.version`, from 0 to 1,000,000.
  public let sourceVersion: Int64
  /// `metadata.title_canon_sha256`.
  public let titleDigest: Digest

  /// Checks the members, and computes the digest and the Pith Number.
  ///
  /// - Parameters:
  ///   - json: the canonical record.
  ///   - field: the path of the object, for the refusal.
  /// - Throws: a `Refusal` with the path of the member.
  public init(_ json: JSON, field: String = "canonical_record") throws(Refusal) {
    var top = try JSONObjectReader(json, field)
    var metadata = try JSONObjectReader(top.value("metadata"), "\(field).metadata")
    var source = try JSONObjectReader(top.value("source"), "\(field).source")
    _ = try top.text("schema_version", maxBytes: 32)
    try top.finish()
    _ = try metadata.digest("abstract_canon_sha256")
    _ = try metadata.texts("cross_cats_sorted", maxCount: 64, maxBytes: 64)
    _ = try metadata.optionalText("license", maxBytes: 500, nullAllowed: true)
    _ = try metadata.text("primary_cat", maxBytes: 64)
    let submitted = try metadata.timestamp("submitted_at")
    titleDigest = try metadata.digest("title_canon_sha256")
    try metadata.finish()
    sourceID = try source.text("id", maxBytes: 200)
    sourceKind = try source.text("kind", maxBytes: 32)
    sourceVersion = try source.integer("version", 0...1_000_000)
    try source.finish()
    self.json = json.objectValue ?? [:]
    digest = Digest(hashing: json.canonicalBytes())
    pithNumber = PithNumber(year: Int(submitted.description.prefix(4)) ?? 0, digest: digest)
  }

  /// Compares the digests.
  public static func == (a: CanonicalRecord, b: CanonicalRecord) -> Bool { a.digest == b.digest }

  /// The aliases that derive from the canonical record. Specification: identifiers.md, section
  /// Names of a record.
  public var impliedAliases: [Alias] {
    var aliases: [Alias] = []
    if sourceKind == "arxiv" {
      aliases.append(Alias(kind: .arxiv, value: sourceID))
      aliases.append(Alias(kind: .arxivVersion, value: "\(sourceID)v\(sourceVersion)"))
    } else if sourceKind == "doi" {
      aliases.append(Alias(kind: .doi, value: sourceID))
    }
    let forms: [Alias.Kind] = [.pithShort8, .pithShort12, .pithShort16]
    for (kind, length) in zip(forms, PithNumber.shortLengths) {
      aliases.append(Alias(kind: kind, value: String(pithNumber.suffix.prefix(length))))
    }
    return aliases
  }
}

/// Another name of a record.
///
/// Specification: identifiers.md, section Names of a record.
public struct Alias: Hashable, Sendable {
  /// The kind of name. The raw value is the member `alias_kind`.
  public enum Kind: String, Sendable, CaseIterable {
    /// An arXiv identifier without a version.
    case arxiv
    /// An arXiv identifier with a version.
    case arxivVersion = "arxiv_version"
    /// A DOI.
    case doi
    /// The first 8 characters of the suffix of the Pith Number.
    case pithShort8 = "pith_short_8"
    /// The first 12 characters of the suffix.
    case pithShort12 = "pith_short_12"
    /// The first 16 characters of the suffix.
    case pithShort16 = "pith_short_16"

    /// Whether the name comes from outside the ledger. A short form derives from the Pith Number.
    public var isGiven: Bool { self == .arxiv || self == .arxivVersion || self == .doi }
  }

  /// The kind.
  public let kind: Kind
  /// The name, as it was written.
  public let value: String

  /// Makes an alias. The value is not checked.
  public init(kind: Kind, value: String) {
    self.kind = kind
    self.value = value
  }

  /// The form in which aliases are compared: lower case, without prefixes such as `doi:`.
  public var folded: String { Self.fold(value, kind: kind) }

  /// Folds a name of this kind.
  static func fold(_ value: String, kind: Kind) -> String {
    var text = value.lowercased()
    switch kind {
    case .arxiv, .arxivVersion:
      if text.hasPrefix("arxiv:") { text.removeFirst(6) }
    case .doi:
      for prefix in ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "doi:"]
      where text.hasPrefix(prefix) {
        text.removeFirst(prefix.utf8.count)
      }
    case .pithShort8, .pithShort12, .pithShort16:
      if text.hasPrefix("pith:") { text.removeFirst(5) }
    }
    return text
  }

  /// Returns a folded arXiv identifier without the version at its end, such as `v3`.
  public static func withoutVersion(_ arxiv: String) -> String {
    let folded = fold(arxiv, kind: .arxiv)
    guard let v = folded.lastIndex(of: "v"), v != folded.startIndex,
      folded.index(after: v) != folded.endIndex,
      folded[folded.index(after: v)...].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
    else { return folded }
    return String(folded[..<v])
  }
}

/// A name by which a reader looks up a record.
///
/// Specification: identifiers.md, section Names of a record.
public enum RecordName: Sendable, Equatable {
  /// A full Pith Number.
  case pithNumber(PithNumber)
  /// The first 8, 12, 16 or all 26 characters of the suffix, in upper case.
  case suffix(String)
  /// A folded alias of one of these kinds.
  case alias([Alias.Kind], String)

  /// The names under which a paper with a DOI is looked up: the DOI, and the arXiv identifier of a DOI
  /// that arXiv gave.
  ///
  /// - Parameter doi: a folded DOI.
  public static func ofDOI(_ doi: String) -> [RecordName] {
    let arxiv = PaperName(doi: doi).arxiv
    return [.alias([.doi], doi)] + (arxiv.map { [.alias([.arxiv], $0)] } ?? [])
  }

  /// Parses a full Pith Number, a suffix, a short form, an arXiv identifier or a DOI, in any letter
  /// case.
  ///
  /// - Throws: a `Refusal` with the check `identifier`.
  public init(_ text: String) throws(Refusal) {
    if text.utf8.count > 300 {
      throw Refusal(.malformed, check: "identifier", "An identifier has at most 300 bytes.")
    }
    if let number = PithNumber(text) {
      self = .pithNumber(number)
      return
    }
    var rest = text
    if rest.lowercased().hasPrefix("pith:") { rest = String(rest.dropFirst(5)) }
    let lengths = PithNumber.shortLengths + [PithNumber.suffixLength]
    if lengths.contains(rest.utf8.count), PithNumber.isBase32(rest), !rest.contains(".") {
      self = .suffix(rest.uppercased())
      return
    }
    let doi = Alias.fold(text, kind: .doi)
    if doi.hasPrefix("10."), doi.contains("/") {
      self = .alias([.doi], doi)
      return
    }
    let arxiv = Alias.fold(text, kind: .arxiv)
    let isArxiv =
      !arxiv.isEmpty && arxiv.contains(where: { $0.isNumber })
      && arxiv.utf8.allSatisfy {
        ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x7A) || $0 == 0x2E || $0 == 0x2F
          || $0 == 0x2D
      }
    guard isArxiv, arxiv.contains(".") || arxiv.contains("/") else {
      throw Refusal(
        .malformed, check: "identifier",
        "Not a Pith Number, a short form of 8, 12 or 16 characters, an arXiv id or a DOI.")
    }
    self = .alias([.arxiv, .arxivVersion], arxiv)
  }
}
