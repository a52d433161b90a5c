import Foundation
import LedgerService
import LedgerStore
import TransparencyLog

/// (g) Measures inclusion proofs of random entries, one at a time: within a process that does nothing else,
/// and over HTTP from a service that is idle and from one that takes submissions.
struct ProofBench {
  let bench: Bench
  let directory: String

  func run(_ store: LedgerStore) async throws {
    let size = try await Self.issueCheckpoint(bench, directory)
    try await alone(size)
    let http = HTTPBench(bench: bench, directory: directory, uri: bench.uri)
    let submissions = try SubmissionLoad(http: http, records: bench.records)
    try await http.withService { port, _ in
      try await http.settle()
      try await overHTTP(port, size, submissions)
    }
  }

  /// Brings the tree up to the log and signs its checkpoint. Returns the number of leaves.
  static func issueCheckpoint(_ bench: Bench, _ directory: String) async throws -> Int64 {
    let ledger = try await open(bench, directory)
    let checkpoint = try await ledger.checkpoints.issue()
    await ledger.close()
    return checkpoint.size.stored
  }

  private static func open(_ bench: Bench, _ directory: String) async throws -> Ledger {
    var configuration = LedgerConfiguration(dataDirectory: directory + "/service")
    configuration.databaseURL = bench.uri
    return try await Ledger.open(configuration, runProjector: false, logger: bench.logger)
  }

  /// Requests of proofs of random entries below a size.
  static func requests(_ count: Int, below size: Int64) -> [[UInt8]] {
    var random = Generator(state: 11)
    return (0..<count).map { _ in
      HTTPBench.request("GET", "/api/proof/\(Int64.random(in: 0..<size, using: &random))")
    }
  }

  private func alone(_ size: Int64) async throws {
    let ledger = try await Self.open(bench, directory)
    var p50: [Double] = []
    var p99: [Double] = []
    var random = Generator(state: 7)
    for _ in 0..<bench.rounds {
      var times: [Double] = []
      for _ in 0..<1000 {
        let position = Int64.random(in: 0..<size, using: &random)
        times.append(
          try await Bench.seconds { _ = try await ledger.proofs.inclusionProof(String(position)) }
            * 1000)
      }
      times.sort()
      p50.append(percentile(50, of: times))
      p99.append(percentile(99, of: times))
    }
    await ledger.close()
    try report("proof", "inclusion proof within an idle process", size, p50, p99)
  }

  private func overHTTP(_ port: Int, _ size: Int64, _ submissions: SubmissionLoad) async throws {
    let requests = Self.requests(20_000, below: size)
    func proofs(_ seconds: Double) -> LoadResult {
      let result = load(port: port, connections: 1, seconds: seconds) {
        requests[$0 % requests.count]
      }
      if result.failures > 0 { say("(g) \(result.failures) proofs failed") }
      return result
    }
    var idle: [LoadResult] = []
    var busy: [LoadResult] = []
    var submitted: [Double] = []
    for round in 0..<bench.rounds {
      idle.append(proofs(2))
      let events = try await submissions.requests(32_000, series: round)
      // The submissions begin before the proofs and end after them.
      async let load = SubmissionLoad.submitOnThread(events, port: port, seconds: 4)
      try await Task.sleep(for: .milliseconds(500))
      busy.append(proofs(3))
      submitted.append(await load.perSecond)
    }
    try report(
      "proof.http", "inclusion proof over HTTP", size, idle.map(\.p50Milliseconds),
      idle.map(\.p99Milliseconds))
    try report(
      "proof.busy", "inclusion proof over HTTP while submissions run", size,
      busy.map(\.p50Milliseconds), busy.map(\.p99Milliseconds))
    try bench.report(
      "proof.busy.submission", "(g) submissions meanwhile, 32 connections", at: size, submitted,
      .perSecond)
  }

  private func report(
    _ name: String, _ label: String, _ size: Int64, _ p50: [Double], _ p99: [Double]
  ) throws {
    try bench.report("\(name).p50", "(g) \(label), p50", at: size, p50, .milliseconds)
    try bench.report("\(name).p99", "(g) \(label), p99", at: size, p99, .milliseconds)
  }
}
