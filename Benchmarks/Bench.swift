import EmbeddedPostgres
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import Logging
import PostgresClient
import TransparencyLog

/// Measures the ledger and, in the same run on the same table, what PostgreSQL does without the ledger.
/// Rounds of both alternate. Prints medians with the smallest and the largest value of the rounds.
///
/// - `--only`: the parts. Without it, all but (i) and (p) run, and those that are cheap run at a tenth of the events
///   too; `--two-sizes` does that with `--only`.
/// - `--sizes`: the sizes of the log of (i), each a multiple of the one before it.
/// - `--json`: a file for the results, as JSON lines.
@main
struct Bench {
  let events: Int
  let rounds: Int
  let records: Int
  let uri: String
  /// The name of a database for a log in which all signatures are valid.
  let signedDatabase: String
  /// The URI of another database of the server.
  let databaseURI: @Sendable (_ name: String) -> String
  /// The URI of a database for records with documents and citations.
  let queryURI: String
  let workload = Workload()
  /// The letters of the parts that are measured.
  let parts: Set<Character>
  let results: Results
  let logger: Logger

  static func main() async throws {
    let directory = "/tmp/pithledger-bench-\(ProcessInfo.processInfo.processIdentifier)"
    do {
      let options = try Options(CommandLine.arguments.dropFirst())
      let results = try Results(path: options.json)
      var logger = Logger(label: "bench") { StreamLogHandler.standardError(label: $0) }
      logger.logLevel = .error
      let server = try await EmbeddedPostgres.start(dataDirectory: directory, logger: logger)
      var failure: (any Error)?
      do { try await run(options, server, directory, results, logger) } catch { failure = error }
      try await server.stop()
      try FileManager.default.removeItem(atPath: directory)
      if let failure { throw failure }
    } catch {
      say("pithledger-bench: \(error)")
      exit(70)
    }
  }

  /// Measures at each size that the options name.
  private static func run(
    _ options: Options, _ server: EmbeddedPostgres, _ directory: String, _ results: Results,
    _ logger: Logger
  ) async throws {
    func bench(_ events: Int, in database: String?, _ parts: Set<Character>) -> Bench {
      let signed = (database.map { $0 + "_" } ?? "") + "signed"
      return Bench(
        events: events, rounds: options.rounds, records: max(100, events / 10),
        uri: database.map { server.uri(database: $0) } ?? server.uri, signedDatabase: signed,
        databaseURI: { server.uri(database: $0) }, queryURI: server.uri(database: "queries"),
        parts: parts, results: results, logger: logger)
    }
    let whole = bench(options.events, in: nil, options.parts)
    try await whole.describeRun()
    if options.parts.contains("h") {
      try await QueryBench(bench: whole, directory: directory).run()
    }
    if options.measuresTenth {
      let tenth = bench(
        options.events / 10, in: "tenth", options.parts.intersection("abcdeg"))
      try await whole.inDatabase("tenth") { try await tenth.run(directory + "/tenth") }
    }
    if options.parts.contains("p") {
      let pages = bench(options.events, in: "pages", [])
      try await whole.inDatabase("pages") {
        try await PageBench(bench: pages, directory: directory + "/pages").run()
      }
    }
    if !options.parts.isSubset(of: "hipv") { try await whole.run(directory) }
    if options.parts.contains("v") {
      try await IntegrityBench(bench: whole, directory: directory).run()
    }
    if options.parts.contains("i") {
      let growing = bench(options.sizes[0], in: "sizes", [])
      try await whole.inDatabase("sizes") {
        try await SizeBench(bench: growing, directory: directory + "/sizes", sizes: options.sizes)
          .run()
      }
    }
  }

  /// Prints the machine and the options.
  private func describeRun() async throws {
    let connection = try await connect()
    try results.begin(try await .current(rounds: rounds, connection))
    await connection.close()
  }

  /// Creates a database, and drops it after `body`, so that its files and caches are free.
  private func inDatabase(_ name: String, _ body: () async throws -> Void) async throws {
    let connection = try await connect()
    try await connection.execute("CREATE DATABASE \(name)")
    try await body()
    try await connection.execute("DROP DATABASE \(name) WITH (FORCE)")
    await connection.close()
  }

  /// Makes a log, and measures the parts on it.
  private func run(_ directory: String) async throws {
    let store = try await makeLog(directory)
    let append = try await append(
      store, from: 0, as: parts.contains("a") ? ("append", "(a) durable append") : nil)
    if parts.contains("b") { try await replay(store) }
    let http = HTTPBench(bench: self, directory: directory, uri: uri)
    var reads = Rates()
    if !parts.isDisjoint(with: "cdef") {
      reads = try await http.run(parts, records: records, as: ("status", "(d) status.json"))
    }
    if parts.contains("e") { try await http.replayMemory() }
    if parts.contains("g") { try await tree(store, directory) }
    if parts.contains("f") {
      try await Growth(bench: self).run(store, from: 1, to: 10)
      // The comparison copies into the same table, because a second table of this size would double the
      // time.
      let appendLarger = try await self.append(
        store, from: 2 * events, as: ("large.append", "(f) durable append at ten times the size"),
        rivalSharesLog: true)
      let readsLarger = try await http.run(
        ["d"], records: records * 10,
        as: ("large.status", "(f) status.json at ten times the size"))
      Self.compare("(f) durable append", append, appendLarger)
      Self.compare("(f) status.json", reads, readsLarger)
      if parts.contains("e") { try await http.replayMemory() }
    }
    await store.close()
  }

  private func tree(_ store: LedgerStore, _ directory: String) async throws {
    let slice = events / rounds
    try await TreeBench(bench: self, directory: directory).run(store) { number in
      try await append(
        store, from: 1_000_000_000 + number * slice, slice: slice, rounds: 1, as: nil
      ).ours
    }
    try await ProofBench(bench: self, directory: directory).run(store)
    try await IntegrityBench(bench: self, directory: directory).run()
  }

  /// Creates the tables, registers the signers of the workload and creates the records.
  func makeLog(_ directory: String) async throws -> LedgerStore {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    _ = try await Migrator(uri: uri, logger: logger).migrate()
    say("set-up: \(events) events over \(records) records")
    // The first event of every log registers the registry key.
    var configuration = LedgerConfiguration(dataDirectory: directory + "/service")
    configuration.databaseURL = uri
    try await Ledger.open(configuration, runProjector: false, logger: logger).close()
    let store = try await LedgerStore.open(StoreConfiguration(uri: uri, logger: logger))
    for index in workload.signers.indices {
      _ = try await store.log.append(workload.registration(index, at: Self.begin))
    }
    try await createRecords(store, 0..<records)
    return store
  }

  /// The recording time of the first event of the workload.
  static let begin = Timestamp(microseconds: 1_700_000_000_000_000)

  /// Prints how a rate changes with ten times the events: absolutely, and relative to the comparison of
  /// the same minutes.
  private static func compare(_ name: String, _ before: Rates, _ after: Rates) {
    guard !before.ours.isEmpty, !before.theirs.isEmpty else { return }
    say(
      "\(name): \(String(format: "%.2f", after.median / max(before.median, 1))) of what it is at a tenth "
        + "of the size, and its ratio \(String(format: "%.2f", after.ratio / before.ratio)) of what it is there"
    )
  }

  static func seconds(_ body: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  func connect() async throws -> PostgresConnection {
    try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
  }

  /// The number of events in the log.
  func logSize() async throws -> Int64 {
    let connection = try await connect()
    let size = try await connection.query("SELECT size FROM ledger.head")[0].int(0)
    await connection.close()
    return size
  }

  // MARK: Set-up

  func createRecords(_ store: LedgerStore, _ indices: Range<Int>) async throws {
    let took = try await Self.seconds {
      try await inParallel(indices.count) { index in
        _ = try await store.log.append(
          workload.creation(indices.lowerBound + index, at: Self.begin))
      }
    }
    say("set-up: \(indices.count) records in \(String(format: "%.1f", took)) s")
  }

  /// Calls `body` for every number with four thousand concurrent tasks, like concurrent submitters.
  func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws
  {
    try await withThrowingTaskGroup(of: Void.self) { group in
      var next = 0
      while next < min(count, 4000) {
        let number = next
        group.addTask { try await body(number) }
        next += 1
      }
      while try await group.next() != nil {
        guard next < count else { continue }
        let number = next
        group.addTask { try await body(number) }
        next += 1
      }
    }
  }
}

/// A measurement is impossible.
struct BenchError: Error, CustomStringConvertible {
  let description: String
}
