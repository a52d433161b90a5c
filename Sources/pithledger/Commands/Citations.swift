import ArgumentParser
import LedgerHTTP
import LedgerService
import RecordFormats
import VerifyCommands

struct Citations: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The papers that cite a record, or the records that a paper cites.",
    discussion: "A paper is found under any of its names.",
    examples: [
      "pithledger citations 4OXKXQ4P --relation extends"
    ])
  @OptionGroup var common: Common
  @Argument(help: "A record: a Pith Number, a short form, an arXiv id or a DOI.") var record: String
  @Option(help: "in for the papers that cite the record, out for those that it cites.")
  var direction: String?
  @Option(help: "A relation, such as extends.") var relation: String?
  @Option(help: "true or false: whether the signer's key was vouched for before.")
  var vouched: String?
  @Option(help: "The fingerprint of the signing key, or a signer_id.") var signer: String?
  @Option(help: "Standings, such as verified or withdrawn, with commas between them.")
  var standing: String?
  @Option(help: "desc for the newest first, asc for the oldest first.") var order: String?
  @Option(help: "The cursor that the page before printed.") var cursor: String?
  @Option(help: "The largest number of citations to list.") var limit = 50

  private func value(_ name: String) -> String? {
    switch name {
    case "direction": direction
    case "order": order
    case "relation": relation
    case "signer": signer
    case "standing": standing
    case "vouched": vouched
    default: nil
    }
  }

  func run() async throws {
    try await common.withExistingLedger { ledger in
      let page = try await ledger.citations.page(
        record, CitationFilter { value($0) }, cursor: cursor, limit: limit)
      common.show(CitationsOutput(page: page, links: Links(ledger.configuration)))
    }
  }
}
