import ArgumentParser
import LedgerService
import LedgerStore
import VerifyCommands

struct Trust: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Manage trusted block headers, timestamp authorities and identity issuers.",
    discussion: "Adding trusted material settles the pending anchors and claims that it decides.",
    subcommands: [Headers.self, Authorities.self, Issuers.self, List.self])

  /// Checks pending anchors again after trusted material was added. Returns those that are settled.
  static func settle(_ ledger: Ledger) async throws -> [AnchorOutcome] {
    try await ledger.anchorSettler.settleAll().filter { $0.state != .pending }
  }

  struct Headers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Manage trusted Bitcoin block headers.", subcommands: [Add.self, Remove.self])

    struct Add: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Trust the block headers in a file.",
        discussion:
          "Each line is HEIGHT HEADERHEX. The proof of work and the links between headers are checked.",
        examples: [
          "pithledger trust headers add headers.txt"
        ])
      @OptionGroup var common: Common
      @Argument(help: "The file.", completion: .file()) var file: String

      func run() async throws {
        try await common.withLedger { ledger in
          let added = try await ledger.trust.addHeaders(try read(file))
          let settled = try await Trust.settle(ledger)
          common.show(HeadersAddedOutput(added: added, settled: settled))
        }
      }
    }

    struct Remove: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Stop trusting a block header.",
        examples: [
          "pithledger trust headers remove 0"
        ])
      @OptionGroup var common: Common
      @Argument(help: "The height of the block.", transform: wholeNumber()) var height: Int64

      func run() async throws {
        try await common.withLedger { ledger in
          let removed = try await ledger.trust.removeHeader(height)
          common.show(
            TrustRemovedOutput(isRemoved: removed, textIfMissing: "no header was trusted there"))
        }
      }
    }
  }

  struct Authorities: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tsa", abstract: "Manage trusted roots of timestamp authorities.",
      subcommands: [Add.self, Remove.self])

    struct Add: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Trust the root certificates in a file.",
        examples: [
          "pithledger trust tsa add roots.pem"
        ])
      @OptionGroup var common: Common
      @Argument(help: "The file, in PEM format.", completion: .file()) var file: String

      func run() async throws {
        try await common.withLedger { ledger in
          let count = try await ledger.trust.addAuthority(try read(file))
          let settled = try await Trust.settle(ledger)
          common.show(AuthoritiesAddedOutput(certificates: count, settled: settled))
        }
      }
    }

    struct Remove: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Stop trusting the certificates of a file.",
        examples: [
          "pithledger trust tsa remove SHA256"
        ])
      @OptionGroup var common: Common
      @Argument(help: "The SHA-256 of the file. `trust list` prints it.") var sha256: String
      func run() async throws { try await Trust.remove(.tsa, sha256, common) }
    }
  }

  struct Issuers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "jwks", abstract: "Manage trusted key sets of the identity issuer.",
      subcommands: [Add.self, Remove.self])

    struct Add: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Trust a key set. Tokens can then be checked offline.",
        examples: [
          "pithledger trust jwks add keys.json"
        ])
      @OptionGroup var common: Common
      @Argument(help: "The file with a JSON Web Key Set.", completion: .file()) var file: String

      func run() async throws {
        try await common.withLedger { ledger in
          let isNew = try await ledger.trust.addIssuerKeys(try read(file))
          let settled = try await ledger.claimSettler.settleAll()
          common.show(IssuerKeysAddedOutput(isNew: isNew, settled: settled))
        }
      }
    }

    struct Remove: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Stop trusting a key set.",
        examples: [
          "pithledger trust jwks remove SHA256"
        ])
      @OptionGroup var common: Common
      @Argument(help: "The SHA-256 of the file. `trust list` prints it.") var sha256: String
      func run() async throws { try await Trust.remove(.jwks, sha256, common) }
    }
  }

  static func remove(
    _ kind: TrustedDocumentKind, _ sha256: String, _ common: Common
  ) async throws {
    try await common.withLedger { ledger in
      let removed = try await ledger.trust.remove(kind, try digest(sha256))
      common.show(
        TrustRemovedOutput(isRemoved: removed, textIfMissing: "nothing of that SHA-256 was trusted")
      )
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List everything that is trusted.",
      examples: [
        "pithledger trust list"
      ])
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withAccess { ledger in
        common.show(TrustListOutput(json: try await ledger.trusted()))
      }
    }
  }
}
