public import CanonicalJSON
public import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import Logging
import SafeHTTPClient

/// Looking again at what was attested, with today's eyes.
extension Ledger {
  // MARK: Jobs of a service

  /// Follows pending anchors and claims, and stored locations, until the task is cancelled.
  ///
  /// The two do not wait for each other. Calendars are asked with growing patience: after a minute, two, four,
  /// and so on up to six hours.
  public func runJobs() async {
    await withDiscardingTaskGroup { group in
      group.addTask {
        var schedule = AnchorSchedule()
        var claims = ClaimSchedule()
        await self.runJob {
          try await self.settleDueAnchors(&schedule)
          _ = try await self.settleClaims(&claims)
        }
      }
      group.addTask {
        var schedule = StorageSchedule()
        await self.runJob { try await self.recheckStorage(&schedule) }
      }
    }
  }

  private func runJob(_ round: () async throws -> Void) async {
    while !Task.isCancelled {
      do {
        try await round()
        try await Task.sleep(for: configuration.externalServices.anchorInterval)
      } catch {
        if Task.isCancelled { return }
        logger.warning("a job failed, and is tried again: \(error)")
        try? await Task.sleep(for: .seconds(10))
      }
    }
  }

  /// What the job remembers of pending claims between its rounds.
  struct ClaimSchedule {
    /// Claims that are tried again although no other keys are known than before: asking for one of them makes
    /// the ledger ask its issuer.
    static let triesPerRound = 8

    fileprivate var pending: [Int64] = []
    fileprivate var scanned: Int64 = 0
    fileprivate var generation: Digest?
  }

  /// Holds claims whose token could not be checked when they came against today's keys and audiences, and
  /// answers how many were settled.
  ///
  /// The token's times are held against the time at which it came.
  public func settleClaims() async throws -> Int {
    var schedule = ClaimSchedule()
    return try await settleClaims(&schedule)
  }

  /// The same for new claims, and for all where other keys are known than before; else for a few in turn.
  func settleClaims(_ schedule: inout ClaimSchedule) async throws -> Int {
    try requireWriting()
    let size = try await store.log.size()
    var new: [Int64] = []
    while true {
      let batch = try await store.attestations.unsettledClaims(from: schedule.scanned, limit: 500)
      new += batch.map(\.position)
      guard let last = batch.last else { break }
      schedule.scanned = last.position + 1
    }
    schedule.scanned = max(schedule.scanned, size)
    // Without an audience no token can be checked, whatever keys there are.
    guard !configuration.externalServices.orcidAudiences.isEmpty else {
      schedule.pending += new
      return 0
    }
    let generation = try await checks.issuer.generation()
    let tries =
      schedule.generation == generation ? ClaimSchedule.triesPerRound : schedule.pending.count
    schedule.generation = generation
    let old = schedule.pending.prefix(tries)
    schedule.pending.removeFirst(old.count)
    var settled = 0
    for position in old + new {
      try Task.checkCancellation()
      switch try await tryClaim(position) {
      case .settled: settled += 1
      case .over: break
      case .pending: schedule.pending.append(position)
      }
    }
    return settled
  }

  private enum ClaimOutcome { case settled, over, pending }

  private func tryClaim(_ position: Int64) async throws -> ClaimOutcome {
    do {
      guard let stored = try await store.log.events(from: position, limit: 1).first,
        stored.position == position, let standing = try await statement(stored),
        !standing.isWithdrawn, standing.verdict == .pending
      else { return .over }
      return try await settleClaim(stored) ? .settled : .pending
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      // One claim that cannot be dealt with keeps no other waiting.
      logger.warning("the claim at position \(position) was left: \(error)")
      return .pending
    }
  }

  private func settleClaim(_ stored: StoredEvent) async throws -> Bool {
    let event = try Entry(bytes: stored.entry).event
    guard case .authorAttestation(let author) = event.body.payload, let digest = author.evidence,
      let token = try await store.evidence.tokenToSettle(digest),
      case .record(let number) = event.body.subject,
      let record = try await store.records.resolve(.pithNumber(number)).first
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
    fileprivate struct Place {
      let position: Int64
      var next: Timestamp
      var failures = 0
    }

    fileprivate var places: [Digest: Place] = [:]
    /// Events below this position have been looked through.
    fileprivate var scanned: Int64 = 0
    public init() {}
  }

  /// How often in a row a location must be out of reach before it is called gone.
  static let patienceWithStorage = 3
  /// Locations that are looked at at one time.
  static let storageChecksAtOnce = 8

  /// Fetches the standing locations that are due again, some at a time, and records what changed.
  ///
  /// Each location has a time of its own within the interval, whenever the service was started: what was
  /// attested together is not fetched together.
  public func recheckStorage(_ schedule: inout StorageSchedule) async throws {
    let size = try await store.log.size()
    while true {
      let batch = try await store.attestations.storageAttestations(
        from: schedule.scanned, limit: 500)
      for stored in batch {
        schedule.places[stored.eventID] = StorageSchedule.Place(
          position: stored.position, next: nextCheck(of: stored.eventID, now))
        schedule.scanned = stored.position + 1
      }
      if batch.count < 500 { break }
    }
    schedule.scanned = max(schedule.scanned, size)
    let due = schedule.places.filter { $0.value.next <= now }.sorted {
      $0.value.next < $1.value.next
    }
    try await withThrowingTaskGroup(of: (Digest, StorageOutcome).self) { group in
      var running = 0
      func note(_ result: (Digest, StorageOutcome)) {
        switch result.1 {
        case .looked(let failures):
          schedule.places[result.0]?.failures = failures
          schedule.places[result.0]?.next = self.nextCheck(of: result.0, self.now)
        case .left: schedule.places[result.0]?.next = self.now.adding(seconds: 60)
        case .over: schedule.places[result.0] = nil
        }
      }
      for (id, place) in due {
        if running == Self.storageChecksAtOnce, let result = try await group.next() {
          note(result)
          running -= 1
        }
        running += 1
        group.addTask { (id, try await self.recheck(place)) }
      }
      for try await result in group { note(result) }
    }
  }

  /// The next of an attestation's own times after another: one in each interval.
  private func nextCheck(of id: Digest, _ after: Timestamp) -> Timestamp {
    let interval = max(1, Int64(configuration.externalServices.storageInterval / .microseconds(1)))
    let phase =
      Int64(bitPattern: UInt64(id.bytes.prefix(7).reduce(0) { $0 << 8 | UInt64($1) })) % interval
    let since = after.microseconds - phase
    return Timestamp(microseconds: phase + (since / interval + 1) * interval)
  }

  private enum StorageOutcome: Sendable {
    /// It was looked at; failures in a row since it was last reached.
    case looked(failures: Int)
    /// It could not be looked at now, which says nothing about it.
    case left
    /// Nobody needs to look again.
    case over
  }

  private func recheck(_ place: StorageSchedule.Place) async throws -> StorageOutcome {
    do {
      guard let stored = try await store.log.events(from: place.position, limit: 1).first,
        stored.position == place.position
      else { return .over }
      return try await recheck(stored, failures: place.failures)
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      logger.warning("the storage at position \(place.position) was not looked at: \(error)")
      return .left
    }
  }

  private func recheck(_ stored: StoredEvent, failures: Int) async throws -> StorageOutcome {
    let event = try Entry(bytes: stored.entry).event
    guard case .storageAttestation(let storage) = event.body.payload, storage.kind != .file,
      case .record(let number) = event.body.subject,
      let record = try await store.records.resolve(.pithNumber(number)).first,
      let standing = try await statement(stored), standing.isLive,
      !standing.event.flags.contains(.providerStatement),
      storage.expiresAt.map({ $0 > now }) ?? true
    else { return .over }
    // What another statement outranks may yet count again, when that one is withdrawn.
    if standing.isEquivocating { return .looked(failures: failures) }
    var failures = failures
    var verdict: Verdict
    var reason: String
    var report: FetchReport?
    do {
      report = try await checks.look(at: storage, .storageRecheck)
      verdict = try report?.finding(for: storage).verdict ?? .pending
      reason = "fetched again: the bytes are as attested"
      failures = 0
    } catch let refusal as Refusal {
      switch refusal.check {
      case "fetch.content", "fetch.size_bytes", "swhid", "cid", "memento", "fetch.size":
        (verdict, reason, failures) = (.changed, refusal.message, 0)
      case "fetch.gone":
        (verdict, reason, failures) = (.gone, refusal.message, 0)
      case "fetch.address", "location":
        // An older ledger took it; no ledger can ever look there.
        (verdict, reason, failures) = (
          .failed, "the location cannot be fetched: \(refusal.message)", 0
        )
      case "fetch.busy": return .left
      case "fetch.configuration", "fetch.s3_location":
        logger.warning(
          "the storage at position \(stored.position) cannot be looked at any more: \(refusal.message)"
        )
        return .looked(failures: failures)
      default:
        // A network that fails once says nothing about the copy.
        failures += 1
        guard failures >= Self.patienceWithStorage else { return .looked(failures: failures) }
        (verdict, reason) = (.gone, "out of reach \(failures) times in a row: \(refusal.message)")
      }
    }
    guard verdict != standing.verdict else { return .looked(failures: failures) }
    try await self.record(
      verdict, reason, about: stored, of: record, report: report?.bytes(for: storage))
    return .looked(failures: failures)
  }

  /// Where an attestation stands in the fold of its group.
  func statement(_ stored: StoredEvent) async throws -> GroupFold.Statement? {
    guard let columns = try await store.folds.event(record: stored.record, id: stored.eventID),
      let group = columns.foldGroup
    else { return nil }
    let keys = try await timeline.current().timeline
    let fold = GroupFold(
      try await store.folds.events(record: stored.record, groups: [group], keys), keys)
    return fold.statements.first { $0.event.position == stored.position }
  }

  // MARK: Evidence

  /// Evidence that may be served; identity tokens never are.
  public func evidence(_ hex: String) async throws -> [UInt8] {
    guard let digest = Digest(hex: hex.lowercased()) else {
      throw Refusal(
        .malformed, check: "sha256", field: "sha256", "A SHA-256 has 64 hexadecimal digits.")
    }
    guard let bytes = try await store.evidence.publicBytes(digest) else {
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
    guard try await store.evidence.readForAudit(digest) != nil else {
      throw Refusal(.notFound, check: "evidence", "There is no evidence of this SHA-256.")
    }
    var count = 0
    for stored in try await store.log.events(naming: digest) {
      let event = try Entry(bytes: stored.entry).event
      guard event.body.payload.evidence == digest else { continue }
      try await record(.erased, reason, about: stored, of: record(of: event))
      count += 1
    }
    // The word comes first: bytes that are gone without a word would look like a loss.
    _ = try await store.evidence.erase(digest)
    await bundles.cache.removeAll()
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
    let record =
      if let name { try await resolver.resolve(name).record } else { ResolvedRecord?.none }
    let size = try await store.log.size()
    let keys = try await timeline.current().timeline
    var next: Int64 = 0
    while true {
      let batch =
        if let record {
          try await store.log.events(record: record.record, from: next, limit: 500)
        } else { try await store.log.events(from: next, limit: 500) }
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
      let record = try await store.records.resolve(.pithNumber(number)).first,
      let was = entry.admission.checks.first(where: { $0.name == "author_name" })?.verdict
    {
      let names = try await documents.document(of: record)?.authorNames
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
    guard let held = try await store.evidence.readForAudit(digest) else {
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
        let upgraded = try await store.evidence.readForAudit(newest)
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
      guard let report = FetchReport(bytes: held.bytes) else { return (findings, true) }
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
