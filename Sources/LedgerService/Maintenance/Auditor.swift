public import Encodings
public import LedgerDomain
import LedgerStore
import LedgerVerifier
import SafeHTTPClient
import TransparencyLog

/// A recorded verdict that differs from the verdict of the same check now.
public struct AuditFinding: Sendable {
  /// The event's subject: a Pith Number, or `pith:registry`.
  public let pithNumber: String
  /// The position of the event.
  public let position: Position
  /// The SHA-256 that identifies the event.
  public let eventID: Digest
  /// The name of the repeated check, such as `signature`, `opentimestamps` or `fetch`.
  public let check: String
  /// The recorded verdict. For the check `evidence`, the recorded SHA-256 in hexadecimal.
  public let was: String
  /// The verdict of the repeated check. For the check `evidence`, the SHA-256 of the stored bytes in
  /// hexadecimal.
  public let now: String
  /// What was compared, or why the repeated check failed, as text for a person.
  public let detail: String
}

/// An event whose evidence was erased, so that its check cannot be repeated.
public struct AuditErasure: Sendable {
  /// The event's subject: a Pith Number, or `pith:registry`.
  public let pithNumber: String
  /// The position of the event.
  public let position: Position
  /// The SHA-256 that identifies the event.
  public let eventID: Digest
  /// The SHA-256 of the erased evidence.
  public let evidence: Digest
}

/// The result of an audit.
public struct AuditReport: Sendable {
  /// The number of events that were read.
  public var events: Int64 = 0
  /// The differences, in no particular order within a batch of events.
  public var findings: [AuditFinding] = []
  /// The events whose evidence was erased, as the log records it.
  public var erased: [AuditErasure] = []
  /// The number of further events that could not be checked completely: the record's document was erased,
  /// the issuer's keys are not available, or an attested location has no stored fetch report. An audit
  /// fetches nothing.
  public var notChecked: Int64 = 0
}

/// Repeats every check from the stored evidence under the current trust configuration. Changes nothing.
public final class Auditor: Sendable {
  /// How many events are checked at the same time.
  private static let maxConcurrent = 8
  /// How many events of the whole log are read at once.
  private static let batch = 500

  let store: LedgerStore
  let resolver: RecordResolver
  let timeline: TimelineCache
  let reader: EvidenceReader
  let evidence: EvidenceChecker
  let documents: RecordDocuments
  let configuration: LedgerConfiguration

  init(
    store: LedgerStore, resolver: RecordResolver, timeline: TimelineCache, reader: EvidenceReader,
    evidence: EvidenceChecker, documents: RecordDocuments, configuration: LedgerConfiguration
  ) {
    self.store = store
    self.resolver = resolver
    self.timeline = timeline
    self.reader = reader
    self.evidence = evidence
    self.documents = documents
    self.configuration = configuration
  }

  /// Audits one record, or the whole log.
  ///
  /// - Parameters:
  ///   - name: the record. `nil` for the whole log.
  ///   - progress: called with the events done and the size of the log.
  public func audit(
    _ name: String?, progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
  ) async throws -> AuditReport {
    var report = AuditReport()
    let record =
      if let name { try await resolver.resolve(name).record } else { ResolvedRecord?.none }
    let size = try await store.log.size()
    let keys = try await timeline.current().timeline
    var batch = try await events(of: record, from: .first)
    while let last = batch.last {
      let current = batch
      // The next events are read while these are checked.
      async let following = events(of: record, from: last.position.next)
      try await check(current, keys, into: &report)
      progress(record == nil ? last.position.next.rawValue : report.events, size.stored)
      batch = try await following
    }
    return report
  }

  private func events(
    of record: ResolvedRecord?, from position: Position
  ) async throws -> [StoredEvent] {
    if let record {
      return try await store.log.events(record: record.record, from: position, limit: Self.batch)
    }
    return try await store.log.events(from: position, limit: Self.batch)
  }

  private func check(
    _ batch: [StoredEvent], _ keys: KeyTimeline, into report: inout AuditReport
  ) async throws {
    let audits = try await signatureAudits(of: batch, keys)
    // Few tasks take many events each: most events have no evidence to read.
    let parts = (0..<Self.maxConcurrent).map { first in
      stride(from: first, to: audits.count, by: Self.maxConcurrent).map { audits[$0] }
    }
    try await withThrowingTaskGroup(of: [EventAudit].self) { group in
      for part in parts {
        group.addTask {
          var done: [EventAudit] = []
          for audit in part { done.append(try await self.audit(audit)) }
          return done
        }
      }
      for try await done in group {
        for audit in done {
          report.findings += audit.findings
          report.erased += audit.erasures
          report.notChecked += audit.isComplete || !audit.erasures.isEmpty ? 0 : 1
        }
      }
    }
    report.events += Int64(batch.count)
  }

  /// Parses the entries and verifies their signatures, on all cores.
  private func signatureAudits(
    of batch: [StoredEvent], _ keys: KeyTimeline
  ) async throws -> [EventAudit] {
    var audits = try await AllCores.map(batch, chunk: 64) { stored in
      Result { EventAudit(stored: stored, entry: try Entry(bytes: stored.entry)) }
    }.map { try $0.get() }
    let validity = await SignedBy.verify(
      audits.map { SignedBy($0.event, publicKey: Self.publicKey(of: $0.event, keys)) })
    for (index, isSigned) in validity.enumerated() {
      audits[index].compare(
        "signature", was: "verified", now: isSigned ? "verified" : "failed",
        "the signature over the event_id")
    }
    return audits
  }

  /// The key that must have signed an event; empty if it is not registered, so that no signature holds.
  private static func publicKey(of event: SignedEvent, _ keys: KeyTimeline) -> [UInt8] {
    if case .keyRegistered(let payload) = event.body.payload { return payload.publicKey }
    return keys.registration(of: event.body.signer.fingerprint)?.publicKey ?? []
  }

  /// Repeats the checks of an event other than that of the signature.
  private func audit(_ signed: EventAudit) async throws -> EventAudit {
    var audit = signed
    try await checkAuthorName(&audit)
    checkReceipt(&audit)
    guard let digest = audit.event.body.payload.evidence else {
      if case .storageAttestation(let storage) = audit.event.body.payload, storage.kind != .file {
        audit.isComplete = false
      }
      return audit
    }
    guard let held = try await store.evidence.readForAudit(digest) else {
      try await checkErasure(of: digest, &audit)
      return audit
    }
    audit.compare(
      "evidence", was: digest.hex, now: Digest(hashing: held.bytes).hex,
      "the evidence's bytes have another SHA-256")
    try await checkEvidence(&audit, held.bytes)
    return audit
  }

  /// Checks that the log records the erasure of evidence that is not stored.
  private func checkErasure(of digest: Digest, _ audit: inout EventAudit) async throws {
    guard try await reader.isErased(digest) else {
      audit.compare(
        "evidence", was: digest.hex, now: "missing",
        "the evidence is not stored, and the log records no erasure")
      return
    }
    audit.erasures.append(
      AuditErasure(
        pithNumber: audit.event.body.subject.text, position: audit.stored.position,
        eventID: audit.stored.eventID, evidence: digest))
  }

  private func checkAuthorName(_ audit: inout EventAudit) async throws {
    guard case .authorAttestation(let author) = audit.event.body.payload,
      case .record(let number) = audit.event.body.subject,
      let record = try await store.records.resolve(.pithNumber(number)).first,
      let was = audit.recordedVerdict(of: "author_name")
    else { return }
    guard let document = try await documents.document(of: record) else {
      // Without a document the name could not have been compared: the document was erased since.
      if was != .pending { audit.isComplete = false }
      return
    }
    let names = document.authorNames
    audit.compare(
      "author_name", was: was.name, now: author.nameVerdict(in: names).name,
      "the name in the author list of the newest document")
  }

  private func checkReceipt(_ audit: inout EventAudit) {
    guard case .recordCreated(let payload) = audit.event.body.payload,
      let receipt = payload.receipt
    else { return }
    let now =
      (try? Receipt.check(
        receipt, digest: payload.canonical.digest, trusted: configuration.trustedReceiptKeys,
        field: "payload.receipt"))?.name ?? "failed"
    audit.compare(
      "pith_receipt", was: audit.recordedVerdict(of: "pith_receipt")?.name ?? "pending", now: now,
      "the receipt under the trusted keys")
  }

  private func checkEvidence(_ audit: inout EventAudit, _ bytes: [UInt8]) async throws {
    let standing = try await reader.statement(of: audit.stored)
    let was = standing?.verdict ?? audit.entry.admission.verdict
    switch audit.event.body.payload {
    case .timestampAnchor(let anchor):
      guard let anchored = standing?.event,
        let newest = try await reader.latestProof(of: anchored)
      else { return try await checkProof(&audit, anchor, bytes, was: was) }
      guard let held = try await store.evidence.readForAudit(newest) else {
        return try await checkErasure(of: newest, &audit)
      }
      try await checkProof(&audit, anchor, held.bytes, was: was)
    case .authorAttestation: try await checkToken(&audit, bytes, was: was)
    case .storageAttestation(let storage) where storage.kind != .file:
      checkReport(&audit, bytes, of: storage)
    default: break
    }
  }

  private func checkProof(
    _ audit: inout EventAudit, _ anchor: TimestampAnchor, _ bytes: [UInt8], was: Verdict
  ) async throws {
    do {
      let finding = try await evidence.proof(
        anchor.kind, bytes, of: anchor.digest, missing: .fetched)
      audit.compare(
        anchor.kind.rawValue, was: was.name, now: finding.verdict.name,
        finding.provenAt.map { "proven at \($0)" } ?? finding.missing
          ?? "undecided under the current trust")
    } catch let refusal as Refusal {
      audit.compare(anchor.kind.rawValue, was: was.name, now: "failed", refusal.message)
    }
  }

  private func checkToken(_ audit: inout EventAudit, _ bytes: [UInt8], was: Verdict) async throws {
    do {
      // The token's times are checked against the time of its arrival.
      let finding = try await evidence.identity(bytes, at: audit.stored.recordedAt)
      audit.compare(
        "token_signature", was: was.name, now: finding.verdict.name,
        finding.missing ?? "undecided without an audience or a key of the issuer")
    } catch let refusal as Refusal {
      guard refusal.code == .invalid else {
        audit.isComplete = false
        return
      }
      audit.compare("token_signature", was: was.name, now: "failed", refusal.message)
    }
  }

  /// Checks the stored fetch report. An audit does not fetch.
  private func checkReport(
    _ audit: inout EventAudit, _ bytes: [UInt8], of storage: StorageAttestation
  ) {
    guard let report = FetchReport(bytes: bytes) else {
      audit.isComplete = false
      return
    }
    let was = audit.entry.admission.verdict
    do {
      let finding = try report.finding(for: storage)
      audit.compare("fetch", was: was.name, now: finding.verdict.name, "by the stored report")
    } catch { audit.compare("fetch", was: was.name, now: "failed", error.message) }
  }
}

/// The audit of one event.
private struct EventAudit: Sendable {
  let stored: StoredEvent
  let entry: Entry
  var findings: [AuditFinding] = []
  var erasures: [AuditErasure] = []
  /// Whether everything about the event could be checked.
  var isComplete = true

  var event: SignedEvent { entry.event }

  init(stored: StoredEvent, entry: Entry) {
    self.stored = stored
    self.entry = entry
  }

  func recordedVerdict(of check: String) -> Verdict? {
    entry.admission.checks.first { $0.name == check }?.verdict
  }

  /// Adds a finding if two verdicts differ.
  mutating func compare(_ check: String, was: String, now: String, _ detail: String) {
    guard was != now else { return }
    findings.append(
      AuditFinding(
        pithNumber: event.body.subject.text, position: stored.position, eventID: stored.eventID,
        check: check, was: was, now: now, detail: detail))
  }
}
