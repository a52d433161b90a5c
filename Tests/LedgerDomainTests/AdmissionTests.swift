import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing

/// Every check of admission, and every way to fail it, without a database.
@Suite("Admission")
struct AdmissionTests {
  /// One event that admission refuses.
  struct Case: Sendable {
    let name: String
    let rule: AdmissionRule
    let code: Refusal.Code
    let field: String?
    let make: @Sendable (inout AdmissionScene) throws -> SignedEvent

    init(
      _ name: String, _ rule: AdmissionRule, _ field: String?, code: Refusal.Code = .invalid,
      _ make: @escaping @Sendable (inout AdmissionScene) throws -> SignedEvent
    ) {
      self.name = name
      self.rule = rule
      self.code = code
      self.field = field
      self.make = make
    }
  }

  static let cases =
    common + signers + keys + records + anchors + storage + authors + statements + slots

  @Test("An event is refused with the check, the code and the member", arguments: cases)
  func refusal(_ one: Case) throws {
    var scene = try AdmissionScene()
    let event = try one.make(&scene)
    do {
      _ = try scene.admit(event)
      Issue.record("\(one.name) was admitted")
    } catch let refusal as Refusal {
      #expect(refusal.check == one.rule.rawValue, "\(one.name): \(refusal)")
      #expect(refusal.code == one.code, "\(one.name): \(refusal)")
      #expect(refusal.field == one.field, "\(one.name): \(refusal)")
    }
  }

  @Test("Every rule of admission has a case")
  func coverage() {
    let missing = Set(AdmissionRule.allCases).subtracting(Self.cases.map(\.rule))
    #expect(missing.isEmpty, "\(missing)")
  }

  // MARK: What is admitted

  @Test("A citation, a claim, a vouch and a decision are admitted")
  func admitted() throws {
    var scene = try AdmissionScene()
    #expect(try scene.admit(scene.citation()).verdict == .verified)
    #expect(try scene.admit(scene.vouching(scene.stranger, as: .author)).verdict == .verified)
    let run = scene.append(try replication(scene, by: scene.stranger))
    #expect(try scene.admit(decision(scene, on: run, by: scene.moderator)).verdict == .verified)
    scene.context.record?.authorNames = ["A. Author"]
    let claim = try scene.admit(claim(scene, by: scene.author))
    #expect(claim.checks.contains(Check("author_name", .verified)))
    #expect(claim.checks.contains(Check("verified_name", .pending)))
  }

  @Test("A fact that cannot be decided is pending, and a finding decides it")
  func findings() throws {
    var scene = try AdmissionScene()
    scene.context.evidence = evidence(ots(scene.record.digest))
    let anchor = try anchor(scene, ots(scene.record.digest))
    let pending = try scene.admit(anchor)
    #expect(pending.verdict == .pending && pending.checks.last == Check("bitcoin", .pending))
    scene.context.finding = Finding(
      [Check("bitcoin", .verified)], .verified, provenAt: AdmissionScene.now)
    let proven = try scene.admit(anchor)
    #expect(proven.verdict == .verified && proven.provenAt == AdmissionScene.now)
  }

  @Test("The precheck ignores the slot and the finding")
  func beforehand() throws {
    var scene = try AdmissionScene()
    scene.append(try scene.citation())
    let again = try VerifiedEvent(
      scene.citation("10.1/1", ["note": "again"]), keys: scene.context.timeline)
    #expect(throws: Refusal(.conflict, check: "slot", "")) { try admit(again, scene.context) }
    try precheck(again, scene.context)
    let stored = try storageStatement(scene, by: scene.stranger)
    #expect(throws: Refusal(.invalid, check: "fetch", "")) { try scene.admit(stored) }
    try precheck(VerifiedEvent(stored, keys: scene.context.timeline), scene.context)
  }
}
