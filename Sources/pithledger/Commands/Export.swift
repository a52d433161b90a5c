import ArgumentParser
import CanonicalJSON
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore

struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a record, the log, or everything.",
    subcommands: [ExportEvents.self, ExportTiles.self, ExportLog.self],
    defaultSubcommand: ExportEvents.self)
}

struct ExportEvents: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract:
      "Write a record's bundle, which `verify bundle` checks, or the whole log as a line each.")
  @OptionGroup var common: Common
  @Argument(help: "A record; without it, the log.") var record: String?

  func run() async throws {
    try await common.withLedger { ledger in
      if let record {
        for try await chunk in try await ledger.bundles.bundle(record) {
          try StandardOutput.write(chunk)
        }
        return
      }
      var next = Position.first
      while true {
        let events = try await ledger.events.page(from: next, limit: EventQueries.pageSize).events
        guard let last = events.last else { return }
        for event in events {
          try StandardOutput.write(try event.json().canonicalBytes() + [0x0A])
        }
        next = last.position.next
      }
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
      let report = try await ledger.logExporter.exportTiles(to: directory)
      common.show(ExportOutput(report: report, directory: directory))
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
      let report = try await ledger.logExporter.exportLog(to: directory)
      common.show(ExportOutput(report: report, directory: directory))
    }
  }
}
