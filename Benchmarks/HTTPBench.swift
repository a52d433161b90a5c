import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import PostgresClient

/// Measures the HTTP service in a separate process over the loopback interface.
struct HTTPBench {
  let bench: Bench
  let directory: String
  /// The database of the service.
  let uri: String

  private func program(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
      .deletingLastPathComponent().appendingPathComponent("pithledger")
    process.arguments = arguments + ["--data-dir", directory + "/service"]
    process.environment = [
      "PITHLEDGER_DATABASE_URL": uri, "PATH": "/usr/bin:/bin",
      "PITHLEDGER_ORIGIN": "bench", "PITHLEDGER_SUBMISSIONS_PER_HOUR": "100000000",
      "PITHLEDGER_SUBMISSIONS_PER_KEY_PER_HOUR": "100000000",
    ]
    return process
  }

  /// The peak of a process's resident memory, in kB.
  private func peakMemory(_ process: Process) -> Int? {
    let path = "/proc/\(process.processIdentifier)/status"
    guard let status = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
      .flatMap { Int($0.split(whereSeparator: \.isWhitespace)[1]) }
  }

  /// Runs a service, and measures the parts that need one. Returns the rates of reads by round.
  func run(
    _ parts: Set<Character>, records: Int, readsNamed name: String = "(d)"
  ) async throws -> Rates {
    var reads = Rates()
    try await withService { port, service in
      try await settle()
      if parts.contains("c") { try await submissions(port, service) }
      if !parts.isDisjoint(with: "df") {
        reads = try self.reads(port, records: records, name: name)
      }
    }
    return reads
  }

  /// Runs a service while `body` uses its port, and prints its memory at the peak.
  func withService(
    _ body: (_ port: Int, _ service: Int32) async throws -> Void
  ) async throws {
    let process = program(["serve", "--port", "0", "--json"])
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    guard let port = line.split(separator: ":").last.flatMap({ Int($0.prefix { $0.isNumber }) })
    else {
      say("the service did not start: \(line)")
      return
    }
    try await body(port, process.processIdentifier)
    if let peak = peakMemory(process) {
      say("(e) memory of the service at its peak: \(peak / 1024) MiB")
    }
  }

  /// Waits until the service's projector has caught up with the log.
  private func settle() async throws {
    let connection = try await bench.connect()
    while try await connection.query(
      "SELECT h.size > c.next_position FROM ledger.head h, ledger.projection_offset c")[0]
      .bool(0)
    { try await Task.sleep(for: .milliseconds(200)) }
    await connection.close()
  }

  private func head() async throws -> Int64 {
    let connection = try await bench.connect()
    let size = try await connection.query("SELECT size FROM ledger.head")[0].int(0)
    await connection.close()
    return size
  }

  /// Measures the peak memory of a replay in a separate process.
  func replayMemory() async throws {
    let process = program(["replay", "--check"])
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    var peak = 0
    while process.isRunning {
      peak = max(peak, peakMemory(process) ?? 0)
      try await Task.sleep(for: .milliseconds(20))
    }
    say(
      "(e) memory of a replay at its peak: \(peak / 1024) MiB, exit \(process.terminationStatus)")
  }

  static func request(_ method: String, _ path: String, _ body: [UInt8] = []) -> [UInt8] {
    Array(
      "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        .utf8) + body
  }

  // MARK: (c) Submissions

  private func submissions(_ port: Int, _ service: Int32) async throws {
    let keys = (0..<64).map { index in
      KeyFile(
        key: SigningKey(), keyID: "b\(index)", signerID: "urn:b:\(index)", signerType: .author)
    }
    try register(keys)
    var ours: [Double] = []
    var p99: [Double] = []
    var theirs: [Double] = []
    var costs: [String] = []
    try await copyLog()
    let connection = try await bench.connect()
    for round in 0..<bench.rounds {
      let head = try await head()
      let before = try await ProcessCost.now(service: service, connection)
      let result = try submit(round, keys, port)
      let cost = try await ProcessCost.now(service: service, connection) - before
      costs.append(cost.text(per: result.count))
      if result.failures > 0 { say("\(result.failures) submissions failed") }
      ours.append(result.perSecond)
      p99.append(result.p99Milliseconds)
      theirs.append(try await plainInserts(since: head))
    }
    Bench.report("(c) submissions", ours, "eight clients' INSERTs", theirs)
    say("(c) p99 \(String(format: "%.1f", Bench.median(p99))) ms")
    for cost in costs { say("(c) a submission costs \(cost)") }
    let before = try await ProcessCost.now(service: service, connection)
    let count = try bulk(keys, port)
    let cost = try await ProcessCost.now(service: service, connection) - before
    say("(c) a line in bulk costs \(cost.text(per: count))")
    await connection.close()
  }

  /// Submits the events of one round as the lines of one request. Returns how many were appended.
  private func bulk(_ keys: [KeyFile], _ port: Int) throws -> Int {
    var lines: [UInt8] = []
    for index in 0..<Self.submissionsMade {
      lines += try submission(bench.rounds, index, keys) + [0x0A]
    }
    let file = directory + "/events.ndjson"
    let answers = directory + "/answers.ndjson"
    try Data(lines).write(to: URL(fileURLWithPath: file))
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
    say("(c) in bulk, by one request of \(created) lines: \(Int(Double(created) / seconds))/s")
    return created
  }

  /// Registers the keys by a bulk import, because registrations over HTTP have an hourly quota.
  private func register(_ keys: [KeyFile]) throws {
    var lines: [UInt8] = []
    for key in keys {
      let payload: JSONObject = [
        "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.key.publicKey)),
      ]
      let body = try EventBody.make(
        type: .keyRegistered, payload: payload, signer: key.signer, subject: .registry,
        target: "key:\(key.signer.fingerprint.hex)", createdAt: .now)
      lines += JSON.object(try key.key.sign(body).json).canonicalBytes() + [0x0A]
    }
    let file = directory + "/keys.ndjson"
    try Data(lines).write(to: URL(fileURLWithPath: file))
    let importer = program(["import", file])
    importer.standardOutput = FileHandle.nullDevice
    try importer.run()
    importer.waitUntilExit()
  }

  private func submit(_ round: Int, _ keys: [KeyFile], _ port: Int) throws -> LoadResult {
    let all = try (0..<Self.submissionsMade).map {
      Self.request("POST", "/api/events", try submission(round, $0, keys))
    }
    return load(port: port, connections: 32, seconds: 4) { $0 < all.count ? all[$0] : nil }
  }

  /// The number of events that are made for a round. It exceeds what is submitted in its time.
  private static let submissionsMade = 20_000

  /// A citation that was not submitted before.
  private func submission(_ round: Int, _ index: Int, _ keys: [KeyFile]) throws -> [UInt8] {
    let key = keys[index % keys.count]
    let record = Workload.record(round * Self.submissionsMade + index, of: bench.records)
    let payload: JSONObject = [
      "citing_doi": .string("10.2000/\(round)-\(index)"), "relation": "cites",
    ]
    let body = try EventBody.make(
      type: .citationSignature, payload: payload, signer: key.signer,
      subject: .record(try Workload.canonical(record).pithNumber), target: "record",
      createdAt: .now)
    return JSON.object(try key.key.sign(body).json).canonicalBytes()
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

  // MARK: (d) Reads

  private func reads(_ port: Int, records: Int, name: String) throws -> Rates {
    var ours: [Double] = []
    var p99: [Double] = []
    var theirs: [Double] = []
    let requests = try (0..<5000).map { number in
      let record = Workload.record(number, of: records)
      return Self.request(
        "GET", "/api/pith-number/\(try Workload.canonical(record).pithNumber.suffix)/status.json")
    }
    let constant = Self.request("GET", "/healthz")
    for _ in 0..<bench.rounds {
      let result = load(port: port, connections: 32, seconds: 3) { requests[$0 % requests.count] }
      ours.append(result.perSecond)
      p99.append(result.p99Milliseconds)
      theirs.append(load(port: port, connections: 32, seconds: 3) { _ in constant }.perSecond)
    }
    Bench.report("\(name) status.json", ours, "a constant", theirs)
    say("\(name) p99 \(String(format: "%.1f", Bench.median(p99))) ms")
    return Rates(ours: ours, theirs: theirs)
  }
}
