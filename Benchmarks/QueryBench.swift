import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import PostgresClient

/// (h) Measures lists of citations, searches and lists of events over HTTP, in a log of ten thousand records
/// with documents and two hundred thousand citations. A few papers are cited by many and cite many.
struct QueryBench {
  let bench: Bench
  let directory: String

  private static let records = 10_000
  private static let citations = 200_000
  private static let words = [
    "graph", "neural", "proof", "quantum", "field", "metamorph", "sparse",
  ]

  func run() async throws {
    let uri = bench.queryURI
    let owner = try await bench.connect()
    try await owner.execute("CREATE DATABASE queries")
    await owner.close()
    _ = try await Migrator(uri: uri, logger: bench.logger).migrate()
    var configuration = LedgerConfiguration(dataDirectory: directory + "/service")
    configuration.databaseURL = uri
    let ledger = try await Ledger.open(configuration, logger: bench.logger)
    let numbers = try await importDocuments(ledger)
    try await cite(numbers, uri)
    let last = try await ledger.health().size.end.previous
    while (try? await ledger.records.status(numbers[0].description, atLeast: last)) == nil {}
    await ledger.close()
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    try await connection.execute("VACUUM ANALYZE")
    await connection.close()
    try await HTTPBench(bench: bench, directory: directory, uri: uri).withService { port, _ in
      try measure(numbers, port)
    }
  }

  // MARK: Set-up

  private static func arxiv(_ index: Int) -> String { String(format: "2412.%05d", index + 1) }

  private static func document(_ index: Int) throws -> (bytes: [UInt8], number: PithNumber) {
    var random = Generator(state: UInt64(index))
    let title =
      (0..<4).compactMap { _ in words.randomElement(using: &random) }.joined(separator: " ")
      + " \(index)"
    var json = try Workload.canonical(index).json
    var metadata = json["metadata"]?.objectValue ?? [:]
    metadata["title_canon_sha256"] = .string(CanonicalText(title).digest.hex)
    metadata["primary_cat"] = .string("cs.\(index % 40)")
    json["metadata"] = .object(metadata)
    json["source"] = ["id": .string(arxiv(index)), "kind": "arxiv", "version": 1]
    let document: JSON = [
      "canonical_record": .object(json),
      "paper": [
        "authors_text": .string("Jane Doe, Author \(index % 300)"), "title": .string(title),
      ],
    ]
    return (document.canonicalBytes(), try CanonicalRecord(.object(json)).pithNumber)
  }

  private func importDocuments(_ ledger: Ledger) async throws -> [PithNumber] {
    let made = try (0..<Self.records).map { try Self.document($0) }
    let took = try await Bench.seconds {
      try await bench.inParallel(made.count) { index in
        _ = try await ledger.documentImporter.importDocument(
          made[index].bytes, client: .shell, operatorAuthorised: true)
      }
    }
    say("(h) set-up: \(made.count) documents in \(String(format: "%.1f", took)) s")
    return made.map(\.number)
  }

  /// Appends citations by the signers of the workload. Their signatures are not valid, as only the store
  /// and the queries are measured.
  private func cite(_ numbers: [PithNumber], _ uri: String) async throws {
    let store = try await LedgerStore.open(StoreConfiguration(uri: uri, logger: bench.logger))
    for index in bench.workload.signers.indices {
      _ = try await store.log.append(bench.workload.registration(index, at: .now))
    }
    let positions = try await store.records.recordsByPithNumber()
    let took = try await Bench.seconds {
      try await bench.inParallel(Self.citations) { number in
        let cited = numbers[Workload.record(number, of: numbers.count)]
        guard let record = positions[cited.description] else { return }
        var random = Generator(state: UInt64(number) &* 31)
        let citing = Workload.record(
          Int.random(in: 0..<1_000_000, using: &random), of: numbers.count)
        let item = try bench.workload.citation(
          by: Self.arxiv(citing), number, pithNumber: cited, record: record)
        _ = try await store.log.append(
          AppendUnit(items: [item], evidence: [], guardPosition: nil))
      }
    }
    say("(h) set-up: \(Self.citations) citations in \(String(format: "%.1f", took)) s")
    await store.close()
  }

  // MARK: Requests

  private func measure(_ numbers: [PithNumber], _ port: Int) throws {
    func record(_ number: Int) -> PithNumber {
      numbers[Workload.record(number, of: numbers.count)]
    }
    let signer = bench.workload.signers[7].fingerprint.hex
    let kinds: [(name: String, path: (Int) -> String)] = [
      ("cited by", { "/api/pith-number/\(record($0))/citations.json" }),
      (
        "cited by, the most cited",
        { _ in "/api/pith-number/\(numbers[0])/citations.json?order=desc" }
      ),
      ("citing", { "/api/pith-number/\(record($0))/citations.json?direction=out" }),
      (
        "relation, vouched",
        { "/api/pith-number/\(record($0))/citations.json?relation=extends&vouched=false" }
      ),
      ("signer of a record", { "/api/pith-number/\(record($0))/citations.json?signer=\(signer)" }),
      ("title", { "/api/records?title=\(Self.words[$0 % Self.words.count])" }),
      ("title, two words", { "/api/records?title=quantum%20\($0 % Self.records)" }),
      ("author", { "/api/records?author=author%20\($0 % 300)" }),
      ("category", { "/api/records?category=cs.\($0 % 40)" }),
      ("status", { _ in "/api/records?status=content_addressed" }),
      ("events of a signer", { _ in "/api/events?signer=\(signer)" }),
      ("events of a key", { _ in "/api/keys/\(signer)/events?order=desc" }),
      (
        "events of a type",
        { "/api/events?type=citation_signature&from=\($0 * 37 % Self.citations)" }
      ),
      ("events of a record", { "/api/pith-number/\(record($0))/events.json" }),
      ("record", { "/pith/\(record($0)).json" }),
      ("graph", { "/api/pith-number/\(record($0))/graph.json" }),
      ("statuses", { "/api/status?id=\(record($0))&id=\(record($0 + 1))&id=\(record($0 + 2))" }),
    ]
    for kind in kinds {
      // The first requests fill the caches of PostgreSQL, as in a service that runs.
      _ = load(port: port, connections: 1, seconds: 0.3) { HTTPBench.request("GET", kind.path($0)) }
      var p99: [Double] = []
      var rates: [Double] = []
      var failures = 0
      for round in 0..<bench.rounds {
        let result = load(port: port, connections: 1, seconds: 1) {
          HTTPBench.request("GET", kind.path(round * 100_000 + $0))
        }
        p99.append(result.p99Milliseconds)
        rates.append(result.perSecond)
        failures += result.failures
      }
      if failures > 0 { say("(h) \(kind.name): \(failures) failures") }
      let name = kind.name.replacing(",", with: "").replacing(" ", with: "-")
      let events = Int64(Self.records + Self.citations)
      try bench.report("query.\(name).p99", "(h) \(kind.name), p99", at: events, p99, .milliseconds)
      try bench.report(
        "query.\(name)", "(h) \(kind.name), one connection", at: events, rates, .perSecond)
    }
  }
}
