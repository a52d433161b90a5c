public import ArgumentParser
import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerVerifier
import ProofFormats
import ProofVerification
import TransparencyLog

/// The command `verify`: checks proofs, bundles and exported logs with keys that the caller gives.
/// It needs no database and no server.
///
/// Exit codes: 0 verified, 1 not verified, 2 a file or a key cannot be read, 64 wrong usage.
/// Specification: errors.md, section Exit codes.
public struct Verify: AsyncParsableCommand {
  /// The name and the subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verify proofs, bundles and exported logs offline.",
    subcommands: [ProofFile.self, Bundle.self, Log.self, Consistency.self, Receipt.self])

  /// Makes the command for the argument parser.
  public init() {}

  /// The options of every subcommand.
  struct Keys: ParsableArguments {
    @Option(
      name: .customLong("log-key"), parsing: .upToNextOption,
      help: "The verifier key of the log, as NAME+ID+KEY. `pithledger checkpoint --key` prints it.")
    var logKeys: [String]

    @Flag(help: "Print one JSON value instead of text.") var json = false

    func keys() throws -> [NoteVerifierKey] {
      do { return try logKeys.map { try NoteVerifierKey($0) } } catch {
        throw Unreadable("--log-key: \(error)")
      }
    }

    /// Runs a check and prints its result, as one line of text or as one JSON value.
    func report(_ body: ([NoteVerifierKey]) async throws -> (JSONObject, String)) async throws {
      do {
        var (answer, line) = try await body(keys())
        answer["verified"] = true
        print(json ? JSON.object(answer).canonicalString() : line)
      } catch let fault as LogFault {
        try fail(fault.json, fault.description)
      } catch let error as TransparencyError {
        let fault = LogFault(error)
        try fail(fault.json, fault.description)
      } catch let unreadable as Unreadable {
        FileHandle.standardError.write(Data("pithledger: \(unreadable.message)\n".utf8))
        throw ExitCode(2)
      }
    }

    private func fail(_ fault: JSON, _ line: String) throws {
      if json { print(JSON.object(["fault": fault, "verified": false]).canonicalString()) }
      FileHandle.standardError.write(Data("pithledger: does not hold: \(line)\n".utf8))
      throw ExitCode(1)
    }
  }

  /// A file or an option that cannot be read. The exit code is 2.
  struct Unreadable: Error {
    let message: String
    init(_ message: String) { self.message = message }
  }

  static func read(_ path: String) throws(Unreadable) -> [UInt8] {
    if path == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Unreadable("\(path) cannot be read")
    }
    return Array(data)
  }

  struct ProofFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "proof", abstract: "Verify that an entry is in the log.")
    @OptionGroup var keys: Keys
    @Argument(help: "The proof (C2SP tlog-proof) that `pithledger prove` wrote.") var file: String
    @Option(help: "A file with the bytes of the entry, if the proof does not contain them.")
    var entry: String?

    func run() async throws {
      try await keys.report { keys in
        let proof = try InclusionProof(try Verify.read(file))
        let entry: [UInt8]
        if let file = self.entry {
          entry = try Verify.read(file)
        } else if let extra = proof.extra {
          entry = extra
        } else {
          throw Unreadable("\(file) does not carry the entry: give its bytes by --entry FILE")
        }
        let signed = try proof.verify(entry: entry, by: keys)
        let event = (try? Entry(bytes: entry))?.event
        return (
          [
            "event_id": event.map { .string("sha256:" + $0.eventID.hex) } ?? .null,
            "origin": .string(signed.checkpoint.origin),
            "position": .integer(Int64(clamping: proof.index)),
            "size": .integer(signed.checkpoint.size.stored),
          ],
          "holds: \(event.map { "sha256:" + $0.eventID.hex } ?? "the entry") is number \(proof.index) of the "
            + "\(signed.checkpoint.size) entries of \(signed.checkpoint.origin)"
        )
      }
    }
  }

  struct Receipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify a receipt, and optionally that the log fulfilled it."
    )
    @OptionGroup var keys: Keys
    @Argument(help: "The receipt from the answer to a submission: a signed note.") var file: String
    @Option(help: "A later inclusion proof of the same entry.") var proof: String?

    func run() async throws {
      try await keys.report { keys in
        let receipt = try LogReceipt(try Verify.read(file), by: keys)
        var answer: JSONObject = [
          "event_id": .string(receipt.eventID), "origin": .string(receipt.origin),
          "position": .integer(Int64(clamping: receipt.position)),
        ]
        var line =
          "holds: \(receipt.origin) acknowledged \(receipt.eventID) at position \(receipt.position)"
        if let path = proof {
          let proof = try InclusionProof(try Verify.read(path))
          guard let entry = proof.extra, Digest.leaf(entry) == receipt.leaf,
            proof.index == receipt.position
          else {
            throw LogFault(
              "receipt.broken", position: Position(leaf: receipt.position), place: path,
              "the proof is of another entry or position than the receipt")
          }
          try proof.verify(entry: entry, by: keys, origin: receipt.origin)
          answer["kept"] = true
          line += ", and the proof has the same entry at this position"
        }
        return (answer, line)
      }
    }
  }

  struct Bundle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify the bundle of a record: entries, signatures, inclusion and status.",
      discussion: """
        Proofs of time are checked with --headers and --tsa. Without these options they are listed as not \
        checked.
        """)
    @OptionGroup var keys: Keys
    @Argument(help: "The bundle, from `pithledger export RECORD` or /pith/{id}/bundle.json.")
    var file: String
    @Option(help: "A file with trusted block headers, one HEIGHT HEADERHEX on each line.")
    var headers: String?
    @Option(help: "A file with trusted roots of timestamp authorities, in PEM format.") var tsa:
      String?

    func run() async throws {
      try await keys.report { keys in
        let outcome = try await BundleVerification(keys: keys).verify(try Verify.read(file))
        let anchors = try outcome.anchors.map(check)
        let status = outcome.status.verificationStatus
        var lines = [
          "holds: \(outcome.pithNumber), \(outcome.events) entries in the first "
            + "\(outcome.checkpoint.size) of \(outcome.checkpoint.origin)"
        ]
        for (key, value) in status { lines.append("  \(key) \(value.canonicalString())") }
        for anchor in anchors { lines.append("  anchored: \(anchor.line)") }
        return (
          [
            "anchors": .array(anchors.map { .string($0.line) }),
            "event_summary": .object(outcome.status.eventSummary),
            "events": .integer(Int64(outcome.events)),
            "pith_number": .string(outcome.pithNumber),
            "size": .integer(outcome.checkpoint.size.stored),
            "verification_status": .object(status),
          ], lines.joined(separator: "\n")
        )
      }
    }

    /// Checks a proof of time against the headers or roots that the caller trusts.
    private func check(_ anchor: BundleVerification.Anchor) throws -> (line: String, Bool) {
      let what = "\(anchor.events) entries by \(anchor.kind.rawValue)"
      func fault(_ check: String, _ message: String) -> LogFault {
        LogFault(check, place: "anchors", message)
      }
      switch anchor.kind {
      case .opentimestamps:
        guard let headers else { return ("\(what), not checked: give --headers FILE", false) }
        return (try checkOpenTimestamps(anchor, headers, what, fault), true)
      case .rfc3161:
        guard let tsa else { return ("\(what), not checked: give --tsa FILE", false) }
        do throws(ProofFormatError) {
          let (token, verdict) = try TimestampToken.check(
            anchor.proof, roots: try Self.bytes(tsa))
          guard token.imprint == anchor.digest.bytes else {
            throw ProofFormatError("rfc3161.imprint", "the token is of another checkpoint")
          }
          guard verdict == .verified else {
            throw ProofFormatError("rfc3161.chain", "the token's chain ends at no root of yours")
          }
          return ("\(what), verified: \(token.genTime)", true)
        } catch { throw fault(error.check, error.message) }
      }
    }

    private static func bytes(_ path: String) throws(ProofFormatError) -> [UInt8] {
      do { return try Verify.read(path) } catch {
        throw ProofFormatError("certificate", error.message)
      }
    }

    private func checkOpenTimestamps(
      _ anchor: BundleVerification.Anchor, _ path: String, _ what: String,
      _ fault: (String, String) -> LogFault
    ) throws -> String {
      let known: [Int64: BitcoinHeader]
      do { known = try BitcoinHeader.lines(try Verify.read(path)) } catch let error
        as ProofFormatError
      { throw Unreadable("\(path): \(error.message) [\(error.check)]") }
      do throws(ProofFormatError) {
        let proof = try OpenTimestampsProof.parse(anchor.proof)
        guard proof.digest == anchor.digest.bytes else {
          throw ProofFormatError("ots.digest", "the proof is of another checkpoint")
        }
        var earliest: Int64?
        for end in try proof.evaluate() {
          guard case .bitcoin(let height) = end.attestation,
            let header = known[Int64(clamping: height)]
          else {
            continue
          }
          guard header.merkleRoot == end.message else {
            throw ProofFormatError("ots.bitcoin", "block \(height) has another merkle root")
          }
          earliest = min(earliest ?? .max, Int64(header.time))
        }
        guard let earliest else {
          throw ProofFormatError("ots.bitcoin", "the proof ends at no header of yours")
        }
        return "\(what), verified: block of \(Timestamp(microseconds: earliest * 1_000_000))"
      } catch { throw fault(error.check, error.message) }
    }
  }

  struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify an exported log: entries, signatures, tree and projections."
    )
    @OptionGroup var keys: Keys
    @Argument(help: "The folder that `pithledger export log` or `export tiles` wrote.")
    var directory: String
    @Option(
      parsing: .upToNextOption, help: "Files with earlier checkpoints that the log must contain.")
    var checkpoint: [String] = []

    func run() async throws {
      try await keys.report { keys in
        let older = try checkpoint.map { (name: $0, bytes: try Verify.read($0)) }
        let report = try await LogDirectory.verify(directory, by: keys, containing: older) {
          let line = "\r\($0.done) of \($0.total) entries, \(Int($0.rate))/s   "
          FileHandle.standardError.write(Data(line.utf8))
        }
        FileHandle.standardError.write(Data("\n".utf8))
        let projections =
          report.projections.map { "\($0) projections follow from it" }
          ?? "no projections in the folder to compare"
        return (
          [
            "contained": .integer(Int64(report.contained)),
            "projections": report.projections.map { .integer(Int64($0)) } ?? .null,
            "records": .integer(Int64(report.records)),
            "root": .string(report.checkpoint.root.base64),
            "size": .integer(report.checkpoint.size.stored),
          ],
          "holds: \(report.checkpoint.size) entries of \(report.records) records of "
            + "\(report.checkpoint.origin), root \(report.checkpoint.root.base64); \(report.contained) older "
            + "checkpoints contained; \(projections)"
        )
      }
    }
  }

  struct Consistency: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify that the log of a newer checkpoint begins with the log of an older one.")
    @OptionGroup var keys: Keys
    @Argument(help: "The older checkpoint.") var old: String
    @Argument(help: "The newer checkpoint.") var new: String
    @Option(help: "A file with the answer of /api/proof/consistency?old=…&new=….") var proof:
      String?
    @Option(help: "A folder of `export tiles` from which to compute the proof.") var log: String?

    func run() async throws {
      try await keys.report { keys in
        let old = try SignedCheckpoint(try Verify.read(self.old), by: keys).checkpoint
        let new = try SignedCheckpoint(
          try Verify.read(self.new), by: keys, origin: old.origin
        ).checkpoint
        try TreeProofs.verifyConsistency(
          old: old.size, oldRoot: old.root, new: new.size, newRoot: new.root,
          proof: try await hashes(old, new))
        return (
          [
            "new_size": .integer(new.size.stored),
            "old_size": .integer(old.size.stored),
            "origin": .string(old.origin),
          ],
          "holds: the \(new.size) entries of \(new.origin) begin with the \(old.size) of before"
        )
      }
    }

    private func hashes(_ old: Checkpoint, _ new: Checkpoint) async throws -> [Digest] {
      if let proof {
        guard let json = try? JSON.parse(try Verify.read(proof)),
          let items = json["proof"]?.arrayValue, items.count <= TreeProofs.maxHashes
        else { throw Unreadable("\(proof) is no answer of /api/proof/consistency") }
        let hashes = items.compactMap { $0.stringValue.flatMap { Digest(base64: $0) } }
        guard hashes.count == items.count else {
          throw Unreadable("\(proof): a hash is 32 bytes in base64")
        }
        return hashes
      }
      guard let log else {
        if old.size == new.size || old.size.isEmpty { return [] }
        throw Unreadable("give the hashes between the two by --proof FILE, or tiles by --log DIR")
      }
      guard let shape = ProofLayout.consistency(old: old.size, new: new.size) else { return [] }
      let folder = LogDirectory(log)
      var hashes: [Digest] = []
      for element in shape { hashes.append(try await folder.hash(element, size: new.size)) }
      return hashes
    }
  }
}
