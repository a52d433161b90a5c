import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import PostgresClient

/// (p) Measures the page of a record with ten thousand events beside those of records with ten and with a hundred. A page
/// shows at most ten rows of each kind: with ten events it has fewer rows, with a hundred as many as with ten thousand.
struct PageBench {
  let bench: Bench
  let directory: String

  private static let many = 10_000
  private static let fewer = [10, 100]

  func run() async throws {
    let store = try await bench.makeLog(directory)
    let positions = try await store.records.recordsByPithNumber()
    var numbers: [PithNumber] = []
    var first = 0
    for (index, count) in ([Self.many] + Self.fewer).enumerated() {
      let number = try Workload.canonical(index).pithNumber
      try await append(count, to: number, from: first, positions, store)
      numbers.append(number)
      first += count
    }
    await store.close()
    let connection = try await bench.connect()
    try await connection.execute("VACUUM ANALYZE")
    await connection.close()
    let http = HTTPBench(bench: bench, directory: directory, uri: bench.uri)
    try await http.withService { [numbers] port, _ in
      try await http.settle()
      for (number, count) in zip(numbers.dropFirst(), Self.fewer) {
        try measure(port, numbers[0], besides: number, with: count)
      }
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

  private func measure(
    _ port: Int, _ large: PithNumber, besides small: PithNumber, with count: Int
  ) throws {
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
      "page.\(count)", "(p) the page of a record with 10,000 events", at: events, rates.ours,
      "with \(count) events", rates.theirs)
    try bench.report(
      "page.\(count).p99", "(p) the page of a record with 10,000 events, p99", at: events, p99,
      .milliseconds)
  }
}
