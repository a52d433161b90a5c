import ArgumentParser
import LedgerService
import LedgerStore

struct Trust: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whose word counts: block headers, timestamp authorities, issuers of identities.",
    discussion: "What is added settles at once the anchors that waited for it.",
    subcommands: [Headers.self, Authorities.self, Issuers.self, List.self])

  /// Holds pending anchors against what has just been added.
  static func settle(_ ledger: Ledger) async throws -> [AnchorOutcome] {
    try await ledger.anchorSettler.settleAll().filter { $0.state != .pending }
  }

  struct Headers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Bitcoin block headers.", subcommands: [Add.self, Remove.self])

    struct Add: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Trust the headers in a file.",
        discussion: "A line is HEIGHT HEADERHEX. Proof of work and links are checked.")
      @OptionGroup var common: Common
      @Argument(help: "The file.") var file: String

      func run() async throws {
        try await common.withLedger { ledger in
          let added = try await ledger.trust.addHeaders(try read(file))
          let settled = try await Trust.settle(ledger)
          common.show(HeadersAddedOutput(added: added, settled: settled))
        }
      }
    }

    struct Remove: AsyncParsableCommand {
      static let configuration = CommandConfiguration(abstract: "No longer trust a header.")
      @OptionGroup var common: Common
      @Argument(help: "Its height.") var height: Int64

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
      commandName: "tsa", abstract: "Roots of timestamp authorities.",
      subcommands: [Add.self, Remove.self])

    struct Add: AsyncParsableCommand {
      static let configuration = CommandConfiguration(abstract: "Trust the certificates in a file.")
      @OptionGroup var common: Common
      @Argument(help: "A file in PEM.") var file: String

      func run() async throws {
        try await common.withLedger { ledger in
          let count = try await ledger.trust.addAuthority(try read(file))
          let settled = try await Trust.settle(ledger)
          common.show(AuthoritiesAddedOutput(certificates: count, settled: settled))
        }
      }
    }

    struct Remove: AsyncParsableCommand {
      static let configuration = CommandConfiguration(abstract: "No longer trust a file.")
      @OptionGroup var common: Common
      @Argument(help: "The file's SHA-256, as `trust list` shows it.") var sha256: String
      func run() async throws { try await Trust.remove(.tsa, sha256, common) }
    }
  }

  struct Issuers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "jwks", abstract: "Key sets of an issuer of identities, for work offline.",
      subcommands: [Add.self, Remove.self])

    struct Add: AsyncParsableCommand {
      static let configuration = CommandConfiguration(abstract: "Trust a key set.")
      @OptionGroup var common: Common
      @Argument(help: "A file with a JSON Web Key Set.") var file: String

      func run() async throws {
        try await common.withLedger { ledger in
          let isNew = try await ledger.trust.addIssuerKeys(try read(file))
          let settled = try await ledger.claimSettler.settleAll()
          common.show(IssuerKeysAddedOutput(isNew: isNew, settled: settled))
        }
      }
    }

    struct Remove: AsyncParsableCommand {
      static let configuration = CommandConfiguration(abstract: "No longer trust a key set.")
      @OptionGroup var common: Common
      @Argument(help: "The file's SHA-256, as `trust list` shows it.") var sha256: String
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
    static let configuration = CommandConfiguration(abstract: "Everything that is trusted.")
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withLedger { ledger in
        common.show(TrustListOutput(trusted: try await ledger.trust.summary()))
      }
    }
  }
}
