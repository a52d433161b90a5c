import ArgumentParser
import VerifyCommands

/// Which events a list has, and which page of it.
struct EventListOptions: ParsableArguments {
  @Option(help: "The types of the events, with commas between them.") var type: String?
  @Option(help: "The target of the events, such as claim:C1.") var target: String?
  @Option(help: "The standings of the events, such as verified, with commas between them.")
  var standing: String?
  @Option(help: "The lowest position to list, or a time such as 2026-11-27T09:00:00Z.")
  var since: String?
  @Option(help: "asc or desc.", completion: .list(["asc", "desc"])) var order: String?
  @Option(
    help: "The position at which the page begins, as the page before printed it.",
    transform: wholeNumber())
  var from: Int64?
  @Option(help: "The largest number of events to list.", transform: parseCount) var limit = 100

  /// The options for a ledger.
  ///
  /// - Parameter signer: a fingerprint or a `signer_id`.
  func query(signer: String? = nil) -> ListOptions {
    ListOptions(
      conditions: [
        ("order", order), ("signer", signer), ("since", since), ("standing", standing),
        ("target", target), ("type", type),
      ], from: from, limit: limit)
  }
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

  @Flag(
    help: "Print the events that follow as they are appended, until the command is interrupted.")
  var follow = false

  func validate() throws {
    guard !follow || options.order != "desc" else {
      throw ValidationError("--follow prints events in ascending order.")
    }
  }

  func run() async throws {
    try await common.withAccess { ledger in
      let list: EventList = record.map { .record($0) } ?? .log
      let query = options.query(signer: signer)
      if follow {
        try await EventFollower(ledger: ledger, list: list, query: query, asJSON: common.json).run()
      } else {
        common.show(EventsOutput(json: try await ledger.events(list, query)))
      }
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
      try await common.withAccess { ledger in
        common.show(EventOutput(json: try await ledger.event(event)))
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
      try await common.withAccess { ledger in
        common.show(
          EventsOutput(json: try await ledger.events(.key(fingerprint), options.query())))
      }
    }
  }
}
