public import Encodings

/// `citation_signature`: another paper cites this record, with a stated relation.
public struct CitationSignature: EventPayload {
  /// The relation of the citing paper to the record. The raw value is the member `relation`.
  public enum Relation: String, Sendable, CaseIterable {
    /// The citing paper does this to the record.
    case supports, refutes, extends, replaces, compares, cites
    /// The citing paper uses a method of the record.
    case usesMethod = "uses_method"
    /// The citing paper depends on the record.
    case dependsOn = "depends_on"

    /// The number in the flags of an event and in the projection, from 1. It is stored in the log's table and never changes.
    public var number: Int32 {
      switch self {
      case .supports: 1
      case .refutes: 2
      case .extends: 3
      case .usesMethod: 4
      case .dependsOn: 5
      case .replaces: 6
      case .compares: 7
      case .cites: 8
      }
    }
  }

  /// The citing paper.
  public let citing: CitingRecord
  /// The relation of the citing paper to the record.
  public let relation: Relation
  /// The event that this one replaces.
  public let supersedes: Digest?

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    citing = try CitingRecord(reading: &members)
    relation = try members.choice("relation", Relation.allCases)
    supersedes = try members.supersedes()
    _ = try members.optionalInteger("ref_index", 0...999_999)
    _ = try members.optionalText("note", maxBytes: 500)
  }

  var referencedEventID: Digest? { supersedes }
  var slotKey: String? { citing.name.text }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.flags.relation = relation
  }
}

/// The citing paper, under one of its names.
///
/// Specification: events.md, section Payloads.
public struct CitingRecord: Sendable, Equatable {
  /// The forms of the name in which records are looked up.
  public let recordNames: [RecordName]
  /// The name in the form in which names of papers are compared.
  public let name: PaperName

  /// The members that name the citing paper, of which a payload has one.
  public static let members = ["citing_pith_number", "citing_arxiv", "citing_doi"]

  /// Reads exactly one of `citing_pith_number`, `citing_arxiv` and `citing_doi`.
  init(reading members: inout JSONObjectReader) throws(Refusal) {
    let pith = try members.optionalText("citing_pith_number")
    let arxiv = try members.optionalText("citing_arxiv")
    let doi = try members.optionalText("citing_doi")
    switch (pith, arxiv, doi) {
    case (let text?, nil, nil):
      guard let number = PithNumber(text) else {
        throw members.refusal("citing_pith_number", "Not a full Pith Number.")
      }
      recordNames = [.pithNumber(number)]
      name = PaperName(number)
    case (nil, let text?, nil):
      let id = Alias.withoutVersion(text)
      guard case .alias(let kinds, _)? = try? RecordName(id), kinds.contains(.arxiv) else {
        throw members.refusal("citing_arxiv", "Not an arXiv identifier.")
      }
      recordNames = [.alias([.arxiv], id)]
      name = PaperName(arxiv: id)
    case (nil, nil, let text?):
      let doi = Alias(kind: .doi, value: text).folded
      guard doi.hasPrefix("10."), doi.contains("/") else {
        throw members.refusal("citing_doi", "Not a DOI.")
      }
      recordNames = RecordName.ofDOI(doi)
      name = PaperName(doi: doi)
    default:
      throw members.refusal(
        "citing_pith_number", "Exactly one of citing_pith_number, citing_arxiv and citing_doi.")
    }
  }
}
