public import ArgumentParser
import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerVerifier
import TransparencyLog

/// The command `merge`: computes one state for each record from bundles of any ledgers. It needs no
/// database and no server.
///
/// Exit codes: 0 merged, 1 a bundle of a trusted ledger does not hold, 2 a file or a key cannot be read,
/// 64 wrong usage. Specification: merging.md.
public struct Merge: AsyncParsableCommand {
  /// The name and the help.
  public static let configuration = CommandConfiguration(
    abstract: "Compute one state from bundles of any ledgers.",
    discussion: """
      The result depends on the statements alone, and not on the order of the bundles. Attestations count by \
      their signatures. What a ledger verified, vouched for or decided counts only with --log-key of that \
      ledger.
      """,
    examples: [
      "pithledger merge bundle.json --log-key LOGKEY"
    ])

  @Option(
    name: .customLong("log-key"),
    help: "The key of a ledger that you trust, as NAME+ID+KEY. May be given several times.")
  var logKeys: [String] = []
  @Option(
    name: .customLong("receipt-key"),
    help: "A raw Ed25519 key in base64 that you trust for receipts, instead of the published one.")
  var receiptKeys: [String] = []
  @Flag(help: "Print JSON instead of text.") var json = false
  @Option(help: "The data directory, as for every command. This command does not use it.")
  var dataDir: String?
  @Argument(
    help: "Bundles: /pith/{id}/bundle.json, or `pithledger export RECORD`.", completion: .file())
  var bundles: [String]

  /// Makes the command for the argument parser.
  public init() {}

  /// Reads the bundles and prints one state for each record, in the order of their Pith Numbers.
  public func run() async throws {
    do {
      for state in try await states() {
        print(json ? state.json.canonicalString() : Self.text(state))
      }
    } catch let fault as LogFault {
      if json { print(JSON.object(["fault": fault.json, "verified": false]).canonicalString()) }
      try fail(fault.json, "does not hold: \(fault)", 1)
    } catch let unreadable as Verify.Unreadable {
      try fail(
        ["check": "file", "message": .string(unreadable.message)], unreadable.message, 2)
    }
  }

  private func fail(_ failure: JSON, _ message: String, _ code: Int32) throws {
    if json {
      var members = failure.objectValue ?? [:]
      members["exit_code"] = .integer(Int64(code))
      CommandProgram.reportJSON(members)
    } else {
      FileHandle.standardError.write(Data("pithledger: \(message)\n".utf8))
    }
    throw ExitCode(code)
  }

  private func states() async throws -> [RecordMerge] {
    let keys = try logKeys.map { text -> NoteVerifierKey in
      do { return try NoteVerifierKey(text) } catch {
        throw Verify.Unreadable("--log-key: \(error)")
      }
    }
    let trusted = try trustedReceiptKeys()
    var byRecord: [String: [BundleStatements]] = [:]
    for file in bundles {
      let bytes = try Verify.read(file)
      do {
        let bundle = try await BundleStatements(bytes, keys: keys)
        byRecord[bundle.pithNumber.description, default: []].append(bundle)
      } catch let fault as LogFault where fault.isForm {
        throw Verify.Unreadable("\(file): \(fault)")
      }
    }
    return byRecord.sorted { $0.key < $1.key }.compactMap { _, bundles in
      bundles.first.map { first in
        RecordMerge(
          first.pithNumber, bundles.flatMap(\.statements),
          unreadable: bundles.reduce(into: []) { $0.formUnion($1.unreadable) }, trusted: trusted)
      }
    }
  }

  private func trustedReceiptKeys() throws -> [Digest128: [UInt8]] {
    if receiptKeys.isEmpty { return Receipt.publishedKeys }
    var trusted: [Digest128: [UInt8]] = [:]
    for text in receiptKeys {
      guard let key = Base64.decode(text), key.count == 32 else {
        throw Verify.Unreadable("--receipt-key: not 32 bytes in base64")
      }
      trusted[Digest(hashing: key).prefix] = key
    }
    return trusted
  }

  private static func text(_ merged: RecordMerge) -> String {
    var lines = [
      "\(merged.pithNumber): \(merged.eventCount) events, \(merged.invalid.count) invalid, "
        + "\(merged.equivocations.count) equivocations"
    ]
    for ledger in merged.ledgers {
      lines.append(
        "  ledger \(ledger.origin)" + (ledger.isContradictory ? " contradicts itself" : ""))
    }
    for (key, value) in merged.status.json { lines.append("  \(key) \(value.canonicalString())") }
    return lines.joined(separator: "\n")
  }
}

extension LogFault {
  /// Whether the bytes are no bundle at all.
  fileprivate var isForm: Bool { check == "bundle.json" || check == "bundle.format" }
}
