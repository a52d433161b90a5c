import CanonicalJSON
import Encodings

/// One thing that admission looked at, and what it found.
public struct Check: Sendable, Equatable {
  public let name: String
  public let verdict: Verdict

  public init(_ name: String, _ verdict: Verdict) {
    self.name = name
    self.verdict = verdict
  }
}

/// What the ledger found when it took an event: verdicts on bytes and the outside world, never on
/// other events.
public struct Admission: Sendable, Equatable {
  public var checks: [Check]
  public var verdict: Verdict
  public var provenAt: Timestamp?
  public var recordedAt: Timestamp

  public init(
    checks: [Check], verdict: Verdict, provenAt: Timestamp? = nil, recordedAt: Timestamp
  ) {
    self.checks = checks
    self.verdict = verdict
    self.provenAt = provenAt
    self.recordedAt = recordedAt
  }

  /// That the signature holds, and nothing more was to be checked.
  public static func signedOnly(at time: Timestamp) -> Admission {
    Admission(checks: [Check("signature", .verified)], verdict: .verified, recordedAt: time)
  }

  /// The check that fails for an unsigned anchor whose proof names no calendar that the ledger asks and no block
  /// that may exist.
  static let settleable = "settleable"

  func verdict(of check: String) -> Verdict? { checks.first { $0.name == check }?.verdict }
}

/// The bytes of one entry of the log: what is stored, hashed as a leaf, and never changed.
///
/// Canonical JSON of at most 65,535 bytes, so that it fits an entry bundle of C2SP tlog-tiles.
public struct Entry: Sendable {
  public static let maxBytes = 65_535

  public let bytes: [UInt8]
  public let event: SignedEvent
  public let admission: Admission

  public init(event: SignedEvent, admission: Admission) throws(Refusal) {
    self.event = event
    self.admission = admission
    var outcome: JSONObject = [
      "checks": .array(
        admission.checks.map { ["check": .string($0.name), "verdict": .string($0.verdict.name)] }),
      "recorded_at": .string(admission.recordedAt.description),
      "verdict": .string(admission.verdict.name),
    ]
    outcome["proven_at"] = admission.provenAt.map { .string($0.description) }
    let json: JSON = ["admission": .object(outcome), "event": .object(event.json)]
    bytes = json.canonicalBytes()
    guard bytes.count <= Self.maxBytes else {
      throw Refusal(
        .tooLarge, check: "entry_size",
        "The entry would have \(bytes.count) bytes; an entry has at most \(Self.maxBytes).")
    }
  }

  /// Reads an entry back.
  public init(bytes: [UInt8]) throws(Refusal) {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, limits: JSONLimits(maxBytes: Self.maxBytes, maxDepth: 64))
    } catch { throw Refusal(json: error) }
    var top = try JSONObjectReader(json, "")
    event = try SignedEvent(top.value("event"))
    var outcome = try JSONObjectReader(top.value("admission"), "admission")
    try top.finish()
    var checks: [Check] = []
    for item in try outcome.value("checks").arrayValue ?? [] {
      guard let name = item["check"]?.stringValue,
        let verdict = item["verdict"]?.stringValue.flatMap({ Verdict(name: $0) })
      else { throw Refusal(.invalid, check: "entry", field: "admission.checks", "Not a check.") }
      checks.append(Check(name, verdict))
    }
    guard let verdict = Verdict(name: try outcome.text("verdict")) else {
      throw Refusal(.invalid, check: "entry", field: "admission.verdict", "Not a verdict.")
    }
    admission = Admission(
      checks: checks, verdict: verdict, provenAt: try outcome.optionalTimestamp("proven_at"),
      recordedAt: try outcome.timestamp("recorded_at"))
    try outcome.finish()
    self.bytes = bytes
  }

  /// Whether the bytes are the one canonical spelling of what they say.
  public var isCanonical: Bool {
    (try? Entry(event: event, admission: admission))?.bytes == bytes
  }

  /// The typed columns that the fold reads.
  public func foldEvent(position: Int64, record: Int64, referenced: FoldEvent?) -> FoldEvent {
    event.foldEvent(admission, position: position, record: record, referenced: referenced)
  }
}

extension SignedEvent {
  /// The typed columns that the fold reads.
  ///
  /// - Parameter referenced: the event that this one names, among the earlier ones of its record.
  public func foldEvent(
    _ admission: Admission, position: Int64, record: Int64, referenced: FoldEvent?
  ) -> FoldEvent {
    var columns = FoldEvent(
      position: position, record: record, eventID: eventID, type: body.type,
      recordedAt: admission.recordedAt, createdAt: body.createdAt, verdict: admission.verdict,
      signerKey: body.signer.fingerprint,
      targetKey: Digest128(of: body.target.text).hash64, refersTo: referenced?.position)
    if body.isBare { columns.flags.insert(.bare) }
    columns.statement = body.statement
    /// Sets slot and group of a statement of which a signer has one per discriminator.
    func slot(_ discriminator: String) {
      let slot = Digest128(of: body.type.name, discriminator)
      columns.slot = slot
      columns.foldGroup = FoldGroup.of(body.signer, slot)
    }
    switch body.payload {
    case .timestampAnchor(let anchor):
      columns.foldGroup =
        referenced?.foldGroup
        ?? FoldGroup.of(body.signer, Digest128(of: body.type.name, anchor.evidence.hex))
      if admission.verdict(of: Admission.settleable) == .failed {
        columns.flags.insert(.unsettleable)
      }
    case .storageAttestation(let storage):
      slot(storage.location)
      columns.validUntil = storage.expiresAt
      if storage.role != .other { columns.flags.insert(.contentRoleCounts) }
      if storage.kind != .file { columns.flags.insert(.elsewhere) }
      if admission.verdict(of: "storage_provider") != nil {
        columns.flags.insert(.providerStatement)
      }
    case .authorAttestation(let author):
      let claimant = KeyTimeline.identity(signerID: author.signerID)
      columns.slot = Digest128(of: body.type.name, author.orcid)
      columns.claimant = claimant
      columns.flags.insert(Self.nameFlags(admission))
      if author.method == .orcidOIDC {
        columns.flags.insert(.tokenClaim)
        // Whoever has no proof of an iD adds nothing to the iD's group.
        columns.foldGroup =
          admission.verdict == .verified
          ? FoldGroup.of(identity: claimant, FoldGroup.authors) : FoldGroup.of(claim: eventID)
      } else {
        columns.foldGroup = FoldGroup.of(body.signer, FoldGroup.authors)
      }
    case .citationSignature(let citation): slot(citation.citing.normalised)
    case .replicationRecord(let record): slot(record.id)
    case .recordCreated(let created):
      columns.flags.insert(.contentAddressed)
      // Only an operator brings a document; a bare record is an operator's where its entry says so.
      if created.documentSHA256 != nil || admission.verdict(of: "operator") == .verified {
        columns.flags.insert(.operatorImported)
      }
      if admission.verdict(of: "pith_receipt") == .verified {
        columns.flags.insert(.receiptVerified)
      }
    case .graphSnapshot(let graph):
      columns.flags.insert(.operatorImported)
      columns.referenceCount = Int32(graph.referenceCount)
      columns.resolvedWork = Int32(graph.resolvedWork)
      columns.formalEvidenceCount = Int32(graph.formalEvidenceCount)
    case .anchorUpgraded, .eventWithdrawn: columns.foldGroup = referenced?.foldGroup
    case .checkRecorded(let check):
      columns.foldGroup = referenced?.foldGroup
      columns.verdict = check.verdict
      // What proves a claim that had waited joins it with what else its iD said.
      if check.verdict == .verified, let referenced, referenced.flags.contains(.tokenClaim) {
        columns.claimant = referenced.claimant
      }
    case .moderationDecision(let decision):
      columns.foldGroup = referenced?.foldGroup
      if decision.decision == .approved { columns.flags.insert(.approved) }
    case .keyRegistered(let key):
      columns.key = KeyColumns(
        fingerprint: body.signer.fingerprint, signerID: body.signer.signerID,
        signerType: body.signer.signerType, keyID: body.signer.keyID, publicKey: key.publicKey)
    case .keyVouched(let vouch):
      columns.key = KeyColumns(
        fingerprint: vouch.fingerprint, signerID: vouch.signerID, signerType: vouch.signerType,
        name: vouch.name)
    case .vouchingWithdrawn(let withdrawal):
      columns.key = KeyColumns(fingerprint: withdrawal.fingerprint)
    case .keyRevoked(let revocation):
      columns.key = KeyColumns(
        fingerprint: revocation.fingerprint, compromisedFrom: revocation.compromisedFrom)
    case .aliasAdded, .aliasRetracted: break
    }
    return columns
  }

  /// What admission found of the name in an author's claim.
  ///
  /// An entry of a program that did not compare names has neither check of `verified_name`.
  private static func nameFlags(_ admission: Admission) -> FoldFlags {
    var flags: FoldFlags = []
    switch admission.verdict(of: "author_name") {
    case .verified: flags.insert(.nameListed)
    case .failed: flags.insert(.nameMismatch)
    default: break
    }
    switch admission.verdict(of: "verified_name") {
    case .verified: flags.insert(.nameVerified)
    case .failed: flags.insert(.nameDiffers)
    case .pending: flags.insert(.nameUnknown)
    default: break
    }
    return flags
  }
}
