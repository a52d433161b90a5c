import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import PostgresClient
import TransparencyLog

/// (g) Measures the costs of the transparency log: appends while the tree is built, leaves, and
/// `fsck`, compared with hashing the same bytes.
struct TreeBench {
  let bench: Bench
  let directory: String

  func run(_ store: LedgerStore, append: (Int) async throws -> [Double]) async throws {
    try await appends(store, append)
    try await leaves(store)
    try await fsck()
  }

  /// Alternates appends without the tree and appends while a task extends the tree, as in a service.
  private func appends(
    _ store: LedgerStore, _ append: (Int) async throws -> [Double]
  ) async throws {
    try await store.tree.integrate()
    var without: [Double] = []
    var with: [Double] = []
    for round in 0..<bench.rounds {
      without += try await append(2 * round)
      try await store.tree.integrate()
      let follower = Task {
        while !Task.isCancelled {
          try await store.tree.integrate()
          try await Task.sleep(for: .milliseconds(200))
        }
      }
      with += try await append(2 * round + 1)
      follower.cancel()
      _ = try? await follower.value
      try await store.tree.integrate()
    }
    try bench.report(
      "append.tree", "(g) append with the tree built behind it",
      at: try await store.log.size().stored, with, "without a tree", without)
  }

  /// Builds the whole tree, compared with hashing the same bytes.
  private func leaves(_ store: LedgerStore) async throws {
    let size = try await store.log.size().stored
    let connection = try await bench.connect()
    var ours: [Double] = []
    var bare: [Double] = []
    for _ in 0..<bench.rounds {
      try await connection.execute(
        """
        ALTER TABLE ledger.tile DISABLE TRIGGER ALL; ALTER TABLE ledger.tree DISABLE TRIGGER ALL;
        TRUNCATE ledger.tile; UPDATE ledger.tree SET size = 0, frontier = '{}';
        ALTER TABLE ledger.tile ENABLE TRIGGER ALL; ALTER TABLE ledger.tree ENABLE TRIGGER ALL
        """)
      ours.append(Double(size) / (try await Bench.seconds { try await store.tree.integrate() }))
      bare.append(
        Double(size)
          / (try await Bench.seconds {
            _ = try await connection.query(
              "SELECT count(sha256('\\x00'::bytea || entry)) FROM ledger.event")
          }))
    }
    await connection.close()
    try bench.report(
      "leaves", "(g) leaves into the tree", at: size, ours, "sha256 of each entry by PostgreSQL",
      bare)
  }

  /// Measures `fsck` on a log in which all signatures are valid.
  private func fsck() async throws {
    let connection = try await bench.connect()
    try await connection.execute("CREATE DATABASE \(bench.signedDatabase)")
    await connection.close()
    var configuration = LedgerConfiguration(dataDirectory: directory + "/signed")
    configuration.databaseURL = bench.signedURI
    _ = try await Ledger.migrate(configuration, logger: bench.logger)
    let ledger = try await Ledger.open(configuration, logger: bench.logger)
    let canonical = try Workload.canonical(0)
    _ = try await ledger.documentImporter.importDocument(
      JSON.object(["canonical_record": .object(canonical.json)]).canonicalBytes(), client: .shell,
      operatorAuthorised: true)
    let key = KeyFile(
      key: SigningKey(), keyID: "bench", signerID: "urn:bench", signerType: .author)
    _ = try await ledger.keyAdministrator.register(key)
    let count = max(1000, bench.events / 20)
    try await bench.inParallel(count) { number in
      _ = try await ledger.signingSubmitter.submit(
        type: .citationSignature,
        payload: ["citing_doi": .string("10.1/\(number)"), "relation": "cites"],
        record: canonical.pithNumber.description, key: key)
    }
    _ = try await ledger.checkpoints.issue().cosigned
    let reader = try await LedgerStore.open(
      StoreConfiguration(uri: bench.signedURI, logger: bench.logger))
    let size = try await reader.log.size().stored
    let events = try await reader.log.entries(from: 0, limit: Int(size)).map {
      try Entry(bytes: $0).event
    }
    await reader.close()
    let signed = events.filter { $0.body.signer.fingerprint == key.signer.fingerprint }
    var ours: [Double] = []
    var bare: [Double] = []
    for _ in 0..<bench.rounds {
      let report = try await ledger.logChecker.check()
      guard report.faults.isEmpty else {
        say("(g) fsck found what is not there: \(report.faults)")
        break
      }
      ours.append(Double(report.entries.rawValue) / report.seconds)
      bare.append(
        Double(signed.count)
          / (try await Bench.seconds { try await Self.verify(signed, by: key.key.publicKey) }))
    }
    await ledger.close()
    try bench.report(
      "fsck", "(g) fsck", at: size, ours, "the signatures alone, on all cores", bare)
  }

  /// Verifies signatures on all cores.
  private static func verify(_ events: [SignedEvent], by publicKey: [UInt8]) async throws {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let valid = await withTaskGroup(of: Int.self) { group in
      for core in 0..<cores {
        group.addTask {
          stride(from: core, to: events.count, by: cores).count {
            events[$0].isSigned(by: publicKey)
          }
        }
      }
      return await group.reduce(0, +)
    }
    if valid != events.count { say("(g) \(events.count - valid) signatures are invalid") }
  }
}
