public import Encodings

/// The state of the log against which admission checks one event.
public struct AdmissionContext: Sendable {
  /// The time by the ledger's clock.
  public var now: Timestamp
  /// The origin of the ledger, which statements of authority carry as `log`.
  public var origin: String
  /// The keys as of the event's position.
  public var timeline: KeyTimeline
  /// The position that the event would have.
  public var position: Position
  /// The record that the event is about. `nil` for an event about the registry.
  public var record: RecordFacts?
  /// SHA-256 of the text of the checkpoint that the target names, if the log signed one of that size.
  public var checkpointDigest: Digest?
  /// The event that `supersedes` or `event_id` names, if it is an event of the same record.
  public var referenced: FoldEvent?
  /// The events of the group that this one would join, and of the groups linked to it.
  public var group = LinkedEvents()
  /// The bytes that came with the submission, by SHA-256.
  public var evidence: [Digest: [UInt8]] = [:]
  /// True if the name of the citing paper is one of the cited record's own names.
  public var citesItself = false
  /// Keys trusted for receipts, by fingerprint.
  public var trustedReceiptKeys: [Digest128: [UInt8]] = [:]
  /// Whether the operator made the submission.
  public var operatorAuthorised = false
  /// Whether the event is part of a rotation of the registry key.
  public var isRotation = false
  /// The result of the check of the evidence, or of the location. `nil` if there was no check.
  public var finding: Finding?

  /// Makes a context without a record, evidence or a finding.
  public init(now: Timestamp, origin: String, timeline: KeyTimeline, position: Position) {
    self.now = now
    self.origin = origin
    self.timeline = timeline
    self.position = position
  }
}

/// The data about a record that admission needs to check an event about it.
public struct RecordFacts: Sendable {
  /// The record's identifier in this log.
  public var record: RecordID
  /// The record's Pith Number.
  public var pithNumber: PithNumber
  /// SHA-256 of the canonical record.
  public var canonicalSHA256: Digest
  /// The names of the authors. `nil` if the list is not known.
  public var authorNames: [String]?
  /// The claims of the newest snapshot.
  public var claimIDs: Set<String> = []
  /// The number of unsigned anchors that are still pending.
  public var pendingBareAnchors = 0
  /// The other names of the record; filled for an event that is about one of them.
  public var aliases: Set<Alias> = []

  /// Makes the facts of a record without names, claims or aliases.
  public init(record: RecordID, pithNumber: PithNumber, canonicalSHA256: Digest) {
    self.record = record
    self.pithNumber = pithNumber
    self.canonicalSHA256 = canonicalSHA256
  }
}

/// The result of a check of evidence against an external service or trusted data. Evidence that is
/// provably false is refused, and has no finding.
public struct Finding: Sendable, Equatable {
  /// The checks, in the order in which they ran.
  public var checks: [Check]
  /// The overall verdict.
  public var verdict: Verdict
  /// The time by which the attested fact existed, if the proof gives one.
  public var provenAt: Timestamp?
  /// A detailed report, as bytes that the ledger stores as evidence.
  public var report: [UInt8]?
  /// What is missing to decide a pending result, and how the operator provides it, as text for a person:
  /// a block header, a root certificate, a key or a setting.
  public var missing: String?
  /// Whether a configured calendar, or a block that can exist, can still decide a pending result.
  public var canBeSettled = true

  /// Makes a finding that can be settled.
  public init(
    _ checks: [Check], _ verdict: Verdict, provenAt: Timestamp? = nil, report: [UInt8]? = nil
  ) {
    self.checks = checks
    self.verdict = verdict
    self.provenAt = provenAt
    self.report = report
  }
}
