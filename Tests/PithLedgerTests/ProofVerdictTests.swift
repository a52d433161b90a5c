import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

/// Proofs and tokens of the vectors, each over its own digest, with the trusted material that the vectors
/// name.
@Suite("Verdicts on the proofs of the vectors", .privateServer())
struct ProofVerdictTests {
  enum Verdict: Equatable {
    case verified(at: Timestamp?)
    case pending
    /// Refused by a check with this name or prefix.
    case refused(String)
  }

  struct Case {
    let name: String
    let bytes: [UInt8]
    let digest: String?
    let verdict: Verdict
  }

  /// The trusted material for some cases.
  struct Trusting {
    let headers: [UInt8]
    let roots: [UInt8]
    let cases: [Case]
  }

  private static func proofs() throws -> Trusting {
    let vectors = try OpenTimestampsVectors.read()
    let headers = vectors.headers.map { "\($0.height) \($0.headerHex)\n" }.joined()
    var cases = vectors.proofs.map { proof in
      let bitcoin = proof.attestations.filter { $0.kind == "bitcoin" }
      let time = bitcoin.compactMap { attestation in
        vectors.headers.first { $0.height == attestation.height }?.time
      }.min().map { Timestamp(microseconds: $0 * 1_000_000) }
      return Case(
        name: proof.file, bytes: proof.bytes, digest: proof.targetDigestHex,
        verdict: bitcoin.contains { $0.matches == false }
          ? .refused("ots.bitcoin") : time.map { .verified(at: $0) } ?? .pending)
    }
    cases += vectors.malformed.map {
      Case(
        name: $0.file, bytes: $0.bytes, digest: nil,
        verdict: $0.outcome == .refused ? .refused("ots.") : .pending)
    }
    return Trusting(headers: Array(headers.utf8), roots: [], cases: cases)
  }

  private static func tokens() throws -> [Trusting] {
    let vectors = try TimestampTokenVectors.read()
    return try Set(vectors.cases.map(\.ca)).sorted().map { authority in
      let cases = try vectors.cases.filter { $0.ca == authority }.map { item in
        let verdict: Verdict =
          switch item.file {
          case _ where item.isValid: .verified(at: nil)
          // The token is valid and its root is not trusted.
          case "untrusted-ca.tsr": .pending
          case "bad-signature.tsr": .refused("rfc3161.signature")
          case "rejected-badalg.tsr": .refused("rfc3161.status")
          case "trailing-byte.tst": .refused("rfc3161.trailing")
          default: .refused("rfc3161.imprint")
          }
        return Case(
          name: "\(item.file) with \(authority) over \(item.data)",
          bytes: try vectors.bytes(item.file), digest: vectors.digests[item.data],
          verdict: verdict)
      }
      return Trusting(headers: [], roots: try vectors.bytes(authority), cases: cases)
    }
  }

  private func verdict(_ report: JSON) -> Verdict {
    report["verdict"] == "verified"
      ? .verified(at: report["proven_at"]?.stringValue.flatMap { Timestamp($0) }) : .pending
  }

  private func expect(_ found: Verdict, for item: Case, _ detail: String) {
    switch (item.verdict, found) {
    case (.refused(let prefix), .refused(let check)):
      #expect(check.hasPrefix(prefix), "\(item.name): \(detail)")
    case (.verified(nil), .verified(let time)): #expect(time != nil, "\(item.name): \(detail)")
    default: #expect(found == item.verdict, "\(item.name): \(detail)")
    }
  }

  @Test("Over HTTP every file gets its verdict, a refusal names the check, and nothing is stored")
  func overHTTP() async throws {
    try await withService { test, client in
      let ledger = test.ledger
      func check(_ cases: [Case]) async throws {
        for item in cases {
          let query = item.digest.map { "?digest=\($0)" } ?? ""
          let (status, json) = try await client.execute(
            uri: "/api/evidence/check\(query)", method: .post, headers: .bytes,
            body: ByteBuffer(bytes: item.bytes)
          ) { ($0.status.code, try $0.json()) }
          #expect(status == 200 || status == 422, "\(item.name)")
          let refused = json["check"]?.stringValue ?? ""
          self.expect(
            status == 200 ? self.verdict(json) : .refused(refused), for: item,
            json.canonicalString())
        }
      }
      let size = try await ledger.health().size
      let stamps = try Self.proofs()
      #expect(stamps.cases.count > 20)
      _ = try await ledger.trust.addHeaders(stamps.headers)
      try await check(stamps.cases)
      for group in try Self.tokens() {
        _ = try await ledger.trust.addAuthority(group.roots)
        try await check(group.cases)
        #expect(try await ledger.trust.remove(.tsa, Digest(hashing: group.roots)))
      }
      #expect(try await ledger.health().size == size)
      let wrong = try await client.execute(
        uri: "/api/evidence/check?digest=xyz", method: .post, headers: .bytes,
        body: ByteBuffer(string: "x")
      ) { ($0.status.code, try $0.json()) }
      #expect(wrong.0 == 400 && wrong.1["field"] == "digest")
    }
  }

  @Test("From the shell every file gets its verdict by output and exit code")
  func fromTheShell() async throws {
    try await withLedger { test in
      func check(_ cases: [Case]) async throws {
        for item in cases {
          let answer = try await withFile(item.bytes) { file in
            try await test.pithledger(
              ["evidence", "check", file] + (item.digest.map { ["--digest", $0] } ?? []))
          }
          let detail = answer.output + answer.errors
          if case .refused(let check) = item.verdict {
            #expect(answer.status == 2 && answer.errors.contains(check), "\(item.name): \(detail)")
          } else {
            let json = try JSON.parse(Array(answer.output.utf8.filter { $0 != 0x0A }))
            expect(verdict(json), for: item, detail)
            #expect(answer.status == (item.verdict == .pending ? 1 : 0), "\(item.name): \(detail)")
          }
        }
      }
      let stamps = try Self.proofs()
      let added = try await withFile(stamps.headers) {
        try await test.pithledger(["trust", "headers", "add", $0])
      }
      #expect(added.status == 0, "\(added.errors)")
      try await check(stamps.cases)
      for group in try Self.tokens() {
        let trusted = try await withFile(group.roots) {
          try await test.pithledger(["trust", "tsa", "add", $0])
        }
        #expect(trusted.status == 0, "\(trusted.errors)")
        try await check(group.cases)
        let digest = Digest(hashing: group.roots).hex
        #expect(try await test.pithledger(["trust", "tsa", "remove", digest]).status == 0)
      }
    }
  }
}
