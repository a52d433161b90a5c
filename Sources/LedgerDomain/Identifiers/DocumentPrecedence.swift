import CanonicalJSON

/// The parts of a record document that readers and the fold use.
///
/// Specification: identifiers.md, section Newer documents.
public struct DocumentParts: OptionSet, Sendable {
  /// The bits.
  public let rawValue: Int
  /// Makes a set of parts from its bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// `paper.title`.
  public static let title = DocumentParts(rawValue: 1)
  /// `paper.authors_text`.
  public static let authors = DocumentParts(rawValue: 2)
  /// `paper.abstract_excerpt`.
  public static let abstract = DocumentParts(rawValue: 4)
  /// `receipt`.
  public static let receipt = DocumentParts(rawValue: 8)
  /// `inbound_citations` with a count above zero or a sample.
  public static let inboundCitations = DocumentParts(rawValue: 16)
  /// `graph_snapshot`.
  public static let graph = DocumentParts(rawValue: 32)
  /// `graph_snapshot.claims` with at least one claim.
  public static let claims = DocumentParts(rawValue: 64)
  /// `graph_snapshot.references` with a count above zero.
  public static let references = DocumentParts(rawValue: 128)
  /// A count of formal evidence above zero.
  public static let formalEvidence = DocumentParts(rawValue: 256)
}

/// The relation of a document to the one that stands for the same record.
public enum DocumentPrecedence: Sendable, Equatable {
  /// The documents are equal, apart from the members that the ledger computes itself.
  case same
  /// The document is older than the one that stands.
  case older
  /// The document lacks a part that the one that stands has.
  case poorer
  /// The document replaces the one that stands.
  case newer
}

extension RecordDocument {
  /// The time of the document's last change, by its source: `updated_at`. `nil` if it is absent or
  /// is not a time of RFC 3339.
  public var updatedAt: Timestamp? {
    json["updated_at"]?.stringValue.flatMap(Timestamp.init(withOffset:))
  }

  /// The parts that the document has.
  public var parts: DocumentParts {
    var parts: DocumentParts = []
    func add(_ part: DocumentParts, _ isPresent: Bool) {
      if isPresent { parts.insert(part) }
    }
    func isText(_ member: String) -> Bool {
      json["paper"]?[member]?.stringValue.map { !$0.isEmpty } ?? false
    }
    add(.title, isText("title"))
    add(.authors, isText("authors_text"))
    add(.abstract, isText("abstract_excerpt"))
    add(.receipt, receipt != nil)
    let inbound = json["inbound_citations"]
    add(
      .inboundCitations,
      inbound?["count"]?.integerValue ?? 0 > 0
        || inbound?["sample"]?.arrayValue?.isEmpty == false)
    if let snapshot = snapshotPayload() {
      parts.insert(.graph)
      add(.claims, snapshot["claim_ids"]?.arrayValue?.isEmpty == false)
      add(.references, snapshot["reference_count"]?.integerValue ?? 0 > 0)
      add(.formalEvidence, snapshot["formal_evidence_count"]?.integerValue ?? 0 > 0)
    }
    return parts
  }

  /// Compares the document with the one that stands.
  ///
  /// The relation "replaces or is the same" is transitive, so that an import never brings back a
  /// document that another one has replaced.
  ///
  /// - Parameters:
  ///   - standing: the document that stands for the same record.
  ///   - wasReplaced: whether the record had this document before the one that stands. It matters if
  ///     neither document is later by its `updated_at`: then the one at the higher position is newer.
  public func precedence(
    over standing: RecordDocument, wasReplaced: Bool
  ) -> DocumentPrecedence {
    if comparableDigest == standing.comparableDigest { return .same }
    switch (updatedAt, standing.updatedAt) {
    case (nil, .some): return .older
    case (let own?, let other?) where own < other: return .older
    case (let own, let other) where own == other && wasReplaced: return .older
    default: return parts.isSuperset(of: standing.parts) ? .newer : .poorer
    }
  }
}

extension Timestamp {
  /// Parses RFC 3339 with `Z` or an offset such as `+02:00`, and any number of digits of a fraction,
  /// of which six count; `nil` for any other text. Events use the stricter ``init(_:)``.
  init?(withOffset text: String) {
    var bytes = Array(text.utf8)
    var offset: Int64 = 0
    if bytes.last == UInt8(ascii: "Z") || bytes.last == UInt8(ascii: "z") {
      bytes.removeLast()
    } else {
      guard bytes.count > 6 else { return nil }
      let suffix = bytes.suffix(6)
      let digits = [1, 2, 4, 5].map { Int64(suffix[suffix.startIndex + $0]) - 0x30 }
      let sign = suffix[suffix.startIndex]
      guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
        suffix[suffix.startIndex + 3] == UInt8(ascii: ":"),
        digits.allSatisfy({ (0...9).contains($0) })
      else { return nil }
      let hours = digits[0] * 10 + digits[1]
      let minutes = digits[2] * 10 + digits[3]
      guard hours < 24, minutes < 60 else { return nil }
      offset = (hours * 60 + minutes) * 60_000_000 * (sign == UInt8(ascii: "+") ? 1 : -1)
      bytes.removeLast(6)
    }
    if bytes.count > 26 {
      guard bytes.count < 64, bytes[26...].allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
      }
      bytes.removeLast(bytes.count - 26)
    }
    if bytes.count > 10, bytes[10] == UInt8(ascii: "t") { bytes[10] = UInt8(ascii: "T") }
    guard let local = Timestamp(String(decoding: bytes, as: UTF8.self) + "Z") else { return nil }
    self.init(microseconds: local.microseconds - offset)
  }
}
