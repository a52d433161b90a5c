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
  var slotKey: String? { citing.normalised }
}

/// The citing paper, with a normalised form of its name.
///
/// Specification: events.md, section Payloads.
public struct CitingRecord: Sendable, Equatable {
  /// The name, in the form of a look-up.
  public let recordName: RecordName
  /// `pith:…`, `arxiv:…` without a version, or `doi:…` in lower case.
  public let normalised: String

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
      recordName = .pithNumber(number)
      normalised = number.description
    case (nil, let text?, nil):
      let id = Alias.withoutVersion(text)
      guard case .alias(let kinds, _)? = try? RecordName(id), kinds.contains(.arxiv) else {
        throw members.refusal("citing_arxiv", "Not an arXiv identifier.")
      }
      recordName = .alias([.arxiv], id)
      normalised = "arxiv:" + id
    case (nil, nil, let text?):
      let doi = Alias(kind: .doi, value: text).folded
      guard doi.hasPrefix("10."), doi.contains("/") else {
        throw members.refusal("citing_doi", "Not a DOI.")
      }
      recordName = .alias([.doi], doi)
      normalised = "doi:" + doi
    default:
      throw members.refusal(
        "citing_pith_number", "Exactly one of citing_pith_number, citing_arxiv and citing_doi.")
    }
  }
}
