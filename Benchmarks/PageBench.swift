import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import PostgresClient

/// (p) Measures the page of a record with ten thousand events beside that of a record with ten.
struct PageBench {
  let bench: Bench
  let directory: String

  private static let few = 10
  private static let many = 10_000

  func run() async throws {
    let store = try await bench.makeLog(directory)
    let positions = try await store.records.recordsByPithNumber()
    let small = try Workload.canonical(0).pithNumber
    let large = try Workload.canonical(1).pithNumber
    try await append(Self.few, to: small, from: 0, positions, store)
    try await append(Self.many, to: large, from: Self.few, positions, store)
    await store.close()
    let connection = try await bench.connect()
    try await connection.execute("VACUUM ANALYZE")
    await connection.close()
    let http = HTTPBench(bench: bench, directory: directory, uri: bench.uri)
    try await http.withService { port, _ in
      try await http.settle()
      try measure(port, small: small, large: large)
    }
  }

  private func append(
    _ count: Int, to number: PithNumber, from first: Int, _ positions: [String: RecordID],
    _ store: LedgerStore
  ) async throws {
    guard let record = positions[number.description] else {
      throw BenchError(description: "the record \(number) is missing")
    }
    try await bench.inParallel(count) { index in
      let item = try bench.workload.event(
        first + index, pithNumber: number, record: record, at: .now)
      _ = try await store.log.append(AppendUnit(items: [item], evidence: [], guardPosition: nil))
    }
  }

  private func measure(_ port: Int, small: PithNumber, large: PithNumber) throws {
    func page(_ number: PithNumber) -> [UInt8] {
      Array(
        "GET /pith/\(number.suffix) HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n".utf8)
    }
    var rates = Rates()
    var p99: [Double] = []
    for request in [page(small), page(large)] {
      // The first requests fill the caches of PostgreSQL.
      _ = load(port: port, connections: 1, seconds: 1) { _ in request }
    }
    for _ in 0..<bench.rounds {
      let many = load(port: port, connections: 1, seconds: 2) { _ in page(large) }
      let few = load(port: port, connections: 1, seconds: 2) { _ in page(small) }
      if many.failures + few.failures > 0 { say("(p) \(many.failures + few.failures) failures") }
      rates.ours.append(many.perSecond)
      rates.theirs.append(few.perSecond)
      p99.append(many.p99Milliseconds)
    }
    let events = Int64(Self.many)
    try bench.report(
      "page", "(p) the page of a record with 10,000 events", at: events, rates.ours,
      "with ten events", rates.theirs)
    try bench.report(
      "page.p99", "(p) the page of a record with 10,000 events, p99", at: events, p99,
      .milliseconds)
  }
}
