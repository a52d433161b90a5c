import ArgumentParser
import Encodings
import LedgerDomain
import LedgerService
import VerifyCommands

struct Key: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Generate, register, vouch for and revoke keys.",
    subcommands: [
      Generate.self, Register.self, Vouch.self, Unvouch.self, Revoke.self, Rotate.self, List.self,
      Events.self,
    ])

  static func fingerprint(_ text: String) throws(Refusal) -> Digest128 {
    guard let value = Digest128(hex: text.lowercased()) else {
      throw Refusal(.malformed, check: "fingerprint", "A fingerprint has 32 hexadecimal digits.")
    }
    return value
  }

  static func type(_ text: String) throws(Refusal) -> SignerType {
    guard let type = SignerType(name: text), type != .registry else {
      throw Refusal(
        .malformed, check: "signer_type",
        "One of author, replicator, agent, moderator, storage_provider. `pithledger key rotate` makes a key "
          + "of the registry.")
    }
    return type
  }

  struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Generate a key file. The key is not registered.",
      examples: [
        "pithledger key generate --out author.key --id 'my laptop' --signer https://orcid.org/0000-0002-1825-0097",
        "pithledger key generate --out replicator.key --id bench --signer urn:example:lab --type replicator",
      ])
    @OptionGroup var common: Common
    @Option(help: "The file to write. Its mode is 0600.", completion: .file()) var out: String
    @Option(help: "Your name for the key (key_id).") var id: String
    @Option(help: "Your identifier (signer_id): https://orcid.org/…, another URL, or a name.")
    var signer: String
    @Option(help: "The type of signer: author, replicator or agent.") var type = "author"

    func run() async throws {
      try await common.reported {
        let file = KeyFile(
          key: SigningKey(), keyID: id, signerID: signer, signerType: try Key.type(type))
        try file.write(to: out)
        common.show(NewKeyOutput(fingerprint: file.signer.fingerprint, path: out))
      }
    }
  }

  struct Register: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Register a key. The key signs its own registration.",
      examples: [
        "pithledger key register author.key"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The key file.", completion: .file()) var file: String

    func run() async throws {
      try await common.withAccess(writes: true) { ledger in
        common.show(SubmissionOutput(json: try await ledger.register(KeyFile(path: file))))
      }
    }
  }

  struct Vouch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Confirm that a key belongs to its signer_id, in one capacity.",
      examples: [
        "pithledger key vouch FINGERPRINT --as author --name 'Shengbang Tong'"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The key's fingerprint.") var fingerprint: String
    @Option(
      name: .customLong("as"),
      help: "The capacity: author, replicator, agent, moderator or storage_provider.")
    var type: String
    @Option(help: "The name of the person. Claims by the key are strong under this name only.")
    var name: String?

    func run() async throws {
      try await common.withAccess(writes: true) { ledger in
        let answer = try await ledger.vouch(
          try Key.fingerprint(fingerprint), as: try Key.type(type), name: name)
        common.show(SubmissionOutput(json: answer))
      }
    }
  }

  struct Unvouch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Withdraw all vouches for a key. The key is not revoked.",
      examples: [
        "pithledger key unvouch FINGERPRINT --reason 'vouched for by mistake'"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The key's fingerprint.") var fingerprint: String
    @Option(help: "The reason. It is public and permanent.") var reason: String

    func run() async throws {
      try await common.withAccess(writes: true) { ledger in
        let answer = try await ledger.withdrawVouching(
          try Key.fingerprint(fingerprint), reason: reason)
        common.show(SubmissionOutput(json: answer))
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a key.",
      discussion: "Without --key, the registry key signs the revocation.",
      examples: [
        "pithledger key revoke FINGERPRINT --reason 'the laptop was stolen' --key author.key"
      ])
    @OptionGroup var common: Common
    @Argument(help: "The key's fingerprint.") var fingerprint: String
    @Option(help: "The reason. It is public and permanent.") var reason: String
    @Option(
      help: "The position from which the key's events lose their standing.",
      transform: wholeNumber())
    var compromisedFrom: Int64?
    @Option(help: "The key file, if the key revokes itself.", completion: .file()) var key: String?

    func run() async throws {
      try await common.withAccess(writes: true) { ledger in
        let answer = try await ledger.revoke(
          try Key.fingerprint(fingerprint), reason: reason,
          compromisedFrom: compromisedFrom.map(Position.init(rawValue:)), key: .optional(key))
        common.show(SubmissionOutput(json: answer))
      }
    }
  }

  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Replace the registry key by a new one.",
      examples: [
        "pithledger key rotate"
      ])
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withLedger { common.show(try await $0.keyAdministrator.rotateRegistryKey()) }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List all keys and their standing.",
      examples: [
        "pithledger key list"
      ])
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withAccess {
        common.show(KeyListOutput(json: try await $0.keys()))
      }
    }
  }
}
