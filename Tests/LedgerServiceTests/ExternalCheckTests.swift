import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerStore
import LedgerTestSupport
import PostgresClient
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

/// Requests of a running service to external services, and audits of their results.
@Suite("External checks and audits", .privateServer())
struct ExternalCheckTests: EvidenceSuite {
  private func events(_ test: LedgerUnderTest) async throws -> [JSON] {
    try await test.ledger.events.page(of: Self.number).json()["events"]?.arrayValue ?? []
  }

  @Test("A service asks calendars at growing intervals, and settles what it can")
  func jobs() async throws {
    try await withFakeServices { services in
      var external = services.configuration
      external.anchorInterval = .milliseconds(20)
      external.bitcoinCoreURL = services.url
      let configuration = external
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let proof = try await test.requestProof(
          Self.number, calendars: [services.url + "/"])
        _ = try await anchor(test, "opentimestamps", proof)
        let jobs = Task { await test.ledger.backgroundJobs.run() }
        for _ in 0..<100 {
          if try await services.count("/timestamp/") > 0 { break }
          try await Task.sleep(for: .milliseconds(50))
        }
        try await Task.sleep(for: .milliseconds(300))
        let asked = try await services.count("/timestamp/")
        #expect(asked == 1, "asked once, and not again for a minute")
        _ = try await services.mine()
        jobs.cancel()
        await jobs.value
        // A service asks at once after its start, and the node then has the block.
        let next = Task { await test.ledger.backgroundJobs.run() }
        for _ in 0..<100 {
          if try await test.state().status["externally_anchored"] == true { break }
          try await Task.sleep(for: .milliseconds(50))
        }
        next.cancel()
        await next.value
        #expect(try await test.state().status["externally_anchored"] == true)
        let last = try await events(test).suffix(2).map { $0["event_type"]?.stringValue }
        #expect(last == ["anchor_upgraded", "check_recorded"])
        try await test.replayAgrees()
      }
    }
  }

  @Test("The interval grows from a minute to six hours, and newly trusted material is used at once")
  func intervals() throws {
    let roots = Digest(hashing: [])
    let stored = StoredEvent(
      position: 7, record: RecordID(rawValue: 0), eventID: Digest(hashing: [1]),
      type: .timestampAnchor,
      recordedAt: Timestamp.now, entry: [])
    var schedule = AnchorSchedule()
    var now = ContinuousClock.now
    func due(_ known: Set<Int64> = [], _ roots: Digest = roots, at wait: Int64 = 0) -> [Bool] {
      schedule.due(at: now + .seconds(wait), .now, known: known, roots: roots).map(\.asking)
    }
    func look(
      _ asked: Bool, _ heights: [Int64] = [], isUnknown: Bool = false,
      isAwaitingCalendar: Bool = true
    ) {
      schedule.note(
        AnchorSettlement(
          outcome: .init(
            eventID: stored.eventID, subject: "", state: .pending, detail: ""),
          heights: heights, isUnknown: isUnknown, isAwaitingCalendar: isAwaitingCalendar,
          lastChange: stored.recordedAt, expires: true),
        at: 7, asked: asked, now, .init())
    }
    schedule.add(stored, at: now)
    var waits: [Int64] = []
    for _ in 0..<12 {
      #expect(due() == [true])
      look(true, isUnknown: true)
      #expect(due() == [], "nothing changed, nothing is read")
      var wait: Int64 = 0
      while due(at: wait).isEmpty { wait += 60 }
      #expect(due(at: wait - 1) == [])
      waits.append(wait / 60)
      now += .seconds(wait)
    }
    #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360])
    look(true)
    #expect(due([], Digest(hashing: [1])) == [false], "another authority is trusted")
    #expect(due([], Digest(hashing: [1])) == [])
    look(false, [1000])
    #expect(schedule.heights == [1000])
    #expect(due([1001], Digest(hashing: [1])) == [])
    #expect(due([1000], Digest(hashing: [1])) == [false], "a header is trusted that it waits for")
    // An unsigned anchor expires after 30 days, with a complete proof after 7 days, and after a day if
    // its calendars do not know it.
    #expect(!schedule.isExpired(7, at: stored.recordedAt.adding(seconds: 29 * 86_400)))
    #expect(schedule.isExpired(7, at: stored.recordedAt.adding(seconds: 30 * 86_400)))
    look(false, isAwaitingCalendar: false)
    #expect(schedule.isExpired(7, at: stored.recordedAt.adding(seconds: 7 * 86_400)))
    look(false)
    for _ in 0..<3 { look(true, isUnknown: true) }
    #expect(schedule.isExpired(7, at: stored.recordedAt.adding(seconds: 86_400)))
    #expect(!schedule.isExpired(7, at: stored.recordedAt.adding(seconds: 86_000)))
  }

  @Test(
    "Trusted headers: proof of work, links, one header for a height, and all of a file or nothing")
  func headerTrust() async throws {
    try await withBoth { test, services in
      let first = String(decoding: try await services.mine(), as: UTF8.self)
      let second = String(decoding: try await services.mine(), as: UTF8.self)
      let third = String(decoding: try await services.mine(), as: UTF8.self)
      func check(_ text: String) async -> String {
        do {
          return "\(try await test.ledger.trust.addHeaders(Array(text.utf8)))"
        } catch let refusal as Refusal { return refusal.check } catch { return "\(error)" }
      }
      // Every second hash meets the target of the tests' chain, so a nonce that does not meet it is found
      // soon.
      var spoilt = ""
      for digit in "0123456789abcdef" where spoilt.isEmpty {
        let candidate = first.dropLast(2) + "\(digit)\n"
        if await check(String(candidate)) == "header.proof_of_work" { spoilt = String(candidate) }
      }
      #expect(!spoilt.isEmpty)
      #expect(await check(first + "1001 " + third.dropFirst(5)) == "header.link")
      #expect(await check(first + spoilt) == "header.proof_of_work")
      let trusted = try await test.ledger.trust.summary()
      #expect(trusted.headerCount <= 1, "nothing of a refused file is trusted")
      _ = try await test.ledger.trust.removeHeader(1000)
      #expect(await check(first + third) == "2", "not consecutive")
      #expect(await check(second) == "1", "and it links both")
      #expect(await check("1002 " + second.dropFirst(5)) == "header.link")
    }
  }

  @Test("Two proofs over one digest are two anchors; one of them sent again is the same")
  func twoProofs() async throws {
    try await withBoth { test, services in
      let proofs = [
        try await test.requestProof(
          Self.number, calendars: [services.url]),
        try await test.requestProof(
          Self.number, calendars: [services.url]),
      ]
      let first = try await anchor(test, "opentimestamps", proofs[0])
      let second = try await anchor(test, "opentimestamps", proofs[1])
      #expect(first.created && second.created && first.position != second.position)
      let again = try await anchor(test, "opentimestamps", proofs[1])
      #expect(!again.created && again.position == second.position)
    }
  }

  @Test("An authority's answer to another request is refused")
  func replayedToken() async throws {
    try await withBoth { test, services in
      _ = try await test.requestToken(
        Self.number, authority: services.url + "/tsa")
      await #expect(throws: Refusal(.invalid, check: "rfc3161.nonce", "")) {
        try await test.requestToken(
          Self.number, authority: services.url + "/tsa-replay")
      }
    }
  }

  @Test(
    "Tokens of the test authorities get their verdict, or are refused by the check that fails"
  )
  func madeTokens() async throws {
    try await withLedger { test in
      let digest = try await digest(test)
      let cases = try await MadeToken.all(over: digest.bytes)
      let usual = try #require(cases.first { $0.name == "good" })
      _ = try await test.ledger.trust.addAuthority(usual.roots)
      for item in cases where item.roots == usual.roots {
        var outcome: String
        let size = try await test.ledger.health().size
        do {
          outcome = try await anchor(test, "rfc3161", item.token).standing
        } catch let refusal as Refusal {
          outcome = refusal.check
          #expect(try await test.ledger.health().size == size)
        }
        #expect(
          outcome == (item.expected == "untrusted" ? "pending" : item.expected), "\(item.name)")
      }
      try await test.replayAgrees()
    }
  }

  // MARK: Audits and erasure

  @Test(
    "An audit checks everything against the current trust, reports its progress, and changes nothing"
  )
  func audits() async throws {
    try await withBoth { test, services in
      let token = try await test.requestToken(
        Self.number, authority: services.url + "/tsa")
      _ = try await test.ledger.trust.addAuthority(services.file("tsa-root.pem"))
      _ = try await anchor(test, "rfc3161", token)
      let proof = try await test.requestProof(
        Self.number, calendars: [services.url])
      _ = try await anchor(test, "opentimestamps", proof)
      let headers = try await services.mine()
      _ = try await test.ledger.trust.addHeaders(headers)
      _ = try await test.ledger.anchorSettler.settleAll { _ in true }
      let pith = try #require(PithNumber(Self.number))
      let identity = try await services.token(claims(IdentityNonce.of(pith)))
      _ = try await bare(test, .authorAttestation, claim(identity), evidence: [identity])
      let bytes = Array("hello".utf8)
      _ = try await services.post("/put/paper", bytes)
      _ = try await bare(
        test, .storageAttestation, place("https", services.url + "/paper", bytes))
      let key = try await test.key("k")
      for index in 0..<40 { _ = try await test.cite("10.1000/\(index)", by: key) }

      let progress = Mutex<[Int64]>([])
      let first = try await test.ledger.auditor.audit(nil) { done, size in
        progress.withLock { $0.append(done) }
        #expect(done <= size)
      }
      #expect(first.findings.isEmpty, "\(first.findings.map(\.json))")
      #expect(first.events == (try await test.ledger.health().size.stored))
      let steps = progress.withLock { $0 }
      #expect(!steps.isEmpty && steps == steps.sorted())

      // Trusted material is removed, and evidence is changed in the database.
      _ = try await test.ledger.trust.removeHeader(1000)
      _ = try await test.ledger.trust.remove(
        .tsa, Digest(hashing: try services.file("tsa-root.pem")))
      _ = try await services.post("/rotate")
      let before = try await (test.ledger.health().size, test.state())
      let another = LedgerUnderTest(
        ledger: try await test.another(runProjector: false), uri: test.uri)
      let report = try await another.ledger.auditor.audit(Self.number)
      await another.ledger.close()
      let said = report.findings.map { "\($0.check) \($0.was) \($0.now)" }.sorted()
      #expect(
        said == [
          "opentimestamps verified pending", "rfc3161 verified pending",
          "token_signature verified failed",
        ])
      let after = try await (test.ledger.health().size, test.state())
      #expect(before.0 == after.0 && before.1 == after.1, "an audit changes nothing")
    }
  }

  @Test("Replay needs no network and no evidence: it gives the same rows after an erasure")
  func replayAfterErasure() async throws {
    try await withBoth { test, services in
      _ = try await test.ledger.trust.addAuthority(services.file("tsa-root.pem"))
      let stamp = try await test.requestToken(
        Self.number, authority: services.url + "/tsa")
      _ = try await anchor(test, "rfc3161", stamp)
      let pith = try #require(PithNumber(Self.number))
      let token = try await services.token(claims(IdentityNonce.of(pith)))
      _ = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      let bytes = Array("elsewhere".utf8)
      _ = try await services.post("/put/paper", bytes)
      _ = try await bare(
        test, .storageAttestation, place("https", services.url + "/paper", bytes))
      let before = try await test.state().status
      #expect(before["externally_anchored"] == true && before["author_attested"] == true)
      let log = try await test.owner {
        try await $0.query("SELECT entry FROM ledger.event ORDER BY position").map {
          try $0.bytes(0)
        }
      }
      let evidence = try await test.owner {
        try await $0.query("SELECT sha256 FROM ledger.evidence").map { try $0.bytes(0) }
      }
      #expect(evidence.count >= 4, "the document, the token, the identity, the report")
      for bytes in evidence {
        let digest = try #require(Digest(hex: Hex.encode(bytes)))
        _ = try await test.ledger.evidenceEraser.erase(digest, reason: "everything goes")
      }
      let rows = try await test.state()
      #expect(rows.status == before, "what was verified stays so")
      // A ledger without external services and without trusted material.
      var configuration = test.ledger.configuration
      configuration.externalServices = LedgerConfiguration.ExternalServices()
      configuration.clock = { Timestamp(microseconds: 0) }
      try await test.owner {
        try await $0.execute("DELETE FROM ledger.trusted_document")
        #expect(try await $0.query("SELECT FROM ledger.evidence").isEmpty)
      }
      let alone = try await Ledger.open(
        configuration, runProjector: false, logger: PrivateServer.logger)
      #expect(try await alone.replay(check: true) { _ in }.drift.isEmpty)
      #expect(try await alone.replay(check: false) { _ in }.swapped)
      await alone.close()
      #expect(try await test.state() == rows)
      let after = try await test.owner {
        try await $0.query("SELECT entry FROM ledger.event ORDER BY position").map {
          try $0.bytes(0)
        }
      }
      #expect(Array(after.prefix(log.count)) == log, "the log is as it was")
    }
  }
}
