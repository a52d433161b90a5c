import ArgumentParser
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerService
import RecordFormats
import VerifyCommands

/// Which events a list has, and which page of it.
struct EventListOptions: ParsableArguments {
  @Option(help: "The types of the events, with commas between them.") var type: String?
  @Option(help: "The target of the events, such as claim:C1.") var target: String?
  @Option(help: "The standings of the events, such as verified, with commas between them.")
  var standing: String?
  @Option(help: "The lowest position to list, or a time such as 2026-11-27T09:00:00Z.")
  var since: String?
  @Option(help: "asc or desc.") var order: String?
  @Option(
    help: "The position at which the page begins, as the page before printed it.",
    transform: wholeNumber())
  var from: Int64?
  @Option(help: "The largest number of events to list.", transform: parseCount) var limit = 100

  /// The events that the options select.
  ///
  /// - Parameter signer: a fingerprint or a `signer_id`.
  func filter(signer: String? = nil) throws(Refusal) -> EventFilter {
    try EventFilter(
      types: type, signer: signer, target: target, standings: standing, since: since, order: order)
  }

  /// The position at which the page begins; `nil` for the beginning of the list.
  var start: Position? { from.map(Position.init(rawValue:)) }
}

struct Events: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the events of a record, or of the whole log.",
    examples: [
      "pithledger events 4OXKXQ4P --type citation_signature",
      "pithledger events --order desc --limit 10",
    ])
  @OptionGroup var common: Common
  @Argument(help: "The record. The default is the whole log.") var record: String?
  @Option(help: "The fingerprint of the signing key, or a signer_id.") var signer: String?
  @OptionGroup var options: EventListOptions

  func run() async throws {
    try await common.withExistingLedger { ledger in
      let filter = try options.filter(signer: signer)
      let page =
        if let record {
          try await ledger.events.page(
            of: record, filter, from: options.start, limit: options.limit)
        } else {
          try await ledger.events.page(filter, from: options.start, limit: options.limit)
        }
      common.show(try EventsOutput(page, Links(ledger.configuration)))
    }
  }
}

struct EventCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "event", abstract: "Print one event.", subcommands: [Show.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print an event with its standing, and the reason for it.",
      examples: [
        "pithledger event show EVENT"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The event: its event_id, the first digits of it, or its position.")
    var event: String

    func run() async throws {
      try await common.withExistingLedger { ledger in
        let id = try await ledger.references.eventID(event, field: "event")
        common.show(try EventOutput(try await ledger.events.event(id.hex)))
      }
    }
  }
}

extension Key {
  struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the events that a key signed.",
      examples: [
        "pithledger key events FINGERPRINT"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The fingerprint of the key.") var fingerprint: String
    @OptionGroup var options: EventListOptions

    func run() async throws {
      try await common.withExistingLedger { ledger in
        let page = try await ledger.events.page(
          signedBy: fingerprint, options.filter(), from: options.start, limit: options.limit)
        common.show(try EventsOutput(page, Links(ledger.configuration)))
      }
    }
  }
}
