import ArgumentParser
import CanonicalJSON
import DurableFiles
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerVerifier
import TransparencyLog

struct CheckpointCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Sign a checkpoint of the whole log, or replace a lost record of the last one.",
    subcommands: [Sign.self, Adopt.self], defaultSubcommand: Sign.self)

  struct Sign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sign a checkpoint of the whole log, or show the last where nothing came since.",
      discussion: "Refuses where the log no longer contains what was signed before.")
    @OptionGroup var common: Common
    @Flag(help: "Have it stamped by the calendars and authorities that are configured.")
    var stamp = false
    @Flag(help: "Print the key that checkpoints are verified by, as NAME+ID+KEY.") var key = false
    /// The former spelling of `checkpoint adopt`, which `validate` refuses.
    @Option(help: .hidden) var continueFrom: String?

    func validate() throws {
      guard continueFrom == nil else {
        throw ValidationError(
          "--continue-from is not an option any more: use `pithledger checkpoint adopt FILE`.")
      }
    }

    func run() async throws {
      try await common.withLedger { ledger in
        if key {
          let key = try await ledger.checkpoints.verifierKey() ?? ""
          common.show(["log_key": .string(key)], key)
          return
        }
        try await CheckpointCommand.publish(ledger, common, stamp: stamp)
      }
    }
  }

  struct Adopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a checkpoint from elsewhere for the last one signed, and sign the next.",
      discussion: """
        For a ledger that lost its own record of the last checkpoint signed. Refuses a checkpoint by another key, and \
        one that the log does not contain.
        """)
    @OptionGroup var common: Common
    @Argument(help: "The file of the checkpoint; - is standard input.") var file: String

    func run() async throws {
      try await common.withLedger { ledger in
        try await ledger.checkpoints.adopt(try read(file))
        try await CheckpointCommand.publish(ledger, common, stamp: false)
      }
    }
  }

  /// Signs a checkpoint, collects its cosignatures and timestamps, and prints it.
  private static func publish(_ ledger: Ledger, _ common: Common, stamp: Bool) async throws {
    let note = try await ledger.witnesses.publishCheckpoint()
    let stamps = stamp ? try await ledger.timestamper.timestampCheckpoint() : []
    let line = stamp ? "\nstamped: \(stamps.count) new proofs" : ""
    common.show(
      ["checkpoint": .string(note), "stamps": .array(stamps.map { .integer($0.rawValue) })],
      String(note.dropLast()) + line)
  }
}

struct Prove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The proof that an event is in the log, as a file that verifies without the ledger.",
    discussion: "The format is C2SP tlog-proof, with the entry as its extra data.")
  @OptionGroup var common: Common
  @Argument(help: "A position, or an event id.") var entry: String
  @Option(help: "The file to write; without it, standard output.") var out: String?

  func run() async throws {
    try await common.withLedger { ledger in
      let proof = try await ledger.proofs.inclusionProof(entry)
      if let out {
        try write(proof.bytes, to: out)
        common.show(
          ["file": .string(out), "position": .integer(Int64(clamping: proof.index))],
          "position \(proof.index): \(out)")
      } else {
        common.show(
          ["proof": .string(proof.description)], String(proof.description.dropLast()))
      }
    }
  }
}

struct Fsck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Check the whole database: entries, signatures, tree, checkpoints, evidence, projections.",
    discussion:
      "Changes nothing. Exits with 1, and names the first bad position, where something is wrong.")
  @OptionGroup var common: Common
  @Option(
    parsing: .upToNextOption, help: "Checkpoints kept elsewhere that the log must contain: files.")
  var checkpoint: [String] = []

  func run() async throws {
    try await common.withLedger { ledger in
      let held = try checkpoint.map { (name: $0, bytes: try read($0)) }
      let report = try await ledger.logChecker.check(against: held, progress: Progress.show)
      Progress.end()
      let rate = Int(Double(report.entries) / max(report.seconds, 0.001))
      var lines = report.faults.map { "FAULT: \($0)" }
      lines.append(
        report.faults.isEmpty
          ? "\(report.entries) entries of \(report.records) records, \(report.checkpoints) checkpoints: all "
            + "is as it was signed (\(Int(report.seconds * 1000)) ms, \(rate) entries/s)"
          : "\(report.faults.count) faults")
      common.show(
        [
          "checkpoints": .integer(Int64(report.checkpoints)), "entries": .integer(report.entries),
          "faults": .array(report.faults.map(\.json)),
          "milliseconds": .integer(Int64(report.seconds * 1000)),
          "records": .integer(report.records),
        ], lines.joined(separator: "\n"))
      if !report.faults.isEmpty { throw ExitCode(1) }
    }
  }
}

struct ExportTiles: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tiles",
    abstract: "Write checkpoint, tiles and entries as files that a static server can serve.")
  @OptionGroup var common: Common
  @Argument(help: "The folder; what is there already stays.") var directory: String

  func run() async throws {
    try await common.withLedger { ledger in
      showReport(try await ledger.logExporter.exportTiles(to: directory), common, directory)
    }
  }
}

struct ExportLog: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Write everything that a ledger is restored from, as plain files.",
    discussion: """
      Entries and tiles as `export tiles` does, evidence, what is trusted, and the projections. Evidence \
      includes identity tokens, which are personal data. Keys are files of their own, and not exported.
      """)
  @OptionGroup var common: Common
  @Argument(help: "The folder; what is there already stays.") var directory: String

  func run() async throws {
    try await common.withLedger { ledger in
      showReport(try await ledger.logExporter.exportLog(to: directory), common, directory)
    }
  }
}

private func showReport(_ report: ExportReport, _ common: Common, _ directory: String) {
  common.show(
    [
      "entries": .integer(Int64(clamping: report.entries)),
      "written": .integer(Int64(report.written)),
    ],
    "\(report.entries) entries, \(report.written) new files in \(directory)")
}

struct ImportLog: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Build a ledger from a folder of `export log`, in an empty database.",
    discussion: """
      Every entry keeps its position and bytes, and so the tree its root. Put registry.key and log.key into \
      the data directory first, and the restored ledger goes on where the exported one was.
      """)
  @OptionGroup var common: Common
  @Argument(help: "The folder.") var directory: String

  func run() async throws {
    try await Failure.reported {
      let checkpoint = try await LogImporter(
        try common.configuration(), logger: common.logger()
      ).importLog(from: directory, progress: Progress.show)
      Progress.end()
      common.show(
        [
          "root": .string(checkpoint.root.base64),
          "size": .integer(Int64(clamping: checkpoint.size)),
        ],
        "\(checkpoint.size) entries, root \(checkpoint.root.base64)")
    }
  }
}

/// A line on standard error that is written over as the work goes on.
enum Progress {
  static func show(_ progress: LogVerification.Progress) {
    let left = progress.rate > 0 ? Double(progress.total - progress.done) / progress.rate : 0
    let line =
      "\r\(progress.done) of \(progress.total) entries, \(Int(progress.rate))/s, \(Int(left)) s left   "
    FileHandle.standardError.write(Data(line.utf8))
  }

  static func end() { FileHandle.standardError.write(Data("\n".utf8)) }
}

func write(_ bytes: [UInt8], to path: String) throws(Refusal) {
  do throws(DurableFileError) { try DurableFile.replace(path, with: bytes) } catch {
    throw Refusal(.unavailable, check: "file", field: path, error.message)
  }
}
