import ArgumentParser
import Foundation
import LedgerDomain
import LedgerService
import Logging
import VerifyCommands

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Import record documents, signed events, or an exported log.",
    subcommands: [ImportFiles.self, ImportLog.self], defaultSubcommand: ImportFiles.self)
}

struct ImportFiles: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "files",
    abstract: "Import record documents, bundles of other ledgers, and signed events.",
    discussion: """
      A file with the extension .ndjson has one document or one signed event on each line. Any other file \
      is one JSON document or one bundle. - reads lines from standard input.
      """,
    examples: [
      "pithledger import metamorph.json",
      "pithledger import events.ndjson",
    ])
  @OptionGroup var common: Common
  @Argument(help: "The files to import.") var files: [String]

  func run() async throws {
    try await common.withLedger { ledger in
      var refused = 0
      for file in files {
        guard file == "-" || file.hasSuffix(".ndjson") else {
          refused += try await importFile(file, ledger)
          continue
        }
        refused += try await importLines(file, ledger)
      }
      if refused > 0 { throw ExitCode(2) }
    }
  }

  /// Imports a document or a bundle. Returns the number of events that were refused.
  private func importFile(_ file: String, _ ledger: Ledger) async throws -> Int {
    let bytes = try read(file)
    guard BundleImporter.isBundle(bytes) else {
      common.show(
        try await ledger.documentImporter.importDocument(
          bytes, client: .shell, operatorAuthorised: true))
      return 0
    }
    let output = BundleImportOutput(report: try await ledger.bundleImporter.importBundle(bytes))
    common.show(output)
    return output.refused
  }

  /// Imports the lines of a file. Returns the number of lines that were refused.
  private func importLines(_ file: String, _ ledger: Ledger) async throws -> Int {
    guard let handle = file == "-" ? .standardInput : FileHandle(forReadingAtPath: file) else {
      throw Refusal(.malformed, check: "file", field: file, "The file cannot be read.")
    }
    let limit = ledger.configuration.limits.submissionBytes
    let answers = ledger.bulkSubmitter.submit(
      FileLines(handle: handle, limit: limit), .either, client: .shell, operatorAuthorised: true)
    var output = BulkImportOutput(file: file, asJSON: common.json)
    for try await answer in answers { output.add(answer) }
    output.end()
    return output.refused
  }
}

struct ImportLog: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Restore a ledger from a folder of `export log`.",
    discussion: """
      Every entry has the same position and bytes as in the exported ledger, so the root of the tree is the \
      same. The database is empty, or holds the first entries of the folder: an import that was interrupted \
      continues where it stopped. Copy registry.key and log.key into the data directory first. The restored \
      ledger then continues the exported one.
      """,
    examples: [
      "mkdir -m 700 restored && cp .pithledger/registry.key .pithledger/log.key restored",
      "pithledger import log backup --data-dir restored",
    ])
  @OptionGroup var common: Common
  @Argument(help: "The folder that `export log` wrote.") var directory: String

  func run() async throws {
    try await common.reported {
      let configuration = try common.configuration()
      let checkpoint = try await LogImporter(
        configuration, logger: configuration.logging.logger(.warning)
      ).importLog(from: directory, progress: ProgressLine.show)
      ProgressLine.end()
      common.show(LogImportOutput(checkpoint: checkpoint))
    }
  }
}
