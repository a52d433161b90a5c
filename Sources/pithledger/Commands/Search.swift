import ArgumentParser
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
  @Option(
    help: "desc for the newest first, asc for the oldest first.",
    completion: .list(["asc", "desc"])) var order: String?
  @Option(help: "The cursor that the page before printed.") var cursor: String?
  @Option(help: "The largest number of records to list.", transform: parseCount) var limit = 50

  func run() async throws {
    try await common.withAccess { ledger in
      let query = ListOptions(
        conditions: [
          ("after", after), ("author", author), ("before", before), ("category", category),
          ("orcid", orcid), ("order", order), ("status", status), ("title", title),
        ], cursor: cursor, limit: limit)
      common.show(SearchOutput(json: try await ledger.records(query)))
    }
  }
}
