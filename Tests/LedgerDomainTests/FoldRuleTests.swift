import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing

/// The rules of standing and fold, one test for each rule (`docs/specification/standing.md`).
@Suite struct FoldRuleTests {
  private var log = LogWriter()
  private let record: RecordID
  private let later = Timestamp(microseconds: 9_000_000_000)

  init() {
    record = log.record()
  }

  private func count(_ type: EventType, _ standing: Standing) -> Int32 {
    log.sums(record).counts[Int(type.rawValue - 1) * 6 + standing.rawValue]
  }

  // MARK: Authors

  @Test mutating func aVouchStrengthensLaterClaimsOnly() {
    let author = log.signer("a", LogWriter.orcid(1))
    let before = log.attest(.authorAttestation, record, by: author)
    log.vouch(author)
    #expect(log.standing(before) == "weak")
    let after = log.attest(.authorAttestation, record, by: author)
    #expect(log.standing(before) == "weak")
    #expect(log.standing(after) == "strong")
    #expect(log.sums(record).strongAuthors == 1)
    // The earlier claim belongs to the same signer, who is counted once.
    #expect(log.sums(record).weakAuthors == 0)
  }

  @Test mutating func aStrongClaimReplacesTheSameIdentitysWeakOne() {
    let author = log.signer("a", LogWriter.orcid(1), vouched: .author)
    log.attest(.authorAttestation, record, by: author, flags: .nameMismatch)
    #expect(log.sums(record).weakAuthors == 1)
    log.attest(.authorAttestation, record, by: author, target: "claim:C1")
    #expect(log.sums(record).weakAuthors == 0)
    #expect(log.sums(record).strongAuthors == 1)
  }

  @Test mutating func onlyTheRegistrysVouchCounts() {
    let author = log.signer("a", LogWriter.orcid(1))
    let friend = log.signer("b", vouched: .author)
    log.vouch(author, by: friend)
    let claim = log.attest(.authorAttestation, record, by: author)
    #expect(log.standing(claim) == "weak")
  }

  @Test mutating func aRegistrationOfAnotherIdentityDoesNotChangeItsStatements() {
    let author = log.signer("a", LogWriter.orcid(1), vouched: .author)
    let claim = log.attest(.authorAttestation, record, by: author)
    let before = log.sums(record)
    let thief = log.signer("thief", LogWriter.orcid(1))
    let false1 = log.attest(.authorAttestation, record, by: thief, says: "b", supersedes: claim)
    log.about(claim, .eventWithdrawn, by: thief)
    #expect(log.standing(claim) == "strong")
    #expect(log.standing(false1) == "weak")
    #expect(log.sums(record).strongAuthors == before.strongAuthors)
    #expect(log.sums(record).equivocations == 0)
  }

  @Test mutating func aPendingTokenClaimTakesNoSlot() {
    let id = LogWriter.orcid(1)
    let author = log.signer("a", id, vouched: .author)
    let pending = log.attest(.authorAttestation, record, says: "x", verdict: .pending, token: id)
    let other = log.attest(.authorAttestation, record, says: "y", verdict: .pending, token: id)
    let claim = log.attest(.authorAttestation, record, by: author, says: "z")
    #expect(log.standing(pending) == "pending")
    #expect(log.standing(other) == "pending")
    #expect(log.standing(claim) == "strong")
    #expect(log.sums(record).equivocations == 0)
    #expect(log.sums(record).weakAuthors == 0)
    log.about(pending, .checkRecorded, verdict: .verified)
    #expect(log.standing(pending) == "strong")
    // The verified claim belongs to the same iD, which now has two contradicting claims.
    #expect(log.standing(claim) == "rejected")
    #expect(log.sums(record).equivocations == 1)
    #expect(log.sums(record).strongAuthors == 1)
  }

  // MARK: Supersession, withdrawal, equivocation

  @Test mutating func aSupersessionNeedsTheSameIdentitySlotAndTarget() {
    let a = log.signer("a")
    let b = log.signer("b")
    let first = log.attest(.citationSignature, record, by: a)
    log.attest(.citationSignature, record, by: b, supersedes: first)
    log.attest(.citationSignature, record, by: a, says: "b", supersedes: first, target: "claim:C1")
    #expect(log.standing(first) == "verified")
    let newer = log.attest(.citationSignature, record, by: a, says: "b", supersedes: first)
    #expect(log.standing(first) == "superseded")
    #expect(log.standing(newer) == "verified")
    #expect(log.sums(record).equivocations == 0)
  }

  @Test mutating func aWithdrawalOfTheNewerStatementDoesNotRestoreTheOlderOne() {
    let a = log.signer("a")
    let first = log.attest(.citationSignature, record, by: a)
    let second = log.attest(.citationSignature, record, by: a, says: "b", supersedes: first)
    log.about(second, .eventWithdrawn, by: a)
    #expect(log.standing(first) == "superseded")
    #expect(log.standing(second) == "withdrawn")
    #expect(log.sums(record).citationEdges == 0)
  }

  @Test mutating func aRevokedStatementSupersedesNothing() {
    let a = log.signer("a", LogWriter.orcid(1), vouched: .author)
    let b = log.signer("b", LogWriter.orcid(1), vouched: .author)
    let first = log.attest(.citationSignature, record, by: a)
    let second = log.attest(.citationSignature, record, by: b, says: "b", supersedes: first)
    #expect(log.standing(first) == "superseded")
    log.revoke(b, from: second)
    #expect(log.standing(first) == "verified")
    #expect(log.standing(second) == "revoked")
  }

  @Test mutating func theLowestPositionOfAnEquivocationCounts() {
    let a = log.signer("a")
    let first = log.attest(.storageAttestation, record, by: a, says: "a")
    let second = log.attest(.storageAttestation, record, by: a, says: "b")
    let third = log.attest(.storageAttestation, record, by: a, says: "c")
    #expect([first, second, third].map(log.standing) == ["verified", "rejected", "rejected"])
    #expect(log.sums(record).equivocations == 1)
    log.about(first, .eventWithdrawn, by: a, createdAt: LogWriter.time(of: first))
    #expect([first, second, third].map(log.standing) == ["withdrawn", "verified", "rejected"])
  }

  @Test mutating func aRepetitionIsNoEquivocation() {
    let a = log.signer("a")
    log.attest(.citationSignature, record, by: a)
    log.attest(.citationSignature, record, by: a)
    #expect(log.sums(record).equivocations == 0)
    #expect(log.sums(record).citationEdges == 1)
    #expect(count(.citationSignature, .verified) == 2)
  }

  @Test mutating func twoStatementsThatSupersedeTheSameOneEquivocate() {
    let a = log.signer("a")
    let first = log.attest(.citationSignature, record, by: a)
    let one = log.attest(.citationSignature, record, by: a, says: "b", supersedes: first)
    let two = log.attest(.citationSignature, record, by: a, says: "c", supersedes: first)
    #expect([first, one, two].map(log.standing) == ["superseded", "verified", "rejected"])
    #expect(log.sums(record).equivocations == 1)
  }

  @Test mutating func onlyTheSignerAndTheRegistryCanWithdraw() {
    let a = log.signer("a")
    let b = log.signer("b")
    let edge = log.attest(.citationSignature, record, by: a)
    log.about(edge, .eventWithdrawn, by: b)
    #expect(log.standing(edge) == "verified")
    log.about(edge, .eventWithdrawn)
    #expect(log.standing(edge) == "withdrawn")
  }

  // MARK: Moderation

  @Test mutating func theLatestStandingDecisionCounts() {
    let moderator = log.signer("m", nil, .author, vouched: .moderator)
    let other = log.signer("n", nil, .author, vouched: .moderator)
    let run = log.attest(.replicationRecord, record, by: log.signer("r"))
    #expect(log.standing(run) == "pending")
    log.about(run, .moderationDecision, by: moderator, approved: true)
    #expect(log.standing(run) == "approved")
    let second = log.about(run, .moderationDecision, by: other, approved: false)
    #expect(log.standing(run) == "rejected")
    // The second moderator's decision loses its standing, so the first decision counts again.
    log.revoke(other, from: second)
    #expect(log.standing(run) == "approved")
    #expect(log.sums(record).approvedReplications == 1)
  }

  @Test mutating func onlyModeratorsDecideAndNotOnTheirOwnStatements() {
    let id = LogWriter.orcid(2)
    let moderator = log.signer("m", id, .author, vouched: .moderator)
    let sameperson = log.signer("n", id, .author, vouched: .author)
    let own = log.attest(.replicationRecord, record, by: moderator)
    let alsoOwn = log.attest(.replicationRecord, record, by: sameperson, slot: "2")
    let foreign = log.attest(.replicationRecord, record, by: log.signer("r"))
    for run in [own, alsoOwn] { log.about(run, .moderationDecision, by: moderator, approved: true) }
    log.about(foreign, .moderationDecision, by: sameperson, approved: true)
    log.about(foreign, .moderationDecision, approved: true)
    #expect([own, alsoOwn, foreign].map(log.standing) == ["pending", "pending", "pending"])
  }

  @Test mutating func aDecisionAboutAnotherTypeHasNoEffect() {
    let moderator = log.signer("m", vouched: .moderator)
    let edge = log.attest(.citationSignature, record, by: log.signer("a"))
    log.about(edge, .moderationDecision, by: moderator, approved: false)
    #expect(log.standing(edge) == "verified")
  }

  // MARK: Keys

  @Test mutating func aRevocationCountsFromItsPosition() {
    let a = log.signer("a")
    let before = log.attest(.citationSignature, record, by: a)
    log.revoke(a, by: a)
    let after = log.attest(.citationSignature, record, by: a, slot: "2")
    #expect(log.standing(before) == "verified")
    #expect(log.standing(after) == "revoked")
  }

  @Test mutating func onlyTheRegistryNamesAnEarlierPositionForAVouchedKey() {
    let a = log.signer("a", vouched: .author)
    let edge = log.attest(.citationSignature, record, by: a)
    log.revoke(a, by: a, from: 0)
    #expect(log.standing(edge) == "verified")
    log.revoke(a, from: edge)
    #expect(log.standing(edge) == "revoked")
    let b = log.signer("b")
    let own = log.attest(.citationSignature, record, by: b)
    log.revoke(b, by: b, from: own)
    #expect(log.standing(own) == "revoked")
  }

  @Test mutating func onlyTheOwnerAndTheRegistryCanRevokeAndNotTheRegistryKey() {
    let a = log.signer("a")
    let b = log.signer("b")
    log.revoke(a, by: b)
    log.revoke(log.registry, by: log.registry)
    #expect(!log.timeline.isRevoked(a.fingerprint, at: 99))
    #expect(!log.timeline.isRevoked(log.registry.fingerprint, at: 99))
  }

  @Test mutating func onlyARetroactiveRevocationIsReported() {
    let a = log.signer("a", vouched: .author)
    let edge = log.attest(.citationSignature, record, by: a)
    log.revoke(a)
    log.revoke(a, from: edge)
    log.revoke(a, from: edge.next)
    var timeline = KeyTimeline()
    let reports = log.events.compactMap { timeline.apply($0) }
    // The first vouch assigns the key's earlier statements to a signer, so they are reported from
    // position 0.
    #expect(reports.map(\.from) == [0, edge])
    #expect(reports.allSatisfy { $0.fingerprint == a.fingerprint })
  }

  @Test mutating func authorityRotatesAfterTheVouch() {
    let old = log.registry
    log.rotate(to: "second")
    let handover = Position(rawValue: Int64(log.events.count))
    #expect(log.timeline.registryKey(at: handover.previous) == old.fingerprint)
    #expect(log.timeline.registryKey(at: handover) == log.registry.fingerprint)
    let a = log.signer("a", LogWriter.orcid(1))
    log.vouch(a, by: old)
    #expect(!log.timeline.isVouched(a.fingerprint, at: 999))
    log.vouch(a)
    #expect(log.timeline.isVouched(a.fingerprint, at: 999))
    #expect(!log.timeline.isVouched(a.fingerprint, at: 999, as: .moderator))
  }

  // MARK: Anchors, storage, checks

  @Test mutating func aCheckChangesAnAnchorsVerdict() {
    let anchor = log.attest(.timestampAnchor, record, verdict: .pending)
    #expect(log.sums(record).pendingBareAnchors == 1)
    let stranger = log.signer("a")
    log.about(anchor, .checkRecorded, by: stranger, verdict: .verified)
    #expect(log.standing(anchor) == "pending")
    log.about(anchor, .checkRecorded, verdict: .verified)
    #expect(log.standing(anchor) == "verified")
    #expect(log.sums(record).verifiedAnchors == 1)
    #expect(log.sums(record).pendingBareAnchors == 0)
    log.about(anchor, .checkRecorded, verdict: .erased)
    #expect(log.standing(anchor) == "verified")
    log.about(anchor, .checkRecorded, verdict: .failed)
    #expect(log.standing(anchor) == "rejected")
  }

  @Test(arguments: [Verdict.gone, .changed, .erased, .failed])
  mutating func storageThatIsNotThereIsRejected(verdict: Verdict) {
    let copy = log.attest(.storageAttestation, record)
    #expect(log.folded(record).storageVerifiedUntil == .never)
    log.about(copy, .checkRecorded, verdict: verdict)
    #expect(log.standing(copy) == "rejected")
    #expect(log.folded(record).storageVerifiedUntil == nil)
  }

  @Test mutating func storageCountsUntilItExpires() {
    log.attest(.storageAttestation, record, slot: "1", until: Timestamp(microseconds: 500))
    log.attest(.storageAttestation, record, slot: "2", until: Timestamp(microseconds: 700))
    let folded = log.folded(record)
    func verified(at microseconds: Int64) -> Bool {
      folded.state.verificationStatus(
        storageVerifiedUntil: folded.storageVerifiedUntil,
        at: Timestamp(microseconds: microseconds)
      ).storageVerified
    }
    #expect(verified(at: 699))
    #expect(!verified(at: 700))
  }

  @Test mutating func storageOfAnotherRoleNeverCounts() {
    let copy = log.attest(.storageAttestation, record, roleCounts: false)
    #expect(log.standing(copy) == "verified")
    #expect(log.folded(record).storageVerifiedUntil == nil)
  }

  @Test mutating func aProvidersStatementNeedsAVouchAsProvider() {
    let provider = log.signer("p", nil, .agent)
    let before = log.attest(
      .storageAttestation, record, by: provider, slot: "1", verdict: .pending,
      flags: .providerStatement)
    log.vouch(provider, as: .storageProvider)
    let after = log.attest(
      .storageAttestation, record, by: provider, slot: "2", verdict: .pending,
      flags: .providerStatement)
    #expect([before, after].map(log.standing) == ["pending", "verified"])
  }

  @Test mutating func citationEdgesAreDistinctAndVouchedOnesAreCountedSeparately() {
    let a = log.signer("a")
    let b = log.signer("b", vouched: .author)
    log.attest(.citationSignature, record, by: a)
    log.attest(.citationSignature, record, by: a, target: "claim:C1")
    log.attest(.citationSignature, record, by: a, slot: "2")
    log.attest(.citationSignature, record, by: b)
    #expect(log.sums(record).citationEdges == 3)
    #expect(log.sums(record).vouchedCitationEdges == 1)
  }

  // MARK: The record's row

  @Test mutating func theStatusHasTwelveMembersAndUsesTheNewestSnapshot() {
    log.snapshot(record, references: 3, resolved: 3, formal: 1)
    var status = log.folded(record).state.verificationStatus(storageVerifiedUntil: nil, at: later)
    #expect(status.referencesResolved && status.formalLinksPresent && status.graphSnapshot)
    #expect(status.contentAddressed && status.pithReceipt)
    #expect(
      Set(status.json.keys) == [
        "content_addressed", "pith_receipt", "author_attested", "weak_author_claims",
        "strong_author_claims", "externally_anchored", "storage_verified", "citation_signatures",
        "replication_records", "graph_snapshot", "references_resolved", "formal_links_present",
      ])
    log.snapshot(record, references: 3, resolved: 2)
    status = log.folded(record).state.verificationStatus(storageVerifiedUntil: nil, at: later)
    #expect(!status.referencesResolved)
    log.snapshot(record, references: 0, resolved: 0)
    status = log.folded(record).state.verificationStatus(storageVerifiedUntil: nil, at: later)
    #expect(status.graphSnapshot && !status.referencesResolved && !status.formalLinksPresent)
  }

  @Test mutating func theSummaryIsEmptyUntilAnAttestation() throws {
    log.append(.unknown, by: log.registry, record: record)
    #expect(log.folded(record).state.eventSummary().isEmpty)
    #expect(log.folded(record).state.unknownEvents == 1)
    let edge = log.attest(.citationSignature, record, by: log.signer("a"))
    let check = log.about(edge, .checkRecorded, verdict: .verified)
    let summary = log.folded(record).state.eventSummary()
    let at = JSON.string(Timestamp(microseconds: edge.next.rawValue * 1_000_000).description)
    #expect(
      summary == [
        "total": 1,
        "by_type": [
          "citation_signature": [
            "total": 1, "verified": 1, "pending": 0, "rejected": 0, "withdrawn": 0,
            "superseded": 0, "revoked": 0,
          ]
        ],
        "first_recorded_at": at, "last_recorded_at": at,
        "last_event_id": .string("sha256:" + log.events[Int(edge.rawValue)].eventID.hex),
        "equivocations": 0, "position": .integer(check.rawValue),
      ])
    #expect(log.standing(check) == "recorded")
  }
}
