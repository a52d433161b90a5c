import ArgumentParser
import LedgerHTTP
import LedgerService
import RecordFormats
import VerifyCommands

struct Search: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find records by title, author, category, time and status.",
    discussion: "All conditions hold. A word that ends in * stands for every word that begins so.",
    examples: [
      "pithledger search --title 'metamorph*' --category cs.CV"
    ])
  @OptionGroup var common: Common
  @Option(help: "Words of the title.") var title: String?
  @Option(help: "Words of the names of the authors.") var author: String?
  @Option(help: "The ORCID iD of an author whose strong claim stands.") var orcid: String?
  @Option(help: "A category, such as cs.CV.") var category: String?
  @Option(help: "The earliest time of submission, or the first day.") var after: String?
  @Option(help: "The time, or the day, before which the paper was submitted.") var before: String?
  @Option(help: "Members of the status that are true, with commas between them.")
  var status: String?
  @Option(help: "desc for the newest first, asc for the oldest first.") var order: String?
  @Option(help: "The cursor that the page before printed.") var cursor: String?
  @Option(help: "The largest number of records to list.", transform: parseCount) var limit = 50

  private func value(_ name: String) -> String? {
    switch name {
    case "after": after
    case "author": author
    case "before": before
    case "category": category
    case "orcid": orcid
    case "order": order
    case "status": status
    case "title": title
    default: nil
    }
  }

  func run() async throws {
    try await common.withExistingLedger { ledger in
      let page = try await ledger.search.page(
        RecordFilter { value($0) }, cursor: cursor, limit: limit)
      common.show(SearchOutput(page: page, links: Links(ledger.configuration)))
    }
  }
}
