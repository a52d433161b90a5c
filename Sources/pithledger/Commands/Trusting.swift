import ArgumentParser
import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore

struct Trust: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whose word counts: block headers, timestamp authorities, issuers of identities.",
    discussion: "What is added settles at once the anchors that waited for it.",
    subcommands: [Headers.self, Authorities.self, Issuers.self, List.self])

  /// Holds pending anchors against what has just been added.
  static func settle(_ ledger: Ledger) async throws -> [JSON] {
    try await ledger.anchorSettler.settleAll().filter { $0.state != .pending }.map(\.json)
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
          common.show(
            ["added": .integer(added), "settled": .array(settled)],
            "\(added) headers added; \(settled.count) anchors settled")
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
            ["removed": .bool(removed)], removed ? "removed" : "no header was trusted there")
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
          common.show(
            ["certificates": .integer(Int64(count)), "settled": .array(settled)],
            "\(count) certificates trusted; \(settled.count) anchors settled")
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
          common.show(
            ["added": .bool(isNew), "settled": .integer(Int64(settled))],
            "\(isNew ? "trusted" : "trusted already"); \(settled) claims settled")
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
        ["removed": .bool(removed)], removed ? "removed" : "nothing of that SHA-256 was trusted")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Everything that is trusted.")
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withLedger { ledger in
        let trusted = try await ledger.trust.summary()
        var lines = ["no headers"]
        if let heights = trusted.heights {
          lines = [
            "\(trusted.headerCount) headers, heights \(heights.lowerBound) to \(heights.upperBound)"
          ]
        }
        lines += trusted.authorities.map { "tsa  \($0.sha256.hex)" }
        lines += trusted.issuerKeys.map { "jwks  \($0.sha256.hex)" }
        common.show(trusted.json, lines.joined(separator: "\n"))
      }
    }
  }
}

/// A SHA-256 as the shell takes it.
func digest(_ text: String) throws(Refusal) -> Digest {
  guard let digest = Digest(hex: text.lowercased()) else {
    throw Refusal(.malformed, check: "sha256", "A SHA-256 has 64 hexadecimal digits.")
  }
  return digest
}

struct Anchors: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Follow pending timestamps.", subcommands: [Upgrade.self])

  struct Upgrade: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask calendars for what they promised, and settle what can be settled.")
    @OptionGroup var common: Common

    func run() async throws {
      try await common.withLedger { ledger in
        let outcomes = try await ledger.anchorSettler.settleAll { _ in true }
        let lines = outcomes.map { "\($0.state.rawValue)  \($0.subject)  \($0.detail)" }
        common.show(
          ["anchors": .array(outcomes.map(\.json))],
          lines.isEmpty ? "no anchor is pending" : lines.joined(separator: "\n"))
      }
    }
  }
}

struct Evidence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The bytes that attestations rest on.", subcommands: [Check.self, Erase.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What a proof of time says, held against today's trust; stores nothing.",
      discussion: "Exits with 1 while nothing trusted settles it, and with 2 where it is refused.")
    @OptionGroup var common: Common
    @Argument(help: "An .ots file, or an RFC 3161 token or response; - for standard input.")
    var file: String
    @Option(name: .customLong("digest"), help: "The SHA-256 that it must be about.")
    var subject: String?

    func run() async throws {
      try await common.withLedger { ledger in
        let wanted = try subject.map(digest)
        let inspection = try await ledger.evidenceInspector.inspect(read(file), of: wanted)
        common.show(inspection.json, inspection.lines.joined(separator: "\n"))
        if inspection.verdict != .verified { throw ExitCode(1) }
      }
    }
  }

  struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove bytes for good; the log says so, and is otherwise as it was.")
    @OptionGroup var common: Common
    @Argument(help: "The SHA-256 of the bytes.") var sha256: String
    @Option(help: "Why, at most 500 bytes, public for ever.") var reason: String

    func run() async throws {
      try await common.withLedger { ledger in
        let count = try await ledger.evidenceEraser.erase(try digest(sha256), reason: reason)
        common.show(
          ["events": .integer(Int64(count))],
          "erased; \(count) events rested on it, and the log says so")
      }
    }
  }
}

extension ProofInspection {
  /// The verdict with the time, the digest, and a line for each attestation.
  fileprivate var lines: [String] {
    let time = provenAt.map { ": existed at \($0)" } ?? ""
    var lines = ["\(verdict.name)\(time)", "  \(digestAlgorithm) \(Hex.encode(digest))"]
    if case .openTimestamps(let attestations) = contents {
      lines += attestations.map { "  \($0.source.line): \($0.isVerified ? "verified" : "pending")" }
    }
    return lines
  }
}

extension ProofInspection.Attestation.Source {
  fileprivate var line: String {
    switch self {
    case .calendar(let address): "pending \(address)"
    case .block(let chain, let height): "\(chain) block \(height)"
    case .unknown(let tag): "unknown \(Hex.encode(tag))"
    }
  }
}

struct Audit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run every check again from stored evidence with today's trust; changes nothing.",
    discussion: "Exits with 1 where a verdict would differ.")
  @OptionGroup var common: Common
  @Argument(help: "A record; without it, the whole log.") var record: String?

  func run() async throws {
    try await common.withLedger { ledger in
      let report = try await ledger.auditor.audit(record) { done, size in
        FileHandle.standardError.write(Data("audited to \(done) of \(size)\n".utf8))
      }
      var lines = report.findings.map {
        "\($0.pithNumber) at \($0.position): \($0.check) \($0.was) → \($0.now) (\($0.detail))"
      }
      lines.append(
        "\(report.events) events, \(report.findings.count) verdicts differ, \(report.notChecked) "
          + "not checked (evidence erased, or at a location that an audit does not fetch)")
      common.show(report.json, lines.joined(separator: "\n"))
      if !report.findings.isEmpty { throw ExitCode(1) }
    }
  }
}
