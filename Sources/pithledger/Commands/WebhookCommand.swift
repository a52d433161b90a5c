import ArgumentParser
import LedgerHTTP
import LedgerService
import VerifyCommands

struct WebhookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhook", abstract: "Manage the addresses that events are sent to.",
    discussion:
      "A service sends each event as a signed CloudEvent (Standard Webhooks), in order and at least once.",
    subcommands: [
      Add.self, List.self, Show.self, Pause.self, Resume.self, Remove.self, Secret.self, Test.self,
    ])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send events to an address.",
      discussion: "Without conditions every event is sent that is appended from now on.",
      examples: [
        "pithledger webhook add https://receiver.example.org/pith",
        "pithledger webhook add https://receiver.example.org/all --from 0 --batch 100",
      ])
    @OptionGroup var common: Common
    @Argument(help: "The address.") var url: String
    @Option(help: "A type of the events, or several with commas between them; may be repeated.")
    var type: [String] = []
    @Option(help: "The record that the events are about.") var record: String?
    @Option(help: "The fingerprint of the signing key, or a signer_id.") var signer: String?
    @Option(help: "The target of the events, such as claim:C1.") var target: String?
    @Option(help: "The position of the first event, or now.") var from = "now"
    @Option(help: "The largest number of events in one request, up to 100.", transform: parseBatch)
    var batch = 1

    private static func parseBatch(_ text: String) throws -> Int {
      Int(try wholeNumber(1...Int64(WebhookManager.largestBatch))(text))
    }

    private func position() throws -> Int64? { from == "now" ? nil : try wholeNumber()(from) }

    func validate() throws { _ = try position() }

    func run() async throws {
      var request = WebhookRequest(url: url, batchSize: batch)
      request.types = type.isEmpty ? nil : type.joined(separator: ",")
      request.record = record
      request.signer = signer
      request.target = target
      request.from = try position()
      let asked = request
      try await common.withExistingLedger { ledger in
        common.show(WebhookOutput(try await ledger.webhookManager.add(asked), isNew: true))
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the webhooks.", discussion: "Queries of addresses are left out.",
      examples: [
        "pithledger webhook list"
      ])
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withExistingLedger { ledger in
        common.show(WebhookListOutput(webhooks: try await ledger.webhookManager.list()))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a webhook: how far it is, and what was wrong last.",
      examples: [
        "pithledger webhook show WEBHOOK"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The webhook.") var id: String

    func run() async throws {
      try await common.showWebhook { try await $0.webhook(id) }
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send nothing to a webhook until it is resumed.",
      examples: [
        "pithledger webhook pause WEBHOOK"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The webhook.") var id: String

    func run() async throws {
      try await common.showWebhook { try await $0.pause(id) }
    }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Continue a webhook with the first event that was not delivered.",
      discussion: "A webhook that failed is tried again at once.",
      examples: [
        "pithledger webhook resume WEBHOOK"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The webhook.") var id: String

    func run() async throws {
      try await common.showWebhook { try await $0.resume(id) }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a webhook.",
      examples: [
        "pithledger webhook remove WEBHOOK"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The webhook.") var id: String

    func run() async throws {
      try await common.withExistingLedger { ledger in
        try await ledger.webhookManager.remove(id)
        common.show(WebhookRemovedOutput(id: id))
      }
    }
  }

  struct Secret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the secret with which a receiver verifies signatures.",
      discussion:
        "With --rotate a new secret is made. For 24 hours messages carry the signatures of both.",
      examples: [
        "pithledger webhook secret WEBHOOK",
        "pithledger webhook secret WEBHOOK --rotate",
      ])
    @OptionGroup var common: Common
    @Argument(help: "The webhook.") var id: String
    @Flag(help: "Make a new secret.") var rotate = false

    func run() async throws {
      try await common.withExistingLedger { ledger in
        let manager = ledger.webhookManager
        let secret = rotate ? try await manager.rotateSecret(id) : try await manager.secret(id)
        common.show(WebhookSecretOutput(id: id, secret: secret))
      }
    }
  }

  struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send a signed message to a webhook that says nothing about the log.",
      discussion: "The exit code is 1 unless the receiver answers with a status from 200 to 299.",
      examples: [
        "pithledger webhook test WEBHOOK"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The webhook.") var id: String

    func run() async throws {
      try await common.withExistingLedger { ledger in
        let test = try await ledger.webhookManager.test(id, WebhookCloudEvents(ledger))
        common.show(WebhookTestOutput(test: test))
        if !test.answer.isDelivered { throw ExitCode(1) }
      }
    }
  }
}

extension Common {
  /// Runs a command about one webhook, and prints the webhook.
  fileprivate func showWebhook(
    _ body: @Sendable (WebhookManager) async throws -> WebhookState
  ) async throws {
    try await withExistingLedger { ledger in
      show(WebhookOutput(try await body(ledger.webhookManager)))
    }
  }
}
