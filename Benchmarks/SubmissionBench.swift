import Foundation
import PostgresClient

/// (c) Measures submissions over HTTP, one by one and in bulk, and what one of them costs. The comparison
/// inserts the same rows.
struct SubmissionBench {
  let http: HTTPBench
  private var bench: Bench { http.bench }

  init(http: HTTPBench) { self.http = http }

  func run(_ port: Int, _ service: Int32) async throws {
    let submissions = try SubmissionLoad(http: http, records: bench.records)
    try await copyLog()
    try await single(submissions, port, service)
    try await bulk(submissions, port, service)
  }

  /// What the rounds of a measurement gave.
  private struct Rounds {
    var rates = Rates()
    var costs: [ProcessCost] = []
    /// The number of events in the log after them.
    var events: Int64 = 0
  }

  /// Measures submissions in rounds, each followed by `INSERT`s of the same rows.
  ///
  /// - Parameter submit: sends the submissions of a round, and returns their number and rate.
  private func rounds(
    _ service: Int32, submit: (Int) async throws -> (count: Int, perSecond: Double)
  ) async throws -> Rounds {
    var rounds = Rounds()
    let connection = try await bench.connect()
    for round in 0..<bench.rounds {
      let head = try await bench.logSize()
      let before = try await ProcessCost.now(service: service, connection)
      let result = try await submit(round)
      let after = try await ProcessCost.now(service: service, connection)
      rounds.costs.append((after - before) / result.count)
      rounds.rates.ours.append(result.perSecond)
      rounds.rates.theirs.append(try await plainInserts(since: head))
    }
    await connection.close()
    rounds.events = try await bench.logSize()
    return rounds
  }

  private func report(_ name: String, _ label: String, each: String, _ rounds: Rounds) throws {
    try bench.report(
      name, "(c) \(label)", at: rounds.events, rounds.rates.ours,
      "eight clients' INSERTs of the same rows", rounds.rates.theirs)
    try ProcessCost.report(name, "(c) \(each)", at: rounds.events, rounds.costs, bench)
  }

  private func single(
    _ submissions: SubmissionLoad, _ port: Int, _ service: Int32
  ) async throws {
    var p99: [Double] = []
    let rounds = try await rounds(service) { round in
      let result = try await submissions.submit(port: port, series: round, seconds: 4)
      p99.append(result.p99Milliseconds)
      return (result.count, result.perSecond)
    }
    try report(
      "submission", "submissions over HTTP, 32 connections", each: "a submission", rounds)
    try bench.report(
      "submission.p99", "(c) submissions, p99", at: rounds.events, p99, .milliseconds)
  }

  private func bulk(
    _ submissions: SubmissionLoad, _ port: Int, _ service: Int32
  ) async throws {
    let rounds = try await rounds(service) { round in
      // The cost is that of the service and of PostgreSQL, which have nothing to do while the lines are signed.
      let lines = try await submissions.events(20_000, series: bench.rounds + round)
      let result = try send(lines, port)
      return (result.created, Double(result.created) / result.seconds)
    }
    try report(
      "bulk", "submissions in bulk, one request of 20,000 lines", each: "a line in bulk", rounds)
  }

  /// Sends events as the lines of one request. Returns how many were appended.
  private func send(
    _ events: [[UInt8]], _ port: Int
  ) throws -> (created: Int, seconds: Double) {
    let file = http.directory + "/events.ndjson"
    let answers = http.directory + "/answers.ndjson"
    try Data(events.flatMap { $0 + [0x0A] }).write(to: URL(fileURLWithPath: file))
    let sender = Process()
    sender.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    sender.arguments = [
      "curl", "--silent", "--header", "Content-Type: application/x-ndjson", "--data-binary",
      "@" + file, "--output", answers, "http://127.0.0.1:\(port)/api/events",
    ]
    let start = ContinuousClock.now
    try sender.run()
    sender.waitUntilExit()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let created = try String(contentsOfFile: answers, encoding: .utf8)
      .split(separator: "\n").count { $0.contains("\"created\":true") }
    if created != events.count { say("(c) in bulk, \(events.count - created) lines failed") }
    return (created, seconds)
  }

  /// Copies the log with its indexes into the table of the comparison, so that both tables have the same
  /// size.
  private func copyLog() async throws {
    let connection = try await bench.connect()
    try await connection.execute(
      """
      DROP TABLE IF EXISTS plain; CREATE TABLE plain (LIKE ledger.event INCLUDING ALL);
      INSERT INTO plain SELECT * FROM ledger.event
      """)
    try await connection.execute("VACUUM ANALYZE plain")
    await connection.close()
  }

  /// Inserts the events from a position on into the table of the comparison: eight clients, one row per
  /// transaction. Returns rows per second.
  private func plainInserts(since head: Int64) async throws -> Double {
    let connection = try await bench.connect()
    let numbers = [
      "position", "record_position", "fold_group", "target_hash", "reference_count",
      "resolved_work",
      "formal_evidence_count", "flags", "event_type", "verdict",
    ]
    let bytes = ["event_id", "signer_key", "slot", "statement", "claimant", "entry"]
    let columns = (numbers + bytes).joined(separator: ", ")
    let rows = try await connection.query(
      "SELECT \(columns) FROM ledger.event WHERE position >= $1 ORDER BY position", [.int8(head)])
    await connection.close()
    let values = try rows.map { row in
      try numbers.indices.map { try row.optionalInt($0).map { .int8($0) } ?? .null }
        + bytes.indices.map {
          try row.optionalBytes(numbers.count + $0).map { .bytes($0) } ?? PostgresValue.null
        }
    }
    let marks = (1...numbers.count + bytes.count).map { "$\($0)" }.joined(separator: ", ")
    let sql =
      "INSERT INTO plain (\(columns), recorded_at, created_at) VALUES (\(marks), now(), now())"
    let bench = bench
    let took = try await Bench.seconds {
      try await withThrowingDiscardingTaskGroup { group in
        for client in 0..<8 {
          group.addTask {
            let connection = try await bench.connect()
            for index in stride(from: client, to: values.count, by: 8) {
              _ = try await connection.query(sql, values[index])
            }
            await connection.close()
          }
        }
      }
    }
    return Double(values.count) / took
  }
}
