public import CanonicalJSON
import Foundation
public import LedgerDomain
import LedgerStore
import Logging
import ProofForms

/// Looking again at what was attested, with today's eyes.
extension Ledger {
  // MARK: Jobs of a service

  /// Follows pending anchors and stored locations until the task is cancelled.
  ///
  /// Calendars are asked with growing patience: after a minute, two, four, and so on up to six hours.
  public func runJobs() async {
    var patience = CalendarPatience()
    var storageChecks = StorageSchedule()
    while !Task.isCancelled {
      do {
        let now = ContinuousClock.now
        let outcomes = try await settleAnchors { [patience] in patience.mayAsk($0, at: now) }
        patience.asked(
          outcomes.filter { ["pending", "upgraded"].contains($0.outcome) }.map(\.eventID), at: now)
        _ = try await settleClaims()
        try await recheckStorage(&storageChecks)
        try await Task.sleep(for: configuration.outside.anchorInterval)
      } catch {
        if Task.isCancelled { return }
        logger.warning("a job failed, and is tried again: \(error)")
        try? await Task.sleep(for: .seconds(10))
      }
    }
  }

  /// When the calendars of each pending anchor are asked again: after a minute, two, four, and so on up to
  /// six hours.
  struct CalendarPatience {
    private var next: [Digest: (attempts: Int, at: ContinuousClock.Instant)] = [:]

    func mayAsk(_ anchor: Digest, at now: ContinuousClock.Instant) -> Bool {
      next[anchor].map { $0.at <= now } ?? true
    }

    /// Takes note of a round: of the anchors that are pending still, those that were due have been asked.
    mutating func asked(_ pending: [Digest], at now: ContinuousClock.Instant) {
      var still: [Digest: (attempts: Int, at: ContinuousClock.Instant)] = [:]
      for anchor in pending {
        let known = next[anchor] ?? (0, now)
        still[anchor] =
          known.at <= now
          ? (known.attempts + 1, now + .seconds(min(60 << min(known.attempts, 9), 21_600)))
          : known
      }
      next = still
    }
  }

  /// Holds claims whose token could not be checked when they came against today's keys and audiences, and
  /// answers how many were settled.
  ///
  /// The token's times are held against the time at which it came.
  public func settleClaims() async throws -> Int {
    try requireWriting()
    var settled = 0
    var next: Int64 = 0
    while true {
      let batch = try await store.unsettledClaims(from: next, limit: 100)
      guard let last = batch.last else { return settled }
      next = last.position + 1
      for stored in batch {
        try Task.checkCancellation()
        do { if try await settleClaim(stored) { settled += 1 } } catch is CancellationError {
          throw CancellationError()
        } catch {
          // One claim that cannot be dealt with keeps no other waiting.
          logger.warning("the claim at position \(stored.position) was left: \(error)")
        }
      }
    }
  }

  private func settleClaim(_ stored: StoredEvent) async throws -> Bool {
    let event = try Entry(bytes: stored.entry).event
    guard case .authorAttestation(let author) = event.body.payload, let digest = author.evidence,
      let token = try await store.evidenceForAudit(digest)?.bytes,
      case .record(let number) = event.body.subject,
      let record = try await store.resolve(.pithNumber(number)).first
    else { return false }
    do {
      let finding = try await checks.identity(token, at: stored.recordedAt)
      guard finding.verdict == .verified else { return false }
      try await self.record(
        .verified, "the token's signature holds under the issuer's key", about: stored, of: record,
        finding: finding)
      try await vouchByToken(event, [digest: token], isVerified: true)
    } catch let refusal as Refusal where refusal.code == .invalid {
      try await self.record(
        .failed, "\(refusal.check): \(refusal.message)", about: stored, of: record)
    }
    return true
  }

  /// When each stored location is looked at again, and how often in a row it could not be.
  public struct StorageSchedule: Sendable {
    fileprivate var next: [Digest: ContinuousClock.Instant] = [:]
    fileprivate var failures: [Digest: Int] = [:]
    public init() {}
  }

  /// How often in a row a location must be out of reach before it is called gone.
  static let patienceWithStorage = 3

  /// Fetches the standing locations that are due again, and records what changed.
  public func recheckStorage(_ schedule: inout StorageSchedule) async throws {
    var from: Int64 = 0
    while true {
      let batch = try await store.storageAttestations(from: from, limit: 200)
      guard let last = batch.last else { return }
      from = last.position + 1
      for stored in batch {
        let now = ContinuousClock.now
        if let due = schedule.next[stored.eventID], due > now { continue }
        let isNew = schedule.next[stored.eventID] == nil
        schedule.next[stored.eventID] = now + configuration.outside.storageInterval
        // What was fetched just now, or before this process began, is not fetched at once.
        if isNew,
          stored.recordedAt.adding(
            seconds: Int64(configuration.outside.storageInterval / .seconds(1))) > self.now
        {
          continue
        }
        do { try await recheck(stored, &schedule) } catch is CancellationError {
          throw CancellationError()
        } catch {
          logger.warning("the storage at position \(stored.position) was not looked at: \(error)")
        }
      }
    }
  }

  private func recheck(_ stored: StoredEvent, _ schedule: inout StorageSchedule) async throws {
    let event = try Entry(bytes: stored.entry).event
    guard case .storageAttestation(let storage) = event.body.payload, storage.kind != .file,
      case .record(let number) = event.body.subject,
      let record = try await store.resolve(.pithNumber(number)).first,
      let standing = try await statement(stored), standing.isLive, !standing.isOutranked,
      !standing.event.flags.contains(.providerStatement),
      storage.expiresAt.map({ $0 > now }) ?? true
    else { return }
    var verdict: Verdict
    var reason: String
    var report: StorageReport?
    do {
      report = try await checks.look(at: storage)
      verdict = try report?.finding(for: storage).verdict ?? .pending
      reason = "fetched again: the bytes are as attested"
      schedule.failures[stored.eventID] = nil
    } catch let refusal as Refusal {
      switch refusal.check {
      case "fetch.content", "fetch.size_bytes", "swhid", "cid", "memento", "fetch.size":
        (verdict, reason) = (.changed, refusal.message)
        schedule.failures[stored.eventID] = nil
      case "fetch.gone":
        (verdict, reason) = (.gone, refusal.message)
        schedule.failures[stored.eventID] = nil
      case "fetch.busy": return
      default:
        // A network that fails once says nothing about the copy.
        let failures = schedule.failures[stored.eventID, default: 0] + 1
        schedule.failures[stored.eventID] = failures
        guard failures >= Self.patienceWithStorage else { return }
        (verdict, reason) = (.gone, "out of reach \(failures) times in a row: \(refusal.message)")
      }
    }
    guard verdict != standing.verdict else { return }
    try await self.record(verdict, reason, about: stored, of: record, report: report?.bytes)
  }

  /// Where an attestation stands in the fold of its group.
  private func statement(_ stored: StoredEvent) async throws -> GroupFold.Statement? {
    guard let columns = try await store.foldEvent(record: stored.record, id: stored.eventID),
      let group = columns.foldGroup
    else { return nil }
    let fold = GroupFold(
      try await store.foldEvents(record: stored.record, group: group),
      try await timeline.current().timeline)
    return fold.statements.first { $0.event.position == stored.position }
  }

  // MARK: Evidence

  /// Evidence that may be served; identity tokens never are.
  public func evidence(_ hex: String) async throws -> [UInt8] {
    guard let digest = Digest(hex: hex.lowercased()) else {
      throw Refusal(
        .malformed, check: "sha256", field: "sha256", "A SHA-256 has 64 hexadecimal digits.")
    }
    guard let bytes = try await store.evidence(digest) else {
      throw Refusal(
        .notFound, check: "evidence", field: "sha256",
        "There is no public evidence of this SHA-256: it never was here, was erased, or is an "
          + "identity token.")
    }
    return bytes
  }

  /// Removes the bytes of some evidence for good, and says so in the log for each event that rests on
  /// it. Log, signatures and replay are as they were.
  ///
  /// - Returns: how many events name the bytes.
  public func eraseEvidence(_ digest: Digest, reason: String) async throws -> Int {
    try requireWriting()
    guard try await store.evidenceForAudit(digest) != nil else {
      throw Refusal(.notFound, check: "evidence", "There is no evidence of this SHA-256.")
    }
    var count = 0
    for stored in try await store.events(naming: digest) {
      let event = try Entry(bytes: stored.entry).event
      guard event.body.payload.evidence == digest else { continue }
      try await record(.erased, reason, about: stored, of: record(of: event))
      count += 1
    }
    // The word comes first: bytes that are gone without a word would look like a loss.
    _ = try await store.eraseEvidence(digest)
    return count
  }

  // MARK: Audit

  /// A verdict that today's checks would not give.
  public struct AuditFinding: Sendable {
    public let pithNumber: String
    public let position: Int64
    public let eventID: Digest
    public let check: String
    public let was: String
    public let now: String
    public let detail: String

    public var json: JSON {
      [
        "check": .string(check), "detail": .string(detail),
        "event_id": .string("sha256:" + eventID.hex), "now": .string(now),
        "pith_number": .string(pithNumber), "position": .integer(position), "was": .string(was),
      ]
    }
  }

  /// What an audit came to.
  public struct AuditReport: Sendable {
    public var events: Int64 = 0
    public var findings: [AuditFinding] = []
    /// Events whose evidence was erased, and locations, which an audit does not fetch.
    public var notChecked: Int64 = 0
  }

  /// Runs every check again from the stored evidence with today's trust, and changes nothing.
  ///
  /// - Parameters:
  ///   - name: one record; `nil` for the whole log.
  ///   - progress: events done, and how many there are.
  public func audit(
    _ name: String?, progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
  ) async throws -> AuditReport {
    var report = AuditReport()
    let record = if let name { try await resolve(name).record } else { ResolvedRecord?.none }
    let size = try await store.head()
    let keys = try await timeline.current().timeline
    var next: Int64 = 0
    while true {
      let batch =
        if let record {
          try await store.events(record: record.record, from: next, limit: 500)
        } else { try await store.events(from: next, limit: 500) }
      guard let last = batch.last else { return report }
      next = last.position + 1
      try await withThrowingTaskGroup(of: (findings: [AuditFinding], skipped: Bool).self) { group in
        var running = 0
        for stored in batch {
          if running >= 8, let done = try await group.next() {
            report.findings += done.findings
            report.notChecked += done.skipped ? 1 : 0
            running -= 1
          }
          running += 1
          group.addTask { try await self.auditOne(stored, keys) }
        }
        for try await done in group {
          report.findings += done.findings
          report.notChecked += done.skipped ? 1 : 0
        }
      }
      report.events += Int64(batch.count)
      progress(record == nil ? next : report.events, size)
    }
  }

  private func auditOne(
    _ stored: StoredEvent, _ keys: KeyTimeline
  ) async throws -> (findings: [AuditFinding], skipped: Bool) {
    let entry = try Entry(bytes: stored.entry)
    let event = entry.event
    var findings: [AuditFinding] = []
    func differs(_ check: String, was: String, now: String, _ detail: String) {
      guard was != now else { return }
      findings.append(
        AuditFinding(
          pithNumber: event.body.subject.text, position: stored.position, eventID: stored.eventID,
          check: check, was: was, now: now, detail: detail))
    }
    let publicKey: [UInt8]? =
      if case .keyRegistered(let payload) = event.body.payload { payload.publicKey } else {
        keys.registration(of: event.body.signer.fingerprint)?.publicKey
      }
    let isSigned = publicKey.map { event.isSigned(by: $0) } ?? false
    differs(
      "signature", was: "verified", now: isSigned ? "verified" : "failed",
      "the signature over the event_id")
    if case .authorAttestation(let author) = event.body.payload,
      case .record(let number) = event.body.subject,
      let record = try await store.resolve(.pithNumber(number)).first,
      let was = entry.admission.checks.first(where: { $0.name == "author_name" })?.verdict
    {
      let names = try await document(of: record)?.authorNames
      differs(
        "author_name", was: was.name, now: author.nameVerdict(in: names).name,
        "the name in the author list of the newest document")
    }
    if case .recordCreated(let payload) = event.body.payload {
      auditReceipt(payload, entry, differs)
    }
    guard let digest = event.body.payload.evidence else {
      let isFetched =
        if case .storageAttestation(let storage) = event.body.payload { storage.kind != .file } else
        {
          false
        }
      return (findings, isFetched)
    }
    guard let held = try await store.evidenceForAudit(digest) else {
      return (findings, true)
    }
    differs(
      "evidence", was: digest.hex, now: Digest(hashing: held.bytes).hex,
      "the evidence's bytes have another SHA-256")
    let standing = try await statement(stored)
    let was = standing?.verdict ?? entry.admission.verdict
    switch event.body.payload {
    case .timestampAnchor(let anchor):
      var bytes = held.bytes
      if let columns = standing?.event, let newest = try await latestProof(of: columns),
        let upgraded = try await store.evidenceForAudit(newest)
      {
        bytes = upgraded.bytes
      }
      do {
        let finding = try await checks.proof(
          anchor.kind, bytes, of: anchor.digest, missing: .asked)
        differs(
          anchor.kind.rawValue, was: was.name, now: finding.verdict.name,
          finding.provenAt.map { "proven at \($0)" } ?? "not decided with today's trust")
      } catch let refusal as Refusal {
        differs(anchor.kind.rawValue, was: was.name, now: "failed", refusal.message)
      }
    case .authorAttestation:
      do {
        // The token's times are held against the time at which it came.
        let finding = try await checks.identity(held.bytes, at: stored.recordedAt)
        differs(
          "token_signature", was: was.name, now: finding.verdict.name,
          "without an audience or a key of the issuer nothing is decided")
      } catch let refusal as Refusal {
        guard refusal.code == .invalid else { return (findings, true) }
        differs("token_signature", was: was.name, now: "failed", refusal.message)
      }
    case .storageAttestation(let storage) where storage.kind != .file:
      // An audit does not fetch: it judges the report of the look that was taken then.
      guard let report = StorageReport(bytes: held.bytes) else { return (findings, true) }
      let was = entry.admission.verdict
      do {
        let finding = try report.finding(for: storage)
        differs("fetch", was: was.name, now: finding.verdict.name, "by the report that was kept")
      } catch { differs("fetch", was: was.name, now: "failed", error.message) }
    default: break
    }
    return (findings, false)
  }

  private func auditReceipt(
    _ payload: Payload.RecordCreated, _ entry: Entry,
    _ differs: (String, String, String, String) -> Void
  ) {
    guard let receipt = payload.receipt else { return }
    let was = entry.admission.checks.first { $0.name == "pith_receipt" }?.verdict.name ?? "pending"
    let now =
      (try? Receipt.check(
        receipt, digest: payload.canonical.digest, trusted: configuration.trustedReceiptKeys,
        field: "payload.receipt"))?.name ?? "failed"
    differs("pith_receipt", was, now, "the receipt under today's trusted keys")
  }
}
