public import ArgumentParser
import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerVerifier
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

    @Flag(help: "Show progress even if standard error is no terminal.") var progress = false

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
        if json {
          CommandProgram.reportJSON([
            "check": "file", "exit_code": 2, "message": .string(unreadable.message),
          ])
        } else {
          FileHandle.standardError.write(Data("pithledger: \(unreadable.message)\n".utf8))
        }
        throw ExitCode(2)
      }
    }

    private func fail(_ fault: JSON, _ line: String) throws {
      if json {
        print(JSON.object(["fault": fault, "verified": false]).canonicalString())
        var members = fault.objectValue ?? [:]
        members["exit_code"] = 1
        CommandProgram.reportJSON(members)
      } else {
        FileHandle.standardError.write(Data("pithledger: does not hold: \(line)\n".utf8))
      }
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

  struct Receipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify a receipt, and optionally that the log fulfilled it.",
      examples: [
        "pithledger verify receipt receipt.txt --log-key LOGKEY"
      ])
    @OptionGroup var keys: Keys
    @Argument(
      help: "The receipt from the answer to a submission: a signed note.", completion: .file())
    var file: String
    @Option(help: "A later inclusion proof of the same entry.", completion: .file()) var proof:
      String?

    func run() async throws {
      try await keys.report { keys in
        let answer = try OfflineVerifier(keys: keys).receipt(
          try Verify.read(file), proof: try proof.map { path in try Verify.read(path) },
          place: proof ?? "")
        var line =
          "holds: \(answer["origin"]?.stringValue ?? "") acknowledged "
          + "\(answer["event_id"]?.stringValue ?? "") at position \(answer["position"]?.integerValue ?? 0)"
        if answer["kept"] != nil { line += ", and the proof has the same entry at this position" }
        return (answer, line)
      }
    }
  }

  struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify an exported log: entries, signatures, tree and projections.",
      examples: [
        "pithledger verify log backup --log-key LOGKEY"
      ])
    @OptionGroup var keys: Keys
    @Argument(
      help: "The folder that `pithledger export log` or `export tiles` wrote.",
      completion: .directory)
    var directory: String
    @Option(
      parsing: .upToNextOption, help: "Files with earlier checkpoints that the log must contain.",
      completion: .file())
    var checkpoint: [String] = []

    func run() async throws {
      try await keys.report { keys in
        let older = try checkpoint.map { (name: $0, bytes: try Verify.read($0)) }
        let progress = VerifyProgress(isAsked: self.keys.progress)
        let report = try await LogDirectory.verify(directory, by: keys, containing: older) {
          progress.show($0)
        }
        progress.end()
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
      abstract: "Verify that the log of a newer checkpoint begins with the log of an older one.",
      examples: [
        "pithledger verify consistency old.txt checkpoint.txt --log tiles --log-key LOGKEY"
      ])
    @OptionGroup var keys: Keys
    @Argument(help: "The older checkpoint.", completion: .file()) var old: String
    @Argument(help: "The newer checkpoint.", completion: .file()) var new: String
    @Option(
      help: "A file with the answer of /api/proof/consistency?old=…&new=….", completion: .file())
    var proof: String?
    @Option(
      help: "A folder of `export tiles` from which to compute the proof.", completion: .directory)
    var log: String?

    func validate() throws {
      if proof != nil, log != nil {
        throw ValidationError("give --proof or --log: with both, one is not used")
      }
    }

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
