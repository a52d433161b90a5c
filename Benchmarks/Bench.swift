import EmbeddedPostgres
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import Logging
import PostgresClient
import TransparencyLog

/// Measures the ledger and, in the same run on the same table, what PostgreSQL does without the ledger.
/// Rounds of both alternate. Prints medians.
///
/// Usage: pithledger-bench [--events N] [--rounds N] [--only abcdefgh]
@main
struct Bench {
  let events: Int
  let rounds: Int
  let records: Int
  let uri: String
  /// The URI of a database for a log in which all signatures are valid.
  let signedURI: String
  /// The URI of a database for records with documents and citations.
  let queryURI: String
  let workload = Workload()
  /// The letters of the parts that are measured.
  let parts: Set<Character>
  let logger: Logger

  static func main() async throws {
    func text(_ name: String) -> String? {
      guard let place = CommandLine.arguments.firstIndex(of: name),
        place + 1 < CommandLine.arguments.count
      else { return nil }
      return CommandLine.arguments[place + 1]
    }
    func option(_ name: String, _ fallback: Int) -> Int {
      text(name).flatMap { Int($0) } ?? fallback
    }
    var logger = Logger(label: "bench") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .error
    let directory = "/tmp/pithledger-bench-\(ProcessInfo.processInfo.processIdentifier)"
    let server = try await EmbeddedPostgres.start(dataDirectory: directory, logger: logger)
    let events = option("--events", 1_000_000)
    let bench = Bench(
      events: events, rounds: option("--rounds", 5), records: max(100, events / 10),
      uri: server.uri, signedURI: server.uri(database: "signed"),
      queryURI: server.uri(database: "queries"), parts: Set(text("--only") ?? "abcdefgh"),
      logger: logger)
    var failure: (any Error)?
    do { try await bench.run(directory) } catch { failure = error }
    try await server.stop()
    try FileManager.default.removeItem(atPath: directory)
    if let failure {
      say("pithledger-bench: \(failure)")
      exit(70)
    }
  }

  func run(_ directory: String) async throws {
    if parts.contains("h") { try await QueryBench(bench: self, directory: directory).run() }
    if parts == ["h"] { return }
    _ = try await Migrator(uri: uri, logger: logger).migrate()
    say(
      "\(events) events over \(records) records, \(rounds) rounds, "
        + "\(ProcessInfo.processInfo.activeProcessorCount) cores")
    // The first event of every log registers the registry key.
    var configuration = LedgerConfiguration(dataDirectory: directory + "/service")
    configuration.databaseURL = uri
    try await Ledger.open(configuration, runProjector: false, logger: logger).close()
    let store = try await LedgerStore.open(StoreConfiguration(uri: uri, logger: logger))
    for index in workload.signers.indices {
      _ = try await store.log.append(workload.registration(index, at: Self.begin))
    }
    try await createRecords(store, 0..<records)
    let append = try await append(store, from: 0, name: parts.contains("a") ? "(a)" : nil)
    if parts.contains("b") { try await replay(store) }
    let http = HTTPBench(bench: self, directory: directory, uri: uri)
    var reads = Rates()
    if !parts.isDisjoint(with: "cdef") { reads = try await http.run(parts, records: records) }
    if parts.contains("e") { try await http.replayMemory() }
    if parts.contains("g") {
      let slice = events / rounds
      try await TreeBench(bench: self, directory: directory).run(store) { number in
        try await self.append(
          store, from: 1_000_000_000 + number * slice, slice: slice, name: nil
        ).ours
      }
    }
    if parts.contains("f") {
      let larger = Growth(bench: self, factor: 10)
      try await larger.run(store)
      // The comparison copies into the same table, because a second table of this size would double the
      // time.
      let appendLarger = try await self.append(
        store, from: 2 * events, name: "(f) ten times (a)", rivalSharesLog: true)
      let readsLarger = try await http.run(
        ["d"], records: records * 10, readsNamed: "(f) ten times (d)")
      Self.compare("(f) durable append", append, appendLarger)
      Self.compare("(f) status.json", reads, readsLarger)
      if parts.contains("e") { try await http.replayMemory() }
    }
    await store.close()
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

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }

  static func report(_ name: String, _ ours: [Double], _ rival: String, _ theirs: [Double]) {
    let (a, b) = (median(ours), median(theirs))
    say(
      "\(name): \(Int(a))/s, \(rival) \(Int(b))/s, ratio \(String(format: "%.2f", a / max(b, 1)))")
  }

  static func seconds(_ body: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  func connect() async throws -> PostgresConnection {
    try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
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

  /// The Pith Numbers and positions of the records, by index.
  private func recordNumbers() async throws -> [(PithNumber, Int64)] {
    let records = try await recordCount()
    let connection = try await connect()
    var numbers: [String: Int64] = [:]
    for row in try await connection.query("SELECT pith_number, record_position FROM ledger.subject")
    {
      numbers[try row.text(0)] = try row.int(1)
    }
    await connection.close()
    return try (0..<records).compactMap { index in
      let number = try Workload.canonical(index).pithNumber
      return numbers[number.description].map { (number, $0) }
    }
  }

  private func recordCount() async throws -> Int {
    let connection = try await connect()
    let count = try await connection.query("SELECT count(*) FROM ledger.subject")[0].int(0)
    await connection.close()
    return Int(count)
  }

  // MARK: (a) Append

  /// Appends the events of the log in rounds. With a name, rounds of the comparison alternate with them.
  ///
  /// - Parameters:
  ///   - first: the number of the first event, which must not exist yet.
  ///   - slice: appends a single round of this size instead.
  ///   - rivalSharesLog: whether the comparison copies into the log itself, to have a table of the same
  ///     size. Otherwise it starts with an empty table, like the first round of the ledger.
  private func append(
    _ store: LedgerStore, from first: Int, slice: Int? = nil, name: String?,
    rivalSharesLog: Bool = false
  ) async throws -> Rates {
    let numbers = try await recordNumbers()
    let connection = try await connect()
    try await connection.execute(
      "CREATE SCHEMA bench; CREATE TABLE bench.event (LIKE ledger.event INCLUDING ALL)")
    let table = rivalSharesLog ? "ledger.event" : "bench.event"
    var ours: [Double] = []
    var theirs: [Double] = []
    let size = slice ?? events / rounds
    for round in 0..<(slice == nil ? rounds : 1) {
      let items = try await build(first + round * size..<first + (round + 1) * size, numbers)
      let took = try await Self.seconds {
        try await inParallel(items.count) { index in
          _ = try await store.log.append(
            AppendUnit(items: [items[index]], evidence: [], guardPosition: nil))
        }
      }
      ours.append(Double(size) / took)
      guard name != nil else { continue }
      // The comparison copies the same rows. They are read as COPY data, so that it does not include the
      // time to build them.
      let head = try await store.log.size().stored
      let columns =
        rivalSharesLog ? Growth.columns(-1, "e.position + \(size)", "e.record_position") : "e.*"
      var chunks: [[UInt8]] = []
      try await connection.copyOut(
        """
        COPY (SELECT \(columns) FROM ledger.event e WHERE position >= \(head - Int64(size)))
        TO STDOUT (FORMAT binary)
        """
      ) { chunks.append($0) }
      let data = chunks
      let copied = try await Self.seconds {
        let stream = AsyncStream { continuation in
          for chunk in data { continuation.yield(chunk) }
          continuation.finish()
        }
        _ = try await connection.copyIn("COPY \(table) FROM STDIN (FORMAT binary)", stream)
      }
      theirs.append(Double(size) / copied)
      if rivalSharesLog { try await connection.execute(Growth.advanceHead) }
    }
    try await connection.execute("DROP SCHEMA bench CASCADE")
    try await connection.execute("VACUUM ANALYZE ledger.event")
    await connection.close()
    if let name { Self.report("\(name) durable append", ours, "binary COPY", theirs) }
    return Rates(ours: ours, theirs: theirs)
  }

  private func build(
    _ range: Range<Int>, _ numbers: [(PithNumber, Int64)]
  ) async throws -> [AppendUnit.Item] {
    let step = (range.count + 3) / 4
    return try await withThrowingTaskGroup(of: (Int, [AppendUnit.Item]).self) { group in
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        group.addTask {
          let items = try (start..<min(start + step, range.upperBound)).map { number in
            let (pith, record) = numbers[Workload.record(number, of: numbers.count)]
            return try workload.event(
              number, pithNumber: pith, record: RecordID(rawValue: record),
              at: Timestamp(microseconds: Self.begin.microseconds + Int64(number)))
          }
          return (start, items)
        }
      }
      var parts: [(Int, [AppendUnit.Item])] = []
      for try await part in group { parts.append(part) }
      return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
  }

  // MARK: (b) Replay

  private func replay(_ store: LedgerStore) async throws {
    let projector = Task { try await store.makeProjector().run() }
    let size = try await store.log.size().stored
    var caughtUp = false
    let took = try await Self.seconds {
      while !caughtUp {
        caughtUp = try await store.projections.wait(
          for: Position(rawValue: size).previous, timeout: .seconds(60))
      }
    }
    projector.cancel()
    say("live projector from nothing: \(Int(Double(size) / took))/s")
    let connection = try await connect()
    var ours: [Double] = []
    var copies: [Double] = []
    var statements: [Double] = []
    for _ in 0..<rounds {
      let report = try await store.replayer.run(check: false) { _ in }
      ours.append(Double(size) / report.seconds)
      copies.append(
        Double(size)
          / (try await Self.seconds {
            try await connection.copyOut(
              "COPY (SELECT \(FoldEventReader.recordColumns) FROM ledger.event e) TO STDOUT (FORMAT binary)"
            ) { _ in }
          }))
      // Like a replay, the comparison leaves durable rows that are indexed by record. It counts what SQL
      // can count without the rules of the fold.
      statements.append(
        Double(size)
          / (try await Self.seconds {
            try await connection.execute(
              """
              CREATE TABLE counts (
                record bigint PRIMARY KEY, total bigint, anchors bigint, storage bigint,
                authors bigint, citations bigint, replications bigint, pending bigint,
                first timestamptz, last timestamptz, position bigint)
              """)
            try await connection.execute(
              """
              INSERT INTO counts SELECT record_position, count(*),
                count(*) FILTER (WHERE event_type = ledger.event_type_code('timestamp_anchor')),
                count(*) FILTER (WHERE event_type = ledger.event_type_code('storage_attestation')),
                count(DISTINCT claimant)
                  FILTER (WHERE event_type = ledger.event_type_code('author_attestation')),
                count(DISTINCT (signer_key, slot))
                  FILTER (WHERE event_type = ledger.event_type_code('citation_signature')),
                count(*) FILTER (WHERE event_type = ledger.event_type_code('replication_record')),
                count(*) FILTER (WHERE verdict = ledger.verdict_code('pending')),
                min(recorded_at), max(recorded_at), max(position)
              FROM ledger.event GROUP BY record_position
              """)
          }))
      try await connection.execute("DROP TABLE counts")
    }
    await connection.close()
    Self.report("(b) replay", ours, "COPY TO", copies)
    Self.report("(b) replay", ours, "one GROUP BY", statements)
  }
}

/// Rates per second of the ledger and of the comparison, by round.
struct Rates {
  var ours: [Double] = []
  var theirs: [Double] = []

  var median: Double { Bench.median(ours) }
  var ratio: Double { median / max(Bench.median(theirs), 1) }
}
