import ArgumentParser
import LedgerDomain
import LedgerHTTP
import LedgerService

struct Events: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the events of a record, or of the whole log.")
  @OptionGroup var common: Common
  @Argument(help: "The record. The default is the whole log.") var record: String?
  @Option(help: "The lowest position to list.") var from: Int64 = 0
  @Option(help: "The largest number of events to list.") var limit = 100

  func run() async throws {
    try await common.withLedger { ledger in
      let page =
        if let record {
          try await ledger.events.page(
            of: record, from: Position(rawValue: from), limit: limit
          )
        } else {
          try await ledger.events.page(from: Position(rawValue: from), limit: limit)
        }
      common.show(try EventsOutput(page, Links(ledger.configuration)))
    }
  }
}
