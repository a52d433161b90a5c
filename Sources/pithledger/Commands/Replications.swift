import ArgumentParser
import VerifyCommands

struct Replications: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List replication records with their standing: the queue of a moderator.",
    discussion: "The oldest is first. `pithledger moderate` decides on one.",
    examples: [
      "pithledger replications --pending"
    ])
  @OptionGroup var common: Common
  @Argument(help: "The record. The default is every record.") var record: String?
  @Flag(help: "List only those on which no moderator has decided.") var pending = false
  @Option(
    help: ArgumentHelp(
      "The standings, separated by commas: pending, approved, rejected, withdrawn, superseded or revoked."
    )) var standing: String?
  @Option(help: "The cursor that the page before gave.") var cursor: String?
  @Option(help: "The largest number of replication records to list.", transform: parseCount)
  var limit = 100

  func validate() throws {
    guard !pending || standing == nil else {
      throw ValidationError("Give --pending or --standing, not both.")
    }
  }

  func run() async throws {
    try await common.withAccess { ledger in
      let query = ListOptions(
        conditions: [("record", record), ("standing", pending ? "pending" : standing)],
        cursor: cursor, limit: limit)
      common.show(ReplicationsOutput(json: try await ledger.replications(query)))
    }
  }
}
