import ArgumentParser
import CanonicalJSON
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import TransparencyLog
import VerifyCommands

struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Export a record, the log, or the whole ledger.",
    subcommands: [ExportEvents.self, ExportTiles.self, ExportLog.self],
    defaultSubcommand: ExportEvents.self)
}

struct ExportEvents: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Write the bundle of a record, or all events of the log, to standard output.",
    discussion: "`verify bundle` checks a bundle. The log is written as one event on each line.",
    examples: [
      "pithledger export 4OXKXQ4P > bundle.json"
    ])
  @OptionGroup var common: Common
  @Argument(help: "The record. The default is the whole log.") var record: String?

  func run() async throws {
    try await common.withAccess { ledger in
      if let record {
        try await ledger.bundle(of: record) { try StandardOutput.write($0) }
      } else {
        try await writeLog(ledger)
      }
    }
  }

  private func writeLog(_ ledger: any LedgerAccess) async throws {
    let line = common.progressLine
    let size = try await ledger.size()
    defer { line.end() }
    var next: Int64? = 0
    while let from = next {
      let page = EventsOutput(
        json: try await ledger.events(
          .log, ListOptions(from: from, limit: EventQueries.pageSize)))
      try page.requireProgress(after: from)
      for event in page.events { try StandardOutput.write(event.canonicalBytes() + [0x0A]) }
      next = page.next
      if let last = page.events.last?["position"]?.integerValue {
        line.show(min(last + 1, size), of: size, "events")
      }
    }
  }
}

struct ExportTiles: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tiles",
    abstract: "Write the checkpoint, tiles and entries as files for a static web server.",
    discussion:
      "With --server they are those of that ledger, as it answers. `verify log` verifies them.",
    examples: [
      "pithledger export tiles tiles"
    ])
  @OptionGroup var common: Common
  @Argument(
    help: "The folder to write. Existing tiles, entries and evidence are not written again.",
    completion: .directory)
  var directory: String

  func run() async throws {
    try await common.withAccess { ledger in
      let line = common.progressLine
      let report = try await ledger.exportTiles(to: directory) {
        line.show($0.stored, of: $1.stored, "entries")
      }
      line.end()
      common.show(ExportOutput(report: report, directory: directory))
    }
  }
}

struct ExportLog: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Write the whole ledger except its keys as plain files.",
    discussion: """
      The files are those of `export tiles`, the evidence, the trust configuration and the projections. \
      `import log` restores a ledger from them. Evidence includes identity tokens, which are personal data. \
      Keys are not exported: copy registry.key and log.key from the data directory.
      """,
    examples: [
      "pithledger export log backup"
    ])
  @OptionGroup var common: Common
  @Argument(
    help: "The folder to write. Existing tiles, entries and evidence are not written again.",
    completion: .directory)
  var directory: String

  func run() async throws {
    try await common.withExistingLedger { ledger in
      let line = common.progressLine
      let report = try await ledger.logExporter.exportLog(to: directory) {
        line.show($0.stored, of: $1.stored, "entries")
      }
      line.end()
      common.show(ExportOutput(report: report, directory: directory))
    }
  }
}
