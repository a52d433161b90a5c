public import LedgerDomain

/// A format in which the metadata of a paper are served.
public enum RecordFormat: String, Sendable, CaseIterable {
  /// The record as JSON.
  case json
  /// JSON-LD.
  case linkedData
  /// BibTeX.
  case bibTeX
  /// RIS, which programs for references read.
  case ris
  /// CSL-JSON, which programs for citations read.
  case csl

  /// The formats that describe a paper, the one with the most first.
  public static let metadata: [RecordFormat] = [.linkedData, .json, .bibTeX, .ris, .csl]
  /// The formats of a reference to a paper.
  public static let references: [RecordFormat] = [.bibTeX, .ris, .csl]

  /// The media type.
  public var mediaType: String {
    switch self {
    case .json: "application/json"
    case .linkedData: "application/ld+json"
    case .bibTeX: "application/x-bibtex"
    case .ris: "application/x-research-info-systems"
    case .csl: "application/vnd.citationstyles.csl+json"
    }
  }

  /// The name of the format for people.
  public var title: String {
    switch self {
    case .json: "JSON"
    case .linkedData: "JSON-LD"
    case .bibTeX: "BibTeX"
    case .ris: "RIS"
    case .csl: "CSL-JSON"
    }
  }

  /// The address of a record in this format.
  public func address(_ number: PithNumber, _ links: Links) -> String {
    switch self {
    case .json: "\(links.page(number)).json"
    case .linkedData: links.part("record.jsonld", of: number)
    case .bibTeX: links.part("citation.bib", of: number)
    case .ris: links.part("citation.ris", of: number)
    case .csl: links.part("citation.csl.json", of: number)
    }
  }
}
