import ArgumentParser
import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerHTTP
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
  @Argument(help: "The files to import.", completion: .file()) var files: [String]

  func run() async throws {
    try await common.withAccess(writes: true) { ledger in
      var refused = 0
      for file in files {
        let hasLines = file == "-" || file.hasSuffix(".ndjson")
        refused +=
          hasLines ? try await importLines(file, ledger) : try await importFile(file, ledger)
      }
      if refused > 0 { throw ExitCode(2) }
    }
  }

  /// Imports a document or a bundle. Returns the number of events that were refused.
  private func importFile(_ file: String, _ ledger: any LedgerAccess) async throws -> Int {
    let bytes = try read(file)
    guard BundleImporter.isBundle(bytes) else {
      common.show(SubmissionOutput(json: try await ledger.importDocument(bytes)))
      return 0
    }
    let output = BundleImportOutput(result: try await ledger.importBundle(bytes))
    common.show(output)
    return output.refused
  }

  /// Imports the lines of a file. Returns the number of lines that were refused.
  private func importLines(_ file: String, _ ledger: any LedgerAccess) async throws -> Int {
    guard let handle = file == "-" ? .standardInput : FileHandle(forReadingAtPath: file) else {
      throw Refusal(.malformed, check: "file", field: file, "The file cannot be read.")
    }
    // Of a pipe the size is not known.
    let size = file == "-" ? nil : try? handle.seekToEnd()
    if size != nil { try handle.seek(toOffset: 0) }
    var output = BulkImportOutput(
      file: file, asJSON: common.json, progress: common.progressLine)
    let limit = try LedgerConfiguration(common.values).limits.submissionBytes
    let lines = FileLines(handle: handle, limit: limit)
    try await ledger.importLines(lines) { line, result in
      output.add(line, result, fraction: size.flatMap { Self.fraction(of: handle, size: $0) })
    }
    output.end()
    return output.refused
  }

  /// The part of a file that was read.
  private static func fraction(of handle: FileHandle, size: UInt64) -> Double? {
    guard size > 0, let offset = try? handle.offset() else { return nil }
    return Double(offset) / Double(size)
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
  @Argument(help: "The folder that `export log` wrote.", completion: .directory) var directory:
    String

  func run() async throws {
    try await common.reported {
      let line = common.progressLine
      let configuration = try common.configuration()
      let checkpoint = try await LogImporter(
        configuration, logger: configuration.logging.logger(.warning)
      ).importLog(from: directory) { line.show($0) }
      line.end()
      common.show(LogImportOutput(checkpoint: checkpoint))
    }
  }
}
