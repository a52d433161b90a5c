public import CanonicalJSON
public import Encodings

/// The content-addressed identifier of a paper: `pith:` year `:` 26 characters of base32.
public struct PithNumber: Hashable, Sendable, CustomStringConvertible {
  /// The year of `metadata.submitted_at`.
  public let year: Int
  /// The first 26 characters of the base32 of the canonical digest, upper case.
  public let suffix: String

  /// Parses the full form in any letter case.
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

  init(year: Int, digest: Digest) {
    self.year = year
    suffix = String(Base32.encode(digest.bytes).prefix(Self.suffixLength))
  }

  /// 130 of the digest's 256 bits.
  public static let suffixLength = 26

  /// The lengths at which a prefix of the suffix is an alias: `pith_short_8`, `_12`, `_16`.
  public static let shortLengths = [8, 12, 16]

  public static func isBase32(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy(isBase32)
  }

  private static func isBase32(_ byte: UInt8) -> Bool {
    (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
      || (byte >= 0x32 && byte <= 0x37)
  }

  public var description: String {
    let digits = String(year)
    let zeros = digits.utf8.count < 4 ? String(repeating: "0", count: 4 - digits.utf8.count) : ""
    return "pith:" + zeros + digits + ":" + suffix
  }

  /// The short form that people write: `pith:` and eight characters.
  public var short: String { "pith:\(suffix.prefix(8))" }
}

/// What a Pith Number is computed from: nothing else may be hashed under that name.
public struct CanonicalRecord: Sendable, Equatable {
  public let json: JSONObject
  public let digest: Digest
  public let pithNumber: PithNumber
  public let sourceKind: String
  public let sourceID: String
  public let sourceVersion: Int64
  public let titleDigest: Digest

  /// Checks the members, and computes digest and number.
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

  public static func == (a: CanonicalRecord, b: CanonicalRecord) -> Bool { a.digest == b.digest }

  /// SHA-256 of the lower-cased title with white space collapsed.
  public static func titleDigest(_ title: String) -> Digest {
    let words = title.lowercased().split(whereSeparator: \.isWhitespace)
    return Digest(hashing: Array(words.joined(separator: " ").utf8))
  }

  /// The aliases that follow from the record alone, beside those that its document adds.
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
public struct Alias: Hashable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case arxiv
    case arxivVersion = "arxiv_version"
    case doi
    case pithShort8 = "pith_short_8"
    case pithShort12 = "pith_short_12"
    case pithShort16 = "pith_short_16"

    /// Whether somebody gave the record this name, and it does not follow from the number.
    public var isGiven: Bool { self == .arxiv || self == .arxivVersion || self == .doi }
  }

  public let kind: Kind
  public let value: String

  public init(kind: Kind, value: String) {
    self.kind = kind
    self.value = value
  }

  /// The spelling by which aliases are compared: lower case, without a scheme's prefix.
  public var folded: String { Self.fold(value, kind: kind) }

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

  /// An arXiv identifier without the `v3` at its end.
  public static func withoutVersion(_ arxiv: String) -> String {
    let folded = fold(arxiv, kind: .arxiv)
    guard let v = folded.lastIndex(of: "v"), v != folded.startIndex,
      folded.index(after: v) != folded.endIndex,
      folded[folded.index(after: v)...].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
    else { return folded }
    return String(folded[..<v])
  }
}

/// A reader's way to name a record.
public enum RecordName: Sendable, Equatable {
  case pithNumber(PithNumber)
  /// A prefix of the suffix, upper case: 8, 12, 16 or all 26 characters.
  case suffix(String)
  /// Aliases of one of these kinds, by folded value.
  case alias([Alias.Kind], String)

  /// Understands a full number, a suffix, a short form, an arXiv id or a DOI, in any letter case.
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
