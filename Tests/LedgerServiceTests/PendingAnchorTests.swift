import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import ProofFormats
import SafeHTTPClient
import Synchronization
import TestSupport
import Testing

@testable import LedgerService

/// Pending anchors: their admission, the requests to calendars, and their expiry.
@Suite("Pending anchors", .privateServer(), .serialized)
struct PendingAnchorTests {
  private let evidence = EvidenceScenario()
  private typealias Node = OpenTimestampsProof.Node

  /// A proof over the record's digest with a separate attestation for each nonce.
  private func proof(
    _ test: LedgerUnderTest, _ nonces: [[UInt8]], _ attestation: OpenTimestampsProof.Attestation
  ) async throws -> [UInt8] {
    OpenTimestampsProof(
      algorithm: .sha256, digest: try await evidence.digest(test).bytes,
      root: Node(
        items: nonces.map {
          .operation(
            .append($0),
            Node(items: [.operation(.hash(.sha256), Node(items: [.attestation(attestation)]))]))
        })
    ).serialised()
  }

  private func anchorAs(
    _ client: ClientID, _ test: LedgerUnderTest, _ proof: [UInt8]
  ) async throws -> SubmissionAnswer {
    let name = Digest(hashing: proof).hex
    let json: JSON = [
      "evidence": .object([name: .string(Base64.encode(proof))]),
      "payload": [
        "anchor_kind": "opentimestamps",
        "digest_sha256": .string(try await evidence.digest(test).hex),
        "evidence_sha256": .string(name),
      ],
    ]
    return try await test.ledger.submitter.submit(
      json.canonicalBytes(), record: Fixtures.sampleNumber, action: .timestampAnchor, client: client
    )
  }

  private func numbers(_ count: Int, _ salt: UInt8 = 0) -> [[UInt8]] {
    (0..<count).map { [salt, UInt8($0 & 0xFF), UInt8($0 >> 8)] }
  }

  @Test(
    "Unsigned anchors that cannot be settled do not use a record's limit, and expire after a day")
  func worthlessAnchors() async throws {
    try await withFakeServices { services in
      let hours = Mutex<Int64>(0)
      let external = services.configuration
      try await withLedger(configure: {
        $0.externalServices = external
        $0.clock = { Timestamp.now.adding(seconds: 3600 * hours.withLock { $0 }) }
      }) { test in
        let worthless: [OpenTimestampsProof.Attestation] = [
          .pending(uri: "https://calendar.example"), .pending(uri: services.url + "/"),
          .pending(uri: services.url.uppercased()), .litecoin(height: 1), .ethereum(height: 1),
          .unknown(tag: Array(1...8), payload: []), .bitcoin(height: 10_000_000),
          .bitcoin(height: UInt64(Int64.max)), .bitcoin(height: .max),
        ]
        for (index, attestation) in (worthless + worthless).enumerated() {
          let proof = try await proof(test, [[UInt8(index)]], attestation)
          let answer = try await anchorAs(ClientID("\(index)"), test, proof)
          #expect(answer.standing == "pending", "\(attestation)")
          #expect(answer.reason?.contains("no calendar") == true, "\(attestation)")
        }
        // Anchors that cannot be settled do not count against the limit of pending anchors.
        let genuine = try await test.requestProof(
          Fixtures.sampleNumber, calendars: [services.url])
        #expect(try await anchorAs(ClientID("reader"), test, genuine).standing == "pending")
        let block = try await proof(test, [[1]], .bitcoin(height: 500_000))
        #expect(try await anchorAs(ClientID("reader"), test, block).standing == "pending")
        let status = try await test.ledger.records.status(Fixtures.sampleNumber).json
        #expect(counts(status, "pending") == 20)
        try await test.replayAgrees()
        hours.withLock { $0 = 25 }
        var schedule = AnchorSchedule()
        try await test.ledger.dueAnchorSettler.settleDue(&schedule)
        let later = try await test.ledger.records.status(Fixtures.sampleNumber).json
        #expect(counts(later, "pending") == 2 && counts(later, "rejected") == 18)
        try await test.replayAgrees()
      }
    }
  }

  private func counts(_ status: JSON, _ bucket: String) -> Int64? {
    status["event_summary"]?["by_type"]?["timestamp_anchor"]?[bucket]?.integerValue
  }

  @Test("A signed anchor that cannot be settled is not limited and does not expire")
  func signedWorthlessAnchor() async throws {
    try await evidence.withBoth { test, _ in
      let key = try await test.key("k")
      let signed = try await proof(test, [[9]], .pending(uri: "https://calendar.example"))
      let answer = try await test.submit(
        .timestampAnchor,
        [
          "anchor_kind": "opentimestamps", "digest_sha256": .string(evidence.digest(test).hex),
          "evidence_sha256": .string(Digest(hashing: signed).hex),
        ], by: key, evidence: [signed])
      #expect(answer.standing == "pending")
    }
  }

  @Test("One client cannot use up a record's limit of unsigned anchors")
  func placesPerClient() async throws {
    try await evidence.withBoth { test, services in
      for index in 0..<4 {
        let junk = try await proof(test, numbers(1, UInt8(index)), .pending(uri: services.url))
        #expect(try await anchorAs(ClientID("attacker"), test, junk).standing == "pending")
      }
      let fifth = try await proof(test, numbers(1, 200), .pending(uri: services.url))
      await #expect(throws: Refusal(.tooMany, check: "pending_anchors", "")) {
        try await anchorAs(ClientID("attacker"), test, fifth)
      }
      let genuine = try await test.requestProof(
        Fixtures.sampleNumber, calendars: [services.url])
      #expect(try await anchorAs(ClientID("reader"), test, genuine).standing == "pending")
    }
  }

  @Test("Sixteen invalid anchors use up a record's limit only until they expire after a day")
  func junkEnds() async throws {
    try await withFakeServices { services in
      let days = Mutex<Int64>(0)
      let external = services.configuration
      try await withLedger(configure: {
        $0.externalServices = external
        $0.clock = { Timestamp.now.adding(seconds: 3600 * days.withLock { $0 }) }
      }) { test in
        // The proofs name a configured calendar and commitments that it does not know.
        for index in 0..<16 {
          let junk = try await proof(test, numbers(1, UInt8(index)), .pending(uri: services.url))
          _ = try await anchorAs(ClientID("\(index / 4)"), test, junk)
        }
        let genuine = try await test.requestProof(
          Fixtures.sampleNumber, calendars: [services.url])
        await #expect(throws: Refusal(.tooMany, check: "pending_anchors", "")) {
          try await anchorAs(ClientID("reader"), test, genuine)
        }
        var schedule = AnchorSchedule(firstWait: .zero)
        for _ in 0..<3 {
          let outcomes = try await test.ledger.dueAnchorSettler.settleDue(&schedule)
          #expect(outcomes.count == 16 && outcomes.allSatisfy { $0.state == .pending })
        }
        days.withLock { $0 = 25 }
        let ended = try await test.ledger.dueAnchorSettler.settleDue(&schedule)
        #expect(ended.count { $0.state == .failed } == 16)
        #expect(ended.last?.detail.hasPrefix("expired") == true)
        let answer = try await anchorAs(ClientID("reader"), test, genuine)
        #expect(answer.standing == "pending")
        #expect(answer.eventSummary?["by_type"]?["timestamp_anchor"]?["rejected"] == 16)
        // The calendar knows this commitment, so the limit is thirty days.
        for _ in 0..<4 { try await test.ledger.dueAnchorSettler.settleDue(&schedule) }
        days.withLock { $0 = 25 + 29 * 24 }
        let waiting = try await test.ledger.dueAnchorSettler.settleDue(&schedule)
        #expect(waiting.map(\.state) == [.pending])
        days.withLock { $0 = 25 + 31 * 24 }
        let gone = try await test.ledger.dueAnchorSettler.settleDue(&schedule)
        #expect(gone.last?.state == .failed)
        // The same proof can be submitted again.
        let again = try await anchorAs(ClientID("another"), test, genuine)
        #expect(again.created && again.standing == "pending")
        try await test.replayAgrees()
      }
    }
  }

  @Test(
    "Eight promises of a proof are followed, each once, at a limited rate")
  func promises() async throws {
    try await evidence.withBoth { test, services in
      let many = try await proof(test, numbers(100), .pending(uri: services.url))
      _ = try await evidence.anchor(test, "opentimestamps", many)
      #expect(
        try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.pending])
      #expect(try await services.count("/timestamp/") == ProofUpgrader.maxAttestations)
      // A hundred equal promises are asked for once.
      let one = Node(items: [
        .operation(.hash(.sha256), Node(items: [.attestation(.pending(uri: services.url))]))
      ])
      let same = OpenTimestampsProof(
        algorithm: .sha256, digest: try await evidence.digest(test).bytes,
        root: Node(items: (0..<100).flatMap { _ in one.items }))
      let upgraded = try await test.ledger.proofUpgrader.upgrade(same.serialised())
      #expect(upgraded.proof == nil && upgraded.isUnknown)
      #expect(try await services.count("/timestamp/") == ProofUpgrader.maxAttestations + 1)
    }
  }

  @Test("A failing calendar is not asked during a pause, and does not fail an anchor")
  func failingCalendar() async throws {
    try await evidence.withBoth { test, services in
      let calendars = CalendarClient(test.ledger.evidenceChecker.fetch)
      let closed = "https://localhost:1"
      for index in 0..<5 {
        do {
          _ = try await calendars.timestamp(
            of: [UInt8](repeating: UInt8(index), count: 32), by: closed)
          Issue.record("a closed port answered")
        } catch {
          let isPause = "\(error)".contains("is not asked for")
          #expect(isPause == (index > 0), "\(error)")
        }
      }
      // The rate limit: a burst of eight requests, then four per second, one at a time.
      let start = ContinuousClock.now
      await withTaskGroup(of: Void.self) { group in
        for index in 0..<12 {
          group.addTask {
            _ = try? await calendars.timestamp(
              of: [UInt8](repeating: UInt8(100 + index), count: 32), by: services.url)
          }
        }
      }
      #expect(ContinuousClock.now - start > .milliseconds(800))
      let asked = try await services.count("/timestamp/")
      #expect(asked == 12)
    }
  }

  @Test("A proof is executed once for all submissions and rounds")
  func executedOnce() async throws {
    try await evidence.withBoth { test, services in
      let pending = try await proof(test, numbers(20), .bitcoin(height: 1000))
      let executor = test.ledger.evidenceChecker.executor
      let before = await executor.executions
      _ = try await evidence.anchor(test, "opentimestamps", pending)
      for _ in 0..<5 { _ = try await test.ledger.evidenceInspector.inspect(pending, of: nil) }
      var schedule = AnchorSchedule()
      #expect(
        try await test.ledger.dueAnchorSettler.settleDue(&schedule).map(\.state) == [.pending])
      for _ in 0..<5 {
        #expect(try await test.ledger.dueAnchorSettler.settleDue(&schedule).isEmpty)
      }
      #expect(await executor.executions == before + 1)
      _ = try await test.ledger.trust.addHeaders(try await services.mine())
      #expect(try await test.ledger.dueAnchorSettler.settleDue(&schedule).map(\.state) == [.failed])
      #expect(await executor.executions == before + 1, "trust changed, and the proof did not")
      #expect(schedule.pending.isEmpty)
    }
  }

  @Test(
    "Proofs beyond the budget are refused with the check's name, and never pending"
  )
  func expensiveProofs() async throws {
    try await evidence.withBoth { test, _ in
      func tower(_ height: UInt64) async throws -> [UInt8] {
        let end = Node(items: [.attestation(.bitcoin(height: height))])
        var node = Node(items: (0..<100).map { _ in .operation(.hash(.keccak256), end) })
        for _ in 0..<7 { node = Node(items: [.operation(.hexlify, node)]) }
        return OpenTimestampsProof(
          algorithm: .sha256, digest: try await evidence.digest(test).bytes, root: node
        ).serialised()
      }
      let size = try await test.ledger.health().size
      for height in UInt64(1)...3 {
        let bytes = try await tower(height)
        #expect(bytes.count < 8192)
        await #expect(throws: Refusal(.invalid, check: "ots.budget", "")) {
          try await evidence.anchor(test, "opentimestamps", bytes)
        }
        await #expect(throws: Refusal(.invalid, check: "ots.budget", "")) {
          try await test.ledger.evidenceInspector.inspect(bytes, of: nil)
        }
      }
      #expect(try await test.ledger.health().size == size)
    }
  }

  @Test("The queue of checks is limited, in total and for each client")
  func checkQueue() async throws {
    var limits = ProofExecutor.Limits()
    limits.concurrent = 1
    limits.waiting = 6
    limits.waitingPerClient = 2
    let executor = ProofExecutor(limits)
    let gate = DispatchSemaphore(value: 0)
    func submit(_ client: String?) -> Task<String, Never> {
      Task {
        do {
          try await FetchClient.$current.withValue(client) {
            try await executor.run { gate.wait() }
          }
          return "done"
        } catch { return (error as? Refusal)?.check ?? "\(error)" }
      }
    }
    var tasks = [submit("a")]
    while await executor.load.running < 1 { await Task.yield() }
    for index in 1...3 {
      tasks.append(submit("a"))
      while await executor.load.waiting < min(index, 2) { await Task.yield() }
    }
    #expect(await tasks[3].value == "check_limit")
    for index in 0..<4 {
      tasks.append(submit("b\(index)"))
      while await executor.load.waiting < 3 + index { await Task.yield() }
    }
    tasks.append(submit("c"))
    #expect(await tasks[8].value == "checks_busy")
    for _ in 0..<8 { gate.signal() }
    for index in [0, 1, 2, 4, 5, 6, 7] { #expect(await tasks[index].value == "done") }
  }
}
