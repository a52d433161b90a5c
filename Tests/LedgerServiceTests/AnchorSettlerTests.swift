import CanonicalJSON
import Encodings
import LedgerDomain
import ProofFormats
import TestSupport
import Testing

@testable import LedgerService
@testable import LedgerStore

@Suite("The settlement of anchors")
struct AnchorSettlerTests {
  private struct FakeAnchors: AnchorSource {
    let log: FakeLog
    let proof: [UInt8]?

    func unsettledAnchors(from: Position, limit: Int) -> [StoredEvent] {
      log.events(from: from, limit: limit).filter { $0.type == .timestampAnchor }
    }

    func load(_ stored: StoredEvent) throws -> PendingAnchor {
      let event = try Entry(bytes: stored.entry).event
      guard case .timestampAnchor(let payload) = event.body.payload else { throw FakeFailure() }
      let outcome = AnchorOutcome(
        eventID: stored.eventID, subject: event.body.subject.text, state: .pending,
        detail: "nothing new")
      return PendingAnchor(
        stored: stored, event: event, payload: payload, record: log.record, proof: proof,
        settlement: AnchorSettlement(outcome: outcome, lastChange: stored.recordedAt))
    }
  }

  /// Answers each check with the result for the bytes.
  private struct FakeProofs: ProofChecker {
    let findings: [[UInt8]: Result<Finding, Refusal>]

    func proof(
      _ kind: TimestampAnchor.Kind, _ bytes: [UInt8], of digest: Digest?,
      missing: BlockHeaders.Missing
    ) throws -> Finding {
      guard let result = findings[bytes] else { throw FakeFailure() }
      return try result.get()
    }

    func executed(_ bytes: [UInt8]) throws -> ExecutedProof { try ExecutedProof(bytes) }

    func isAwaitingCalendar(_ proof: ExecutedProof) -> Bool { true }
  }

  private struct FakeCalendars: ProofCompleter {
    let upgrade: ProofUpgrader.Upgrade

    func upgrade(_ bytes: [UInt8]) -> ProofUpgrader.Upgrade { upgrade }
  }

  private static let pending = Finding([Check("bitcoin", .pending)], .pending)
  private static let verified = Finding(
    [Check("bitcoin", .verified)], .verified, provenAt: Timestamp(microseconds: 0))
  private static let refusal = Refusal(.invalid, check: "ots.bitcoin", "Another merkle root.")

  private let recorder = FakeCheckWriter()
  private let log: FakeLog
  private let anchor: StoredEvent
  /// Two real proofs: that of the anchor, and one that calendars return.
  private let proof: [UInt8]
  private let complete: [UInt8]

  init() throws {
    let proofs = try OpenTimestampsVectors.read().proofs
    proof = try #require(proofs.first).bytes
    complete = try #require(proofs.last).bytes
    try #require(proof != complete)
    var writer = EntryWriter()
    let registry = try EntryWriter.Person("root", signerID: "urn:root", type: .registry)
    try writer.register(registry)
    let record = try writer.createRecord(by: registry)
    let position = try writer.append(
      .timestampAnchor,
      [
        "anchor_kind": "opentimestamps", "digest_sha256": .string(Digest(hashing: [1]).hex),
        "evidence_sha256": .string(Digest(hashing: proof).hex),
      ], by: registry, record: record, target: "record", verdict: .pending)
    log = FakeLog(writer, record: record, try #require(writer.records[record]))
    anchor = log.stored[Int(position.rawValue)]
  }

  private func makeSettler(
    _ findings: [[UInt8]: Result<Finding, Refusal>], hasProof: Bool = true,
    upgrade: ProofUpgrader.Upgrade = .init(proof: nil, isUnknown: false)
  ) -> AnchorSettler {
    AnchorSettler(
      anchors: FakeAnchors(log: log, proof: hasProof ? proof : nil),
      evidence: FakeProofs(findings: findings), upgrader: FakeCalendars(upgrade: upgrade),
      recorder: recorder, configuration: LedgerConfiguration(dataDirectory: "/nowhere"),
      logger: silentLogger)
  }

  private func settle(_ settler: AnchorSettler, asking: Bool = false) async throws
    -> AnchorSettlement
  {
    try await settler.settle(anchor, asking: asking, missing: .ignored)
  }

  @Test("A proof that ends at a trusted block settles the anchor")
  func verified() async throws {
    let settlement = try await settle(makeSettler([proof: .success(Self.verified)]))
    #expect(settlement.outcome.state == .verified && !settlement.isPending)
    #expect(
      await recorder.recorded == [
        .init(verdict: .verified, position: anchor.position, finding: Self.verified, report: nil)
      ])
  }

  @Test("A false proof fails the anchor")
  func failed() async throws {
    let settlement = try await settle(makeSettler([proof: .failure(Self.refusal)]))
    #expect(settlement.outcome.state == .failed && !settlement.isPending)
    #expect(await recorder.recorded.map(\.verdict) == [.failed])
  }

  @Test("A pending proof records nothing, and the settlement names what would decide it")
  func pending() async throws {
    let settlement = try await settle(makeSettler([proof: .success(Self.pending)]))
    #expect(settlement.isPending && settlement.isAwaitingCalendar && !settlement.isUnknown)
    #expect(settlement.heights == (try ExecutedProof(proof)).heights)
    #expect(await recorder.recorded.isEmpty)
  }

  @Test("An outage decides nothing")
  func outage() async throws {
    let busy = Refusal(.unavailable, check: "proof.busy", "Too many checks wait.")
    let settler = makeSettler([proof: .failure(busy)])
    await #expect(throws: busy) { try await settle(settler) }
    await #expect(throws: busy) { try await settler.settleAll() }
    #expect(await recorder.recorded.isEmpty)
  }

  @Test("An anchor without its proof stays pending")
  func erased() async throws {
    let settlement = try await settle(makeSettler([:], hasProof: false))
    #expect(settlement.outcome.state == .pending)
    #expect(settlement.outcome.detail.contains("erased"))
  }

  @Test("What calendars add is recorded, and settles the anchor if its block is trusted")
  func upgraded() async throws {
    let upgrade = ProofUpgrader.Upgrade(proof: complete, isUnknown: false)
    for (finding, state) in [
      (Self.pending, AnchorOutcome.State.upgraded), (Self.verified, .verified),
    ] {
      let settler = makeSettler(
        [proof: .success(Self.pending), complete: .success(finding)], upgrade: upgrade)
      let settlement = try await settle(settler, asking: true)
      #expect(settlement.outcome.state == state)
      #expect(settlement.heights == (try ExecutedProof(complete)).heights)
    }
    #expect(await recorder.upgrades == [complete, complete])
    #expect(await recorder.recorded.map(\.verdict) == [.verified])
  }

  @Test("Calendars are asked only on request")
  func notAsked() async throws {
    let settler = makeSettler(
      [proof: .success(Self.pending), complete: .success(Self.verified)],
      upgrade: .init(proof: complete, isUnknown: true))
    #expect(try await settle(settler).isPending)
    #expect(await recorder.upgrades.isEmpty)
    let outcomes = try await settler.settleAll { $0 == anchor.eventID }
    #expect(outcomes.map(\.state) == [.verified])
  }

  @Test("A calendar's false addition does not fail the anchor")
  func falseUpgrade() async throws {
    let settler = makeSettler(
      [proof: .success(Self.pending), complete: .failure(Self.refusal)],
      upgrade: .init(proof: complete, isUnknown: false))
    let settlement = try await settle(settler, asking: true)
    #expect(settlement.outcome.state == .pending)
    #expect(await recorder.upgrades.isEmpty)
    #expect(await recorder.recorded.isEmpty)
  }

  @Test("A commitment that no calendar knows is reported")
  func unknown() async throws {
    let settler = makeSettler(
      [proof: .success(Self.pending)], upgrade: .init(proof: nil, isUnknown: true))
    #expect(try await settle(settler, asking: true).isUnknown)
  }

  @Test("An anchor that cannot be checked does not stop the others")
  func skipped() async throws {
    #expect(try await makeSettler([:]).settleAll().isEmpty)
  }
}
