import Foundation
import LedgerStore
import PostgresClient

/// (i) Measures the same operations on one log at growing sizes, shortly at each: appends, submissions and
/// `status.json` over HTTP, and inclusion proofs.
struct SizeBench {
  /// Its events are the first size.
  let bench: Bench
  let directory: String
  /// The numbers of events, each a multiple of the one before it; not empty.
  let sizes: [Int]

  func run() async throws {
    let store = try await bench.makeLog(directory)
    _ = try await bench.append(store, from: 0, rounds: 1, as: nil)
    let http = HTTPBench(bench: bench, directory: directory, uri: bench.uri)
    let submissions = try SubmissionLoad(http: http, records: bench.records)
    for (index, size) in sizes.enumerated() {
      if index > 0 {
        try await Growth(bench: bench).run(
          store, from: sizes[index - 1] / bench.events, to: size / bench.events)
      }
      let records = bench.records * (size / bench.events)
      let took = try await Bench.seconds {
        try await appends(store, size, first: 1_000_000_000 * (index + 1))
        try await requests(http, submissions.with(records: records), size, series: 1000 * index)
      }
      say("(i) \(size) events: measured in \(Int(took)) s")
    }
    await store.close()
  }

  private func report(
    _ name: String, _ label: String, _ size: Int, _ values: [Double], _ unit: MeasuredUnit
  ) throws {
    try bench.report("size.\(name)", "(i) \(label)", at: Int64(size), values, unit)
  }

  /// Appends few events, so that the log keeps about its size.
  private func appends(_ store: LedgerStore, _ size: Int, first: Int) async throws {
    let slice = min(20_000, max(1000, size / 50))
    let rates = try await bench.append(store, from: first, slice: slice, as: nil)
    try report("append", "durable append", size, rates.ours, .perSecond)
  }

  private func requests(
    _ http: HTTPBench, _ submissions: SubmissionLoad, _ size: Int, series: Int
  ) async throws {
    let leaves = try await ProofBench.issueCheckpoint(bench, directory)
    let proofs = ProofBench.requests(50_000, below: leaves)
    let statuses = try HTTPBench.statusRequests(50_000, records: submissions.records)
    var submitted: [LoadResult] = []
    var read: [LoadResult] = []
    var proved: [LoadResult] = []
    var single: [LoadResult] = []
    try await http.withService { port, _ in
      try await http.settle()
      func load(_ connections: Int, _ requests: [[UInt8]]) -> LoadResult {
        let result = pithledger_bench.load(port: port, connections: connections, seconds: 1.5) {
          requests[$0 % requests.count]
        }
        if result.failures > 0 { say("(i) \(result.failures) requests failed") }
        return result
      }
      for round in 0..<bench.rounds {
        submitted.append(
          try await submissions.submit(port: port, series: series + round, seconds: 1.5))
        read.append(load(32, statuses))
        proved.append(load(32, proofs))
        single.append(load(1, proofs))
      }
    }
    try report("submission", "submissions over HTTP", size, submitted.map(\.perSecond), .perSecond)
    try report(
      "submission.p99", "submissions over HTTP, p99", size, submitted.map(\.p99Milliseconds),
      .milliseconds)
    try report("status", "status.json", size, read.map(\.perSecond), .perSecond)
    try report("status.p99", "status.json, p99", size, read.map(\.p99Milliseconds), .milliseconds)
    try report("proof", "inclusion proof", size, proved.map(\.perSecond), .perSecond)
    try report(
      "proof.p50", "inclusion proof, one at a time, p50", size, single.map(\.p50Milliseconds),
      .milliseconds)
    try report(
      "proof.p99", "inclusion proof, one at a time, p99", size, single.map(\.p99Milliseconds),
      .milliseconds)
  }
}
