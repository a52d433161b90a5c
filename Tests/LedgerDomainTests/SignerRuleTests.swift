import Encodings
import LedgerDomain
import TestSupport
import Testing

/// Rules about signers: their identity, their withdrawals, and the effects of one signer on another.
@Suite struct SignerRuleTests {
  private var log = LogWriter()
  private let record: RecordID

  init() { record = log.record() }

  // MARK: Names

  @Test mutating func aStrongClaimNeedsAListedNameThatTheIssuerGave() {
    let id = LogWriter.orcid(1)
    let key = log.signer("a", id, vouched: .author)
    let cases: [(FoldFlags, String)] = [
      ([.nameListed, .nameDiffers], "another name than the one that is bound"),
      ([.nameListed, .nameUnknown], "vouched for without a name"),
      ([.nameMismatch, .nameVerified], "not in the record's author list"),
      ([.nameUnknown], "the authors of this record are not known"),
    ]
    for (index, (flags, reason)) in cases.enumerated() {
      let claim = log.attest(
        .authorAttestation, record, by: key, flags: flags, createdAt: .never)
      #expect(log.standing(claim) == "weak")
      #expect(
        log.reason(claim)?.contains(reason) == true, "\(String(describing: log.reason(claim)))")
      #expect(log.sums(record).strongAuthors == 0 && log.sums(record).weakAuthors == 1, "\(index)")
    }
    let claim = log.attest(.authorAttestation, record, by: key)
    #expect(log.standing(claim) == "strong" && log.reason(claim) == nil)
  }

  @Test mutating func aTokenWithoutANameAndAnOldEntryAreWeakWithAReason() {
    let id = LogWriter.orcid(1)
    let nameless = log.attest(
      .authorAttestation, record, token: id, flags: [.nameListed, .nameUnknown])
    #expect(log.standing(nameless) == "weak")
    #expect(log.reason(nameless)?.contains("the identity token gives no name") == true)
    let old = log.attest(.authorAttestation, record, token: LogWriter.orcid(2))
    log.clearNameFlags(of: old)
    #expect(log.standing(old) == "weak")
    #expect(log.reason(old)?.contains("before names were compared") == true)
    #expect(log.sums(record).strongAuthors == 0)
    let proven = log.attest(.authorAttestation, record, token: LogWriter.orcid(3))
    #expect(log.standing(proven) == "strong")
  }

  // MARK: Old statements

  @Test mutating func aStatementSignedBeforeTheWithdrawalDoesNotCount() {
    let a = log.signer("a")
    let first = log.attest(.citationSignature, record, by: a)
    log.about(first, .eventWithdrawn, by: a)
    let old = log.attest(
      .citationSignature, record, by: a, says: "b", createdAt: LogWriter.time(of: first))
    #expect(log.standing(old) == "superseded")
    #expect(log.reason(old)?.contains("withdrawal") == true)
    #expect(log.sums(record).citationEdges == 0)
    let fresh = log.attest(.citationSignature, record, by: a, says: "c")
    #expect(log.standing(fresh) == "verified")
    #expect(log.sums(record).citationEdges == 1 && log.sums(record).equivocations == 0)
  }

  @Test mutating func aStatementSignedAtTheTimeOfTheWithdrawalDoesNotCount() {
    let a = log.signer("a")
    let first = log.attest(.storageAttestation, record, by: a)
    let withdrawal = log.about(first, .eventWithdrawn, by: a)
    let same = log.attest(
      .storageAttestation, record, by: a, says: "b", createdAt: LogWriter.time(of: withdrawal))
    let later = log.attest(
      .storageAttestation, record, by: a, says: "c",
      createdAt: Timestamp(microseconds: LogWriter.time(of: withdrawal).microseconds + 1))
    #expect([same, later].map(log.standing) == ["superseded", "verified"])
  }

  @Test mutating func aWithdrawalAffectsOnlyItsSlotTargetAndSigner() {
    let a = log.signer("a")
    let b = log.signer("b")
    let first = log.attest(.citationSignature, record, by: a)
    log.about(first, .eventWithdrawn, by: a)
    let time = LogWriter.time(of: first)
    let others = [
      log.attest(.citationSignature, record, by: a, slot: "2", createdAt: time),
      log.attest(.citationSignature, record, by: a, target: "claim:C1", createdAt: time),
      log.attest(.citationSignature, record, by: b, createdAt: time),
      log.attest(.timestampAnchor, record, by: a, createdAt: time),
    ]
    #expect(others.map(log.standing) == ["verified", "verified", "verified", "verified"])
    // A withdrawal without authority has no effect on later statements.
    log.about(others[2], .eventWithdrawn, by: a)
    let old = log.attest(.citationSignature, record, by: b, createdAt: time)
    #expect(log.standing(old) == "verified")
  }

  @Test mutating func aWithdrawalByOneKeyAppliesToTheSignersOtherKeys() {
    let id = LogWriter.orcid(1)
    let one = log.signer("one", id, vouched: .author)
    let two = log.signer("two", id, vouched: .author)
    let first = log.attest(.citationSignature, record, by: one)
    log.about(first, .eventWithdrawn, by: two)
    #expect(log.standing(first) == "withdrawn")
    let old = log.attest(
      .citationSignature, record, by: two, createdAt: LogWriter.time(of: first))
    #expect(log.standing(old) == "superseded")
    #expect(log.sums(record).citationEdges == 0)
  }

  // MARK: Keys of one signer

  @Test mutating func aKeyThatIsVouchedLaterIsOneSigner() {
    let id = LogWriter.orcid(1)
    let key = log.signer("a", id)
    let before = log.attest(.citationSignature, record, by: key, says: "extends")
    log.vouch(key)
    let after = log.attest(.citationSignature, record, by: key, says: "refutes")
    #expect([before, after].map(log.standing) == ["verified", "rejected"])
    #expect(log.sums(record).citationEdges == 1 && log.sums(record).equivocations == 1)
    let newer = log.attest(
      .citationSignature, record, by: key, says: "refutes", supersedes: before)
    #expect([before, after, newer].map(log.standing) == ["superseded", "verified", "verified"])
    #expect(log.sums(record).citationEdges == 1 && log.sums(record).equivocations == 0)
  }

  @Test mutating func keysOfOneSignerShareASlotOnceBothAreVouchedFor() {
    let id = LogWriter.orcid(1)
    let one = log.signer("one", id, vouched: .author)
    let two = log.signer("two", id)
    let first = log.attest(.citationSignature, record, by: one)
    let second = log.attest(.citationSignature, record, by: two, says: "b", supersedes: first)
    #expect([first, second].map(log.standing) == ["verified", "verified"])
    #expect(log.sums(record).citationEdges == 2)
    log.vouch(two)
    #expect([first, second].map(log.standing) == ["superseded", "verified"])
    #expect(log.sums(record).citationEdges == 1)
  }

  @Test mutating func aWithdrawnVouchKeepsEarlierStatementsAndAddsNone() {
    let id = LogWriter.orcid(1)
    let key = log.signer("a", id, vouched: .author)
    let other = log.signer("b", id, vouched: .author)
    let strong = log.attest(.authorAttestation, record, by: key)
    let edge = log.attest(.citationSignature, record, by: other)
    log.withdrawVouching(key)
    #expect(log.standing(strong) == "strong")
    let later = log.attest(.authorAttestation, record, by: key, target: "claim:C1")
    #expect(log.standing(later) == "weak")
    log.about(edge, .eventWithdrawn, by: key)
    #expect(log.standing(edge) == "verified", "the key speaks for itself alone")
    #expect(
      !log.timeline.isVouched(key.fingerprint, at: Position(rawValue: Int64(log.events.count))))
    log.vouch(key)
    // After the second vouch, the key's statements in between belong to the same signer.
    #expect(log.sums(record).weakAuthors == 0 && log.sums(record).strongAuthors == 1)
    #expect(log.standing(later) == "weak")
    #expect(log.standing(edge) == "withdrawn")
  }

  @Test mutating func onlyTheRegistryWithdrawsAVouching() {
    let key = log.signer("a", vouched: .author)
    log.withdrawVouching(key, by: key)
    log.withdrawVouching(key, by: log.signer("b", vouched: .moderator))
    #expect(
      log.timeline.isVouched(key.fingerprint, at: Position(rawValue: Int64(log.events.count))))
    log.withdrawVouching(key)
    #expect(
      !log.timeline.isVouched(key.fingerprint, at: Position(rawValue: Int64(log.events.count))))
  }

  @Test mutating func aNameIsBoundByTheNewestVouchInForce() {
    let key = log.signer("a", LogWriter.orcid(1))
    func bound() -> String? {
      log.timeline.boundName(key.fingerprint, at: Position(rawValue: Int64(log.events.count)))
    }
    #expect(bound() == nil)
    log.vouch(key, name: "Zhuang Liu")
    log.vouch(key, as: .moderator)
    #expect(bound() == "Zhuang Liu")
    log.vouch(key, name: "Z. Liu")
    #expect(bound() == "Z. Liu")
    log.withdrawVouching(key)
    #expect(bound() == nil)
  }

  // MARK: Effects on other signers

  @Test mutating func newKeysOfOneDeclaredIdentityDoNotShareGroups() {
    let id = LogWriter.orcid(1)
    let author = log.signer("author", id, vouched: .author)
    let own = log.attest(.authorAttestation, record, by: author)
    for number in 0..<10_000 {
      let key = LogWriter.Signer(name: "fresh \(number)", signerID: id, type: .author)
      if number.isMultiple(of: 1000) { log.register(key) }
      log.attest(.authorAttestation, record, by: key)
      log.attest(.authorAttestation, record, verdict: .pending, token: id)
    }
    let last = log.attest(
      .authorAttestation, record, by: log.signer("last", id), createdAt: .never)
    #expect(log.group(of: last).count == 1)
    #expect(log.group(of: own).count == 1, "what claims the name adds nothing to whose it is")
    let again = log.attest(.authorAttestation, record, by: author, target: "claim:C1")
    #expect(log.group(of: again).count == 2)
  }

  @Test mutating func aClaimThatIsProvenLaterCountsOnceForItsIdentity() {
    let id = LogWriter.orcid(1)
    let key = log.signer("a", id, vouched: .author)
    let waiting = log.attest(
      .authorAttestation, record, verdict: .pending, target: "claim:C1", token: id)
    let forged = log.attest(
      .authorAttestation, record, verdict: .pending, target: "claim:C2", token: id)
    let signed = log.attest(.authorAttestation, record, by: key)
    log.about(waiting, .checkRecorded, verdict: .verified)
    log.about(forged, .checkRecorded, verdict: .failed)
    #expect([waiting, forged, signed].map(log.standing) == ["strong", "rejected", "strong"])
    #expect(log.sums(record).strongAuthors == 1 && log.sums(record).weakAuthors == 0)
    #expect(!log.group(of: signed).contains { $0.position == forged })
  }
}
