import Foundation
import LedgerDomain
import PostgresClient

/// Measures the HTTP service in a separate process over the loopback interface.
struct HTTPBench {
  let bench: Bench
  let directory: String
  /// The database of the service.
  let uri: String

  /// The program of the ledger, with the settings of the benchmark.
  func program(_ arguments: [String], environment: [String: String] = [:]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
      .deletingLastPathComponent().appendingPathComponent("pithledger")
    process.arguments = arguments + ["--data-dir", directory + "/service"]
    process.environment = [
      "PITHLEDGER_DATABASE_URL": uri, "PATH": "/usr/bin:/bin",
      "PITHLEDGER_ORIGIN": "bench", "PITHLEDGER_SUBMISSIONS_PER_HOUR": "100000000",
      "PITHLEDGER_SUBMISSIONS_PER_KEY_PER_HOUR": "100000000",
    ].merging(environment) { $1 }
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
    _ parts: Set<Character>, records: Int, as name: (name: String, label: String)
  ) async throws -> Rates {
    var reads = Rates()
    try await withService(reportsMemory: true) { port, service in
      try await settle()
      if parts.contains("c") {
        try await SubmissionBench(http: self).run(port, service)
      }
      if !parts.isDisjoint(with: "df") {
        reads = try await self.reads(port, records: records, as: name)
      }
    }
    if parts.contains("c") { try await AllocationBench(http: self).run() }
    return reads
  }

  /// Runs a service while `body` uses its port.
  ///
  /// - Parameters:
  ///   - reportsMemory: whether its memory at the peak is a result.
  ///   - environment: settings besides those of the benchmark.
  func withService(
    reportsMemory: Bool = false, environment: [String: String] = [:],
    _ body: (_ port: Int, _ service: Int32) async throws -> Void
  ) async throws {
    let process = program(["serve", "--port", "0", "--json"], environment: environment)
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    guard let port = line.split(separator: ":").last.flatMap({ Int($0.prefix { $0.isNumber }) })
    else { throw BenchError(description: "the service did not start: \(line)") }
    try await body(port, process.processIdentifier)
    if reportsMemory, let peak = peakMemory(process) {
      try bench.report(
        "memory.service", "(e) memory of the service at its peak", at: try await bench.logSize(),
        [Double(peak) / 1024], .mebibytes)
    }
  }

  /// Waits until the service's projector has caught up with the log.
  func settle() async throws {
    let connection = try await bench.connect()
    while try await connection.query(
      "SELECT h.size > c.next_position FROM ledger.head h, ledger.projection_offset c")[0]
      .bool(0)
    { try await Task.sleep(for: .milliseconds(200)) }
    await connection.close()
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
    if process.terminationStatus != 0 {
      say("(e) the replay ended with exit code \(process.terminationStatus)")
    }
    try bench.report(
      "memory.replay", "(e) memory of a replay at its peak", at: try await bench.logSize(),
      [Double(peak) / 1024], .mebibytes)
  }

  static func request(_ method: String, _ path: String, _ body: [UInt8] = []) -> [UInt8] {
    Array(
      "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        .utf8) + body
  }

  // MARK: (d) Reads

  /// The requests of `status.json` for records as often as the workload names them.
  static func statusRequests(_ count: Int, records: Int) throws -> [[UInt8]] {
    try (0..<count).map { number in
      let record = Workload.record(number, of: records)
      return request(
        "GET", "/api/pith-number/\(try Workload.canonical(record).pithNumber.suffix)/status.json")
    }
  }

  private func reads(
    _ port: Int, records: Int, as name: (name: String, label: String)
  ) async throws -> Rates {
    var rates = Rates()
    var p99: [Double] = []
    let requests = try Self.statusRequests(5000, records: records)
    let constant = Self.request("GET", "/healthz")
    for _ in 0..<bench.rounds {
      let result = load(port: port, connections: 32, seconds: 3) { requests[$0 % requests.count] }
      if result.failures > 0 { say("\(name.label): \(result.failures) requests failed") }
      rates.ours.append(result.perSecond)
      p99.append(result.p99Milliseconds)
      rates.theirs.append(load(port: port, connections: 32, seconds: 3) { _ in constant }.perSecond)
    }
    let events = try await bench.logSize()
    try bench.report(
      name.name, name.label, at: events, rates.ours, "the same server answering a constant",
      rates.theirs)
    try bench.report("\(name.name).p99", "\(name.label), p99", at: events, p99, .milliseconds)
    return rates
  }
}
