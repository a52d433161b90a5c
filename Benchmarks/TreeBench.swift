import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import PostgresClient
import TransparencyLog

/// (g) Measures the costs of the transparency log: appends while the tree is built, and leaves.
struct TreeBench {
  let bench: Bench
  let directory: String

  func run(_ store: LedgerStore, append: (Int) async throws -> [Double]) async throws {
    try await appends(store, append)
    try await leaves(store)
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
}
