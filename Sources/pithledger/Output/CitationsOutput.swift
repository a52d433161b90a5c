import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import RecordFormats

/// Prints a page of citations.
struct CitationsOutput: CommandOutput {
  let page: CitationPage
  let links: Links

  var json: JSON { page.json(links) }

  var text: String {
    if page.citations.isEmpty { return "no such citations" }
    let lines = page.citations.map { view in
      [
        "\(view.citation.event.position)", view.payload.citing.name.text,
        view.payload.relation.rawValue, view.citation.cited.description,
        view.citation.standing.name, view.citation.isSignerVouched ? "vouched" : "not vouched",
        view.event.body.signer.fingerprint.hex,
      ].joined(separator: "  ")
    }
    return (lines + (page.next.map { ["more: --cursor \($0)"] } ?? [])).joined(separator: "\n")
  }
}
