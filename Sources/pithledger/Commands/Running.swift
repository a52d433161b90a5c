import ArgumentParser
import CanonicalJSON
import Foundation
import Hummingbird
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import Logging
import ServiceLifecycle

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Serve the ledger over HTTP.")
  @OptionGroup var common: Common
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port; 0 takes a free one.") var port: UInt16 = 8080

  func run() async throws {
    try await Failure.reported {
      let ledger = try await Ledger.open(
        try common.configuration(), logger: common.logger(.notice))
      let asJSON = common.json
      let host = host
      let server = LedgerServer(ledger: ledger)
      let socket =
        ledger.configuration.isReadOnly
        ? nil
        : OperatorSocket(directory: ledger.configuration.dataDirectory, logger: ledger.logger)
      let application = server.network(host: host, port: port) { port in
        let url = "http://\(host):\(port ?? 0)"
        let line =
          asJSON ? JSON.object(["url": .string(url)]).canonicalString() : "listening on \(url)"
        // Written at once. `print` waits for a full buffer if the output is not a terminal.
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
      }
      let jobs: [Task<Void, Never>] =
        ledger.configuration.isReadOnly
        ? []
        : [
          Task { await ledger.backgroundJobs.run() },
          Task { await ledger.checkpointScheduler.run() },
        ]
      func close() async {
        for job in jobs { job.cancel() }
        for job in jobs { await job.value }
        socket?.remove()
        await ledger.close()
      }
      do {
        var listeners: [any Service] = [application]
        if let socket { listeners.append(server.operatorSocket(socket)) }
        try await server.run(listeners)
        await close()
      } catch {
        await close()
        throw error
      }
    }
  }
}

struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Bring the database's schema up to date.")
  @OptionGroup var common: Common

  func run() async throws {
    try await Failure.reported {
      let applied = try await Ledger.migrate(try common.configuration(), logger: common.logger())
      common.show(
        ["applied": .array(applied.map { .string($0) })],
        applied.isEmpty ? "nothing to do" : "applied \(applied.joined(separator: ", "))")
    }
  }
}

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "What is verified about a record.")
  @OptionGroup var common: Common
  @Argument(help: "A Pith Number, a short form, an arXiv id or a DOI.") var record: String
  @Option(help: "Answer from the first N events.") var asOf: Int64?
  @Option(help: "Wait until the projections include this position.") var atLeast: Int64?

  func run() async throws {
    try await common.withLedger { ledger in
      // What another process appended just now is part of the answer.
      let newest = try await ledger.health().size - 1
      let wait = asOf == nil && newest >= 0 ? max(atLeast ?? 0, newest) : atLeast
      let status =
        if let asOf {
          try await ledger.records.status(record, asOf: asOf, atLeast: wait).json
        } else { try await ledger.records.status(record, atLeast: wait).json }
      var lines = [
        "\(status["pith_number"]?.stringValue ?? "") at position \(status["position"]?.integerValue ?? -1)"
      ]
      for (key, value) in status["verification_status"]?.objectValue ?? [:] {
        lines.append(
          "  \(key.padding(toLength: 22, withPad: " ", startingAt: 0)) \(value.canonicalString())")
      }
      if let total = status["event_summary"]?["total"]?.integerValue {
        lines.append("  \(total) attestations")
        for (type, counts) in status["event_summary"]?["by_type"]?.objectValue ?? [:] {
          let said = (counts.objectValue ?? [:]).filter { $0.key != "total" && $0.value != 0 }
            .map { "\($0.value.canonicalString()) \($0.key)" }
          lines.append(
            "    \(type.padding(toLength: 20, withPad: " ", startingAt: 0)) \(said.joined(separator: ", "))"
          )
        }
      }
      common.show(status, lines.joined(separator: "\n"))
    }
  }
}

struct Events: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The events of a record, or of the whole log.")
  @OptionGroup var common: Common
  @Argument(help: "A record; without it, the log.") var record: String?
  @Option(help: "The first position.") var from: Int64 = 0
  @Option(help: "How many.") var limit = 100

  func run() async throws {
    try await common.withLedger { ledger in
      let links = Links(ledger.configuration)
      let page =
        if let record {
          try await ledger.events.page(
            of: record, from: Position(rawValue: from), limit: limit
          ).json(links)
        } else {
          try await ledger.events.page(from: Position(rawValue: from), limit: limit).json(links)
        }
      let lines = (page["events"]?.arrayValue ?? []).map { event in
        [
          "\(event["position"]?.integerValue ?? -1)", event["recorded_at"]?.stringValue ?? "",
          event["event_type"]?.stringValue ?? "", event["admission"]?["verdict"]?.stringValue ?? "",
          event["event_id"]?.stringValue ?? "",
        ].joined(separator: "  ")
      }
      common.show(page, lines.joined(separator: "\n"))
    }
  }
}

struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rebuild the projections from the log.",
    discussion: "Exits with 1 when --check finds a row that the log does not bear out.")
  @OptionGroup var common: Common
  @Flag(help: "Compare only, and leave the live projections as they are.") var check = false

  func run() async throws {
    try await common.withLedger { ledger in
      let report = try await ledger.replay(check: check) { progress in
        let line =
          "\r\(progress.eventsDone) of \(progress.eventsTotal) events, \(Int(progress.rate))/s, "
          + "\(Int(progress.secondsLeft)) s left   "
        FileHandle.standardError.write(Data(line.utf8))
      }
      let rate = Int(Double(report.events) / max(report.seconds, 0.001))
      var lines = [
        "\(check ? "compared" : "replayed") \(report.events) events of \(report.records) records in "
          + "\(Int(report.seconds * 1000)) ms (\(rate)/s); \(report.drift.count) values had drifted"
      ]
      for drift in report.drift {
        lines.append(
          "  \(drift.pithNumber) \(drift.key): \(drift.was ?? "missing") → \(drift.now ?? "no row")"
        )
      }
      common.show(
        [
          "drift": .array(
            report.drift.map {
              [
                "key": .string($0.key), "now": $0.now.map { .string($0) } ?? .null,
                "pith_number": .string($0.pithNumber), "was": $0.was.map { .string($0) } ?? .null,
              ]
            }), "events": .integer(report.events), "records": .integer(report.records),
          "milliseconds": .integer(Int64(report.seconds * 1000)), "swapped": .bool(report.swapped),
        ], lines.joined(separator: "\n"))
      if check, !report.drift.isEmpty { throw ExitCode(1) }
    }
  }
}

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
      let output = FileHandle.standardOutput
      if let record {
        for try await chunk in try await ledger.bundles.bundle(record) {
          try output.write(contentsOf: Data(chunk))
        }
        return
      }
      var next = Position.first
      while true {
        let events = try await ledger.events.page(from: next, limit: EventQueries.pageSize).events
        guard let last = events.last else { return }
        for event in events {
          try output.write(contentsOf: Data(try event.json().canonicalBytes() + [0x0A]))
        }
        next = last.position.next
      }
    }
  }
}

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Import documents, signed events, or a whole log.",
    subcommands: [ImportFiles.self, ImportLog.self], defaultSubcommand: ImportFiles.self)
}

struct ImportFiles: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "files",
    abstract: "Import record documents, or signed events by the line.",
    discussion: """
      A file is one JSON document; one named .ndjson holds a document or a signed event a line. - reads \
      such lines from standard input.
      """)
  @OptionGroup var common: Common
  @Argument(help: "Files.") var files: [String]

  func run() async throws {
    try await common.withLedger { ledger in
      var refused = 0
      for file in files {
        guard file == "-" || file.hasSuffix(".ndjson") else {
          common.show(
            try await ledger.documentImporter.importDocument(
              read(file), client: .shell, operatorAuthorised: true))
          continue
        }
        refused += try await importLines(file, ledger)
      }
      if refused > 0 { throw ExitCode(2) }
    }
  }

  /// Answers how many lines were refused; each with its number on standard error.
  private func importLines(_ file: String, _ ledger: Ledger) async throws -> Int {
    guard let handle = file == "-" ? .standardInput : FileHandle(forReadingAtPath: file) else {
      throw Refusal(.malformed, check: "file", field: file, "The file cannot be read.")
    }
    let limit = ledger.configuration.limits.submissionBytes
    let answers = ledger.bulkSubmitter.submit(
      FileLines(handle: handle, limit: limit), .either, client: .shell, operatorAuthorised: true)
    let start = ContinuousClock.now
    var count = 0
    var refused = 0
    for try await answer in answers {
      count += 1
      switch answer {
      case .success(let answer): if common.json { common.show(answer) }
      case .failure(let error):
        refused += 1
        Failure.say("\(file) line \(count): \(error)")
      }
      if count % 1000 == 0 {
        let rate = Int(Double(count) / ((ContinuousClock.now - start) / .seconds(1)))
        Failure.say("\(count) lines, \(rate)/s")
      }
    }
    if !common.json { print("\(file): \(count - refused) of \(count) lines are in the ledger") }
    return refused
  }
}

/// The lines of a file, read as they are asked for; blank ones are not counted.
private struct FileLines: AsyncSequence, Sendable {
  let handle: FileHandle
  let limit: Int

  struct AsyncIterator: AsyncIteratorProtocol {
    let handle: FileHandle
    var splitter: LineSplitter
    var lines: ArraySlice<[UInt8]> = []
    var isFinished = false

    mutating func next() async throws -> [UInt8]? {
      while lines.isEmpty, !isFinished {
        if let data = try handle.read(upToCount: 1 << 16), !data.isEmpty {
          lines = try splitter.feed(Array(data))[...]
        } else {
          isFinished = true
          lines = splitter.finish().map { [$0] } ?? []
        }
      }
      return lines.popFirst()
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(handle: handle, splitter: LineSplitter(limit: limit))
  }
}
