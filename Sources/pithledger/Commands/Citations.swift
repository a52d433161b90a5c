import ArgumentParser
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
  @Option(
    help: "in for the papers that cite the record, out for those that it cites.",
    completion: .list(["in", "out"]))
  var direction: String?
  @Option(
    help: "A relation, such as extends.",
    completion: .list([
      "supports", "refutes", "extends", "uses_method", "depends_on", "replaces", "compares",
      "cites",
    ])) var relation: String?
  @Option(
    help: "true or false: whether the signer's key was vouched for before.",
    completion: .list(["true", "false"]))
  var vouched: String?
  @Option(help: "The fingerprint of the signing key, or a signer_id.") var signer: String?
  @Option(help: "Standings, such as verified or withdrawn, with commas between them.")
  var standing: String?
  @Option(
    help: "desc for the newest first, asc for the oldest first.",
    completion: .list(["asc", "desc"])) var order: String?
  @Option(help: "The cursor that the page before printed.") var cursor: String?
  @Option(help: "The largest number of citations to list.") var limit = 50

  func run() async throws {
    try await common.withAccess { ledger in
      let query = ListOptions(
        conditions: [
          ("direction", direction), ("order", order), ("relation", relation), ("signer", signer),
          ("standing", standing), ("vouched", vouched),
        ], cursor: cursor, limit: limit)
      common.show(CitationsOutput(json: try await ledger.citations(of: record, query)))
    }
  }
}
