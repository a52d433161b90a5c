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

  private func single(
    _ submissions: SubmissionLoad, _ port: Int, _ service: Int32
  ) async throws {
    var rates = Rates()
    var p99: [Double] = []
    var costs: [ProcessCost] = []
    let connection = try await bench.connect()
    for round in 0..<bench.rounds {
      let head = try await bench.logSize()
      let before = try await ProcessCost.now(service: service, connection)
      let result = try await submissions.submit(port: port, series: round, seconds: 4)
      let after = try await ProcessCost.now(service: service, connection)
      costs.append((after - before) / result.count)
      rates.ours.append(result.perSecond)
      p99.append(result.p99Milliseconds)
      rates.theirs.append(try await plainInserts(since: head))
    }
    await connection.close()
    let events = try await bench.logSize()
    try bench.report(
      "submission", "(c) submissions over HTTP, 32 connections", at: events, rates.ours,
      "eight clients' INSERTs of the same rows", rates.theirs)
    try bench.report("submission.p99", "(c) submissions, p99", at: events, p99, .milliseconds)
    try ProcessCost.report("submission", "(c) a submission", at: events, costs, bench)
  }

  private func bulk(
    _ submissions: SubmissionLoad, _ port: Int, _ service: Int32
  ) async throws {
    var rates = Rates()
    var costs: [ProcessCost] = []
    let connection = try await bench.connect()
    for round in 0..<bench.rounds {
      let head = try await bench.logSize()
      let lines = try await submissions.events(20_000, series: bench.rounds + round)
      let before = try await ProcessCost.now(service: service, connection)
      let result = try send(lines, port)
      let after = try await ProcessCost.now(service: service, connection)
      costs.append((after - before) / result.created)
      rates.ours.append(Double(result.created) / result.seconds)
      rates.theirs.append(try await plainInserts(since: head))
    }
    await connection.close()
    let events = try await bench.logSize()
    try bench.report(
      "bulk", "(c) submissions in bulk, one request of 20,000 lines", at: events, rates.ours,
      "eight clients' INSERTs of the same rows", rates.theirs)
    try ProcessCost.report("bulk", "(c) a line in bulk", at: events, costs, bench)
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
