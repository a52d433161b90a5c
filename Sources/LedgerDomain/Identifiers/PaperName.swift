public import Encodings

/// A name of a paper in the form in which names are compared: `pith:…`, `arxiv:…` without a version,
/// `doi:…` in lower case, or `source:kind:id` for another kind of source.
///
/// Specification: identifiers.md, section Names of a paper.
public struct PaperName: Hashable, Sendable {
  /// The normalised name.
  public let text: String

  private init(text: String) { self.text = text }

  /// The name of the paper whose record has this number.
  public init(_ number: PithNumber) { self.init(text: number.description) }

  /// The name of an arXiv paper. A version at the end is removed.
  public init(arxiv: String) { self.init(text: "arxiv:" + Alias.withoutVersion(arxiv)) }

  /// The name of a paper with this DOI. A DOI that arXiv gives to a paper names the arXiv paper.
  public init(doi: String) {
    let folded = Alias(kind: .doi, value: doi).folded
    if folded.hasPrefix(Self.arxivDOI), folded.utf8.count > Self.arxivDOI.utf8.count {
      self.init(arxiv: String(folded.dropFirst(Self.arxivDOI.count)))
    } else {
      self.init(text: "doi:" + folded)
    }
  }

  /// The paper that an alias names; `nil` for a short form of a Pith Number.
  public init?(_ alias: Alias) {
    switch alias.kind {
    case .arxiv, .arxivVersion: self.init(arxiv: alias.value)
    case .doi: self.init(doi: alias.value)
    case .pithShort8, .pithShort12, .pithShort16: return nil
    }
  }

  /// The name that a text states: `pith:…`, `arxiv:…` or `doi:…`, in any spelling. `nil` for any other text.
  public init?(citing text: String) {
    let folded = text.lowercased()
    if folded.hasPrefix("pith:") {
      guard let number = PithNumber(text) else { return nil }
      self.init(number)
    } else if folded.hasPrefix("arxiv:"), folded.utf8.count > 6 {
      self.init(arxiv: text)
    } else if folded.hasPrefix("doi:"), folded.utf8.count > 4 {
      self.init(doi: text)
    } else {
      return nil
    }
  }

  /// The source of a record.
  public init(sourceOf record: CanonicalRecord) {
    switch record.sourceKind {
    case "arxiv": self.init(arxiv: record.sourceID)
    case "doi": self.init(doi: record.sourceID)
    default: self.init(text: "source:\(record.sourceKind):\(record.sourceID)")
    }
  }

  /// What the DOIs begin with that arXiv gives to its papers, in lower case.
  private static let arxivDOI = "10.48550/arxiv."

  /// The folded identifier of an arXiv paper; `nil` for another name.
  public var arxiv: String? { text.hasPrefix("arxiv:") ? String(text.dropFirst(6)) : nil }

  /// The slot of a citation by the paper under this name.
  public var slot: Digest128 { Digest128(of: EventType.citationSignature.name, text) }
}
