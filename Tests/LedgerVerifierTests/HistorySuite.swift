import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import LedgerVerifier
import PostgresClient
import ProofFormats
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

/// The shared functions of the suites about bundles and exported logs.
protocol HistorySuite {}

extension HistorySuite {
  /// Runs a test with a ledger that contains every kind of member of a bundle.
  func withHistory(_ body: (LedgerUnderTest, [NoteVerifierKey]) async throws -> Void)
    async throws
  {
    try await withLedger { test in
      let author = try await test.key(
        "author", "https://orcid.org/0000-0002-1825-0097", vouched: .author)
      let first = try await test.cite("10.1/1", by: author)
      _ = try await test.cite("10.1/1", by: author, supersedes: first.eventID, relation: "extends")
      let moderator = try await test.key("moderator", vouched: .moderator)
      _ = try await test.ledger.signingSubmitter.submit(
        type: .replicationRecord,
        payload: [
          "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
          "replication_id": "r1",
        ], record: LedgerUnderTest.number, key: moderator)
      _ = try await test.state()
      let key = try NoteVerifierKey(try #require(try await test.ledger.checkpoints.verifierKey()))
      try await body(test, [key])
    }
  }

  func bundle(_ test: LedgerUnderTest) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await chunk in try await test.ledger.bundles.bundle(LedgerUnderTest.number) {
      bytes += chunk
    }
    return bytes
  }
}
