import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import LedgerStore
import RecordFormats

/// A citation as a row of a list.
struct CitationRow: Sendable {
  /// The other paper, by a name that a scholar knows.
  let paper: String
  /// The page of the other paper: here, or at arXiv or doi.org.
  let paperHref: String?
  /// The relation as a verb.
  let relation: String
  let note: String?
  let signer: SignerWords
  let standing: StandingWords
  let recorded: TimeWords
  let href: String

  /// Makes a row.
  ///
  /// - Parameter direction: the side of the record whose page shows the row.
  init(_ view: CitationView, _ direction: CitationFilter.Direction) {
    let body = view.event.body
    relation = Words.relation(view.payload.relation)
    note = body.payloadJSON["note"]?.stringValue
    signer = SignerWords(body.signer, isVouched: view.citation.isSignerVouched)
    standing = StandingWords(view.citation.standing.name, of: .citationSignature)
    recorded = TimeWords(view.citation.event.recordedAt)
    href = "/events/sha256:\(view.event.eventID.hex)"
    switch direction {
    case .inbound:
      paper = Words.paper(body.payloadJSON)
      let address = PaperAddress.citing(view, Links())
      // A Pith Number that this ledger does not have is no address of a page.
      paperHref = address.hasPrefix("/") || address.hasPrefix("https://") ? address : nil
    case .outbound:
      paper = view.citation.cited.description
      paperHref = Links().page(view.citation.cited)
    }
  }
}

/// The citations of one relation.
struct RelationGroup: Sendable {
  /// The relation as a verb, with a capital letter.
  let relation: String
  let rows: [CitationRow]

  /// Groups rows by relation, in the order in which the relations first occur.
  static func groups(_ rows: [CitationRow]) -> [RelationGroup] {
    var order: [String] = []
    var groups: [String: [CitationRow]] = [:]
    for row in rows {
      if groups[row.relation] == nil { order.append(row.relation) }
      groups[row.relation, default: []].append(row)
    }
    return order.map { relation in
      RelationGroup(
        relation: relation.prefix(1).uppercased() + relation.dropFirst(),
        rows: groups[relation] ?? [])
    }
  }
}
