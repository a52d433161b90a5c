public import Encodings
import ProofFormats

/// What admission knows of the record an event is about.
public struct RecordFacts: Sendable {
  public var record: Int64
  public var pithNumber: PithNumber
  public var canonicalSHA256: Digest
  /// `nil` where the list is not known.
  public var authorNames: [String]?
  public var claimIDs: Set<String> = []
  public var pendingBareAnchors = 0
  /// The record's other names, where the event is about one of them.
  public var aliases: Set<Alias> = []

  public init(record: Int64, pithNumber: PithNumber, canonicalSHA256: Digest) {
    self.record = record
    self.pithNumber = pithNumber
    self.canonicalSHA256 = canonicalSHA256
  }
}

/// The state of the log that admission holds an event against.
public struct AdmissionContext: Sendable {
  public var now: Timestamp
  public var origin: String
  public var timeline: KeyTimeline
  /// The position the event would have.
  public var position: Int64
  public var record: RecordFacts?
  /// SHA-256 of the text of the checkpoint that the target names, where the log signed one of that size.
  public var checkpointDigest: Digest?
  /// The event named by `supersedes` or `event_id`, among those of the same record.
  public var referenced: FoldEvent?
  /// The events of the group that this one would join, and of those linked to it.
  public var group: [FoldEvent] = []
  public var evidence: [Digest: [UInt8]] = [:]
  /// The citing record's Pith Number, where this ledger has it on better word than anybody's.
  public var citingKnownAs: PithNumber?
  /// Whether the citing paper's name is one of the record that is cited, on whatever word.
  public var citesItself = false
  public var trustedReceiptKeys: [Digest128: [UInt8]] = [:]
  public var operatorAuthorised = false
  /// What the evidence, or the place it is said to be at, was found to be; `nil` where nobody looked.
  public var finding: Finding?
  /// The event whose signature the caller has just verified under its registered key.
  public var verifiedEvent: Digest?

  public init(now: Timestamp, origin: String, timeline: KeyTimeline, position: Int64) {
    self.now = now
    self.origin = origin
    self.timeline = timeline
    self.position = position
  }
}

/// What checking evidence against the outside world came to. What is provably false is no finding: it is
/// refused.
public struct Finding: Sendable, Equatable {
  public var checks: [Check]
  public var verdict: Verdict
  /// When what is attested was there at the latest, by the proof.
  public var provenAt: Timestamp?
  /// What was seen in detail, as bytes that the ledger keeps as evidence.
  public var report: [UInt8]?
  /// Whether a calendar that the ledger asks, or a block that may exist, can decide what is pending.
  public var canBeSettled = true

  public init(
    _ checks: [Check], _ verdict: Verdict, provenAt: Timestamp? = nil, report: [UInt8]? = nil
  ) {
    self.checks = checks
    self.verdict = verdict
    self.provenAt = provenAt
    self.report = report
  }
}

/// Holds one event against the log, its signature and its evidence.
///
/// What is provably false is refused; what cannot be decided yet is admitted as pending.
///
/// - Throws: a `Refusal` naming the check and the member.
public func admit(
  _ event: SignedEvent, _ context: AdmissionContext
) throws(Refusal) -> Admission {
  try AdmissionCheck(event: event, context: context).run()
}

/// Holds an event against the log, its signature and the form of its evidence, before anybody looks
/// outside on its account.
///
/// - Throws: the `Refusal` that ``admit(_:_:)`` would end with whatever is found outside. Slots are left to
///   admission, since whose a claim is depends on what is found.
public func precheck(
  _ event: SignedEvent, _ context: AdmissionContext
) throws(Refusal) {
  var context = context
  context.finding = context.finding ?? Finding([], .verified)
  _ = try AdmissionCheck(event: event, context: context, isPrecheck: true).checkAllButSlot()
}

/// The nonce an identity token is asked for, which binds it to one purpose.
public enum IdentityNonce {
  /// For a claim to one record; with a key, also for the word that the key is this person's.
  public static func of(_ number: PithNumber, _ key: Digest128? = nil) -> String {
    let text = "pithledger:author:\(number)" + (key.map { ":\($0.hex)" } ?? "")
    return Base64.encodeURL(Digest(hashing: Array(text.utf8)).bytes)
  }
}

/// The checks of one admission.
private struct AdmissionCheck {
  /// How far ahead of the ledger's clock a signer's may be.
  static let clockSkewSeconds: Int64 = 300
  static let maxPendingBareAnchors = 16
  /// How many statements one signer may make in one slot, or authors' claims about one record: each of them
  /// makes the next one dearer.
  static let maxStatements = 512

  let event: SignedEvent
  let context: AdmissionContext
  /// Whether somebody is yet to look outside.
  var isPrecheck = false
  var body: EventBody { event.body }
  var signer: Signer { event.body.signer }
  var isRegistry: Bool {
    context.timeline.registryKey(at: context.position) == signer.fingerprint
  }

  func refuse(
    _ check: String, _ field: String? = nil, _ message: String, code: Refusal.Code = .invalid
  ) -> Refusal {
    Refusal(code, check: check, field: field, message)
  }

  func run() throws(Refusal) -> Admission {
    let admission = try checkAllButSlot()
    if body.type.isAttestation { try checkSlot(admission) }
    return admission
  }

  /// Everything but the slot.
  func checkAllButSlot() throws(Refusal) -> Admission {
    if body.createdAt > context.now.adding(seconds: Self.clockSkewSeconds) {
      throw refuse(
        "created_at", "created_at",
        "More than five minutes in the future: check the signer's clock.")
    }
    try SubmissionParser.checkNamed(context.evidence, by: body.payload)
    if case .keyRegistered(let payload) = body.payload {
      try checkRegistration(payload)
    } else {
      try checkSigner()
    }
    if let claim = body.target.claim, context.record?.claimIDs.contains(claim) != true {
      throw refuse("claims", "target", "The newest snapshot of this record has no claim \(claim).")
    }
    var admission = Admission.signedOnly(at: context.now)
    switch body.payload {
    case .timestampAnchor(let payload): try anchor(payload, &admission)
    case .storageAttestation(let payload): try storage(payload, &admission)
    case .authorAttestation(let payload): try author(payload, &admission)
    case .citationSignature(let payload): try citation(payload)
    case .replicationRecord(let payload): try replication(payload)
    case .recordCreated(let payload): try recordCreated(payload, &admission)
    case .graphSnapshot, .aliasAdded: try requireRegistry()
    case .aliasRetracted(let payload): try retraction(payload)
    case .anchorUpgraded:
      try requireRegistry()
      guard try referenced(body.payload).type == .timestampAnchor,
        let digest = body.payload.evidence
      else { throw refuse("event_id", "payload.event_id", "Only a timestamp_anchor is upgraded.") }
      try checkProof(.opentimestamps, try evidence(digest), of: try anchoredDigest())
      admission.checks.append(Check("proof_form", .verified))
      apply(context.finding, otherwise: "bitcoin", to: &admission)
    case .checkRecorded(let payload):
      try requireRegistry()
      let target = try referenced(body.payload)
      guard target.type.isAttestation || payload.verdict == .erased else {
        throw refuse("event_id", "payload.event_id", "Only an attestation is checked again.")
      }
      admission.provenAt = context.finding?.provenAt
    case .moderationDecision(let payload): try moderation(payload)
    case .eventWithdrawn: try withdrawal(&admission)
    case .keyRegistered: break
    case .keyVouched(let payload): try vouch(payload)
    case .keyRevoked(let payload): try revocation(payload)
    case .vouchingWithdrawn(let payload): try withdrawnVouching(payload)
    }
    return admission
  }

  // MARK: Who signs

  func checkSigner() throws(Refusal) {
    guard let key = context.timeline.registration(of: signer.fingerprint) else {
      throw refuse(
        "known_key", "signer.public_key_fingerprint",
        "No key with this fingerprint is registered here: register it first (key_registered).")
    }
    guard context.verifiedEvent == event.eventID || event.isSigned(by: key.publicKey) else {
      throw refuse(
        "signature", "signature.signature_b64", "The signature does not verify over the event_id.")
    }
    let registered = Signer(
      keyID: key.keyID, fingerprint: key.fingerprint, signerID: key.signerID,
      signerType: key.signerType)
    guard registered == signer else {
      throw refuse(
        "signer", "signer",
        "The signer differs from the key's registration: key_id \(key.keyID), signer_id "
          + "\(key.signerID), signer_type \(key.signerType.name).")
    }
    if context.timeline.isRevoked(signer.fingerprint, at: context.position) {
      throw refuse("revoked", "signer.public_key_fingerprint", "This key has been revoked.")
    }
    if signer.signerType == .registry, !isRegistry {
      throw refuse(
        "authority", "signer", "This registry key has been replaced by another.", code: .forbidden)
    }
  }

  func requireRegistry() throws(Refusal) {
    guard isRegistry else {
      throw refuse(
        "authority", "signer", "\(body.type.name) is signed by the registry alone.",
        code: .forbidden)
    }
  }

  func requireThisLog(_ log: String) throws(Refusal) {
    guard log == context.origin else {
      throw refuse("log", "payload.log", "Meant for another ledger; this one is \(context.origin).")
    }
  }

  // MARK: Keys

  func checkRegistration(_ payload: Payload.KeyRegistered) throws(Refusal) {
    let fingerprint = Digest(hashing: payload.publicKey).prefix
    guard signer.fingerprint == fingerprint, body.target.text == "key:\(fingerprint.hex)" else {
      throw refuse(
        "fingerprint", "signer.public_key_fingerprint",
        "The fingerprint of this public key is \(fingerprint.hex); the target is key:\(fingerprint.hex)."
      )
    }
    guard event.isSigned(by: payload.publicKey) else {
      throw refuse(
        "signature", "signature.signature_b64",
        "A registration is signed by the key it registers, over the event_id.")
    }
    if context.trustedReceiptKeys[fingerprint] != nil {
      throw refuse(
        "receipt_key", "payload.public_key_b64",
        "A key that signs receipts never signs events: both sign bare digests.")
    }
    if let known = context.timeline.registration(of: fingerprint) {
      throw refuse(
        "known_key", "payload.public_key_b64",
        "This key is registered already, as \(known.signerID) (\(known.signerType.name)).",
        code: .conflict)
    }
    guard signer.signerType.isOpen || context.operatorAuthorised else {
      throw refuse(
        "authority", "signer.signer_type",
        "Anyone may register as author, replicator or agent; for \(signer.signerType.name), register "
          + "so and let the operator vouch for the key.", code: .forbidden)
    }
  }

  func vouch(_ payload: Payload.KeyVouched) throws(Refusal) {
    try requireRegistry()
    try requireThisLog(payload.log)
    guard let key = context.timeline.registration(of: payload.fingerprint) else {
      throw refuse("known_key", "payload.public_key_fingerprint", "No such key is registered.")
    }
    guard key.signerID == payload.signerID else {
      throw refuse(
        "signer", "payload.signer_id", "The key is registered for \(key.signerID), and no other.")
    }
    if key.revokedAt != nil {
      throw refuse("revoked", "payload.public_key_fingerprint", "This key has been revoked.")
    }
    guard (payload.signerType == .registry) == (key.signerType == .registry) else {
      throw refuse("authority", "payload.signer_type", "A registry key is vouched as nothing else.")
    }
  }

  /// That a key is registered, and is not one of the registry's own.
  func requireSignersKey(_ fingerprint: Digest128) throws(Refusal) {
    guard let key = context.timeline.registration(of: fingerprint) else {
      throw refuse("known_key", "payload.public_key_fingerprint", "No such key is registered.")
    }
    guard key.signerType != .registry else {
      throw refuse(
        "authority", "payload.public_key_fingerprint", "A registry key is rotated instead.")
    }
  }

  func withdrawnVouching(_ payload: Payload.VouchingWithdrawn) throws(Refusal) {
    try requireRegistry()
    try requireThisLog(payload.log)
    try requireSignersKey(payload.fingerprint)
    guard context.timeline.isVouched(payload.fingerprint, at: context.position) else {
      throw refuse(
        "vouched", "payload.public_key_fingerprint", "Nobody vouches for this key now.",
        code: .conflict)
    }
  }

  func retraction(_ payload: Payload.AliasRetracted) throws(Refusal) {
    try requireRegistry()
    try requireThisLog(payload.log)
    let known = try record().aliases.contains {
      $0.kind == payload.alias.kind && $0.folded == payload.alias.folded
    }
    guard known else {
      throw refuse(
        "alias", "payload.alias_value",
        "This record has no alias \(payload.alias.kind.rawValue) \(payload.alias.value).",
        code: .notFound)
    }
    guard payload.alias.kind.isGiven else {
      throw refuse(
        "alias", "payload.alias_kind", "A short form follows from the number, and stays.")
    }
  }

  func revocation(_ payload: Payload.KeyRevoked) throws(Refusal) {
    try requireThisLog(payload.log)
    try requireSignersKey(payload.fingerprint)
    guard isRegistry || signer.fingerprint == payload.fingerprint else {
      throw refuse(
        "authority", "signer", "A key is revoked by itself or by the registry.", code: .forbidden)
    }
    guard let from = payload.compromisedFrom else { return }
    guard from <= context.position else {
      throw refuse(
        "compromised_from_position", "payload.compromised_from_position",
        "Not later than the revocation, which would be at \(context.position).")
    }
    if !isRegistry, context.timeline.isVouched(payload.fingerprint, at: context.position) {
      throw refuse(
        "authority", "payload.compromised_from_position",
        "For a vouched key only the registry may name an earlier position.", code: .forbidden)
    }
  }

  // MARK: Attestations

  /// That a location can be fetched now and whenever it is looked at again. An old log may hold others.
  func checkLocation(_ payload: Payload.StorageAttestation) throws(Refusal) {
    guard payload.location.hasPrefix("https://") else { return }
    do throws(WebAddress.Fault) { _ = try WebAddress(payload.location) } catch {
      throw refuse("location", "payload.location", error.message)
    }
  }

  func record() throws(Refusal) -> RecordFacts {
    guard let record = context.record else {
      throw refuse(
        "subject", "subject_pith_number", "This ledger has no such record.", code: .notFound)
    }
    return record
  }

  /// What a proof of time must be over: the record, or the checkpoint that the target names.
  func anchoredDigest() throws(Refusal) -> Digest {
    guard let size = body.target.checkpoint else { return try record().canonicalSHA256 }
    try requireRegistry()
    guard let digest = context.checkpointDigest else {
      throw refuse("checkpoint", "target", "This log signed no checkpoint of \(size) entries.")
    }
    return digest
  }

  func evidence(_ digest: Digest) throws(Refusal) -> [UInt8] {
    guard let bytes = context.evidence[digest] else {
      throw refuse(
        "evidence", "evidence", "Send the bytes of \(digest.hex) in base64 under that name.")
    }
    return bytes
  }

  func proof<T>(_ read: () throws(ProofFormatError) -> T) throws(Refusal) -> T {
    do { return try read() } catch {
      throw Refusal(
        .invalid, check: error.check, field: "evidence", offset: error.offset, error.message)
    }
  }

  func anchor(
    _ payload: Payload.TimestampAnchor, _ admission: inout Admission
  ) throws(Refusal) {
    let anchored = try anchoredDigest()
    guard payload.digest == anchored else {
      throw refuse(
        "digest", "payload.digest_sha256", "The digest that is anchored here is \(anchored.hex).")
    }
    try checkProof(payload.kind, try evidence(payload.evidence), of: anchored)
    admission.checks.append(Check("proof_form", .verified))
    apply(
      context.finding, otherwise: payload.kind == .rfc3161 ? "token_signature" : "bitcoin",
      to: &admission)
    guard isRegistry, admission.verdict == .pending, let record = context.record else { return }
    if context.finding?.canBeSettled == false {
      // It takes no place among the record's pending anchors, so that worthless ones keep nobody out.
      admission.checks.append(Check(Admission.settleable, .failed))
    } else if record.pendingBareAnchors >= Self.maxPendingBareAnchors {
      throw refuse(
        "pending_anchors", nil,
        "This record has \(record.pendingBareAnchors) unsigned anchors that are still pending; sign "
          + "yours with a registered key.", code: .tooMany)
    }
  }

  /// Takes what was found; where nobody looked, the check of this name is still to be made.
  func apply(_ finding: Finding?, otherwise check: String, to admission: inout Admission) {
    let finding = finding ?? Finding([Check(check, .pending)], .pending)
    admission.checks += finding.checks
    admission.verdict = finding.verdict
    admission.provenAt = finding.provenAt
  }

  /// That a proof has its form, and is about the record.
  func checkProof(
    _ kind: Payload.TimestampAnchor.Kind, _ bytes: [UInt8], of digest: Digest
  ) throws(Refusal) {
    let wanted = digest.bytes
    switch kind {
    case .opentimestamps:
      let proof = try proof { () throws(ProofFormatError) in try OpenTimestampsProof.parse(bytes) }
      guard proof.algorithm == .sha256, proof.digest == wanted else {
        throw refuse("ots.digest", "evidence", "The proof is about another digest.")
      }
      guard !proof.attestations.isEmpty else {
        throw refuse("ots.attestations", "evidence", "The proof leads to no attestation.")
      }
    case .rfc3161:
      // Bytes behind the token are the last thing that is checked.
      _ = try proof { () throws(ProofFormatError) in
        try TimestampToken.parse(bytes, .init(imprint: wanted, allowsTrailing: isPrecheck))
      }
    }
  }

  func storage(
    _ payload: Payload.StorageAttestation, _ admission: inout Admission
  ) throws(Refusal) {
    let record = try record()
    try checkLocation(payload)
    if payload.observedAt > context.now.adding(seconds: Self.clockSkewSeconds) {
      throw refuse("observed_at", "payload.observed_at", "More than five minutes in the future.")
    }
    if payload.role == .canonicalRecord, payload.content != record.canonicalSHA256 {
      throw refuse(
        "content", "payload.content_sha256",
        "The canonical record hashes to \(record.canonicalSHA256.hex).")
    }
    if payload.kind == .file {
      guard payload.evidence == payload.content else {
        throw refuse(
          "content", "payload.evidence_sha256",
          "A file is uploaded: evidence_sha256 equals content_sha256, and evidence holds the bytes."
        )
      }
      let bytes = try evidence(payload.content)
      guard bytes.count == payload.sizeBytes else {
        throw refuse("content", "payload.size_bytes", "The upload has \(bytes.count) bytes.")
      }
      admission.checks.append(Check("content", .verified))
      return
    }
    if let finding = context.finding {
      apply(finding, otherwise: "fetch", to: &admission)
      return
    }
    guard isStorageProvider else {
      throw refuse(
        "fetch", "payload.location",
        "Nobody has looked whether the bytes are there. Upload them as a file, or have a vouched "
          + "storage provider sign the statement.")
    }
    admission.checks.append(Check("storage_provider", .pending))
    admission.verdict = .pending
  }

  var isStorageProvider: Bool {
    !isRegistry
      && context.timeline.isVouched(signer.fingerprint, at: context.position, as: .storageProvider)
  }

  /// An identity token among the evidence, for this record, unexamined but for its form and nonce.
  func identityToken(
    _ digest: Digest, allowsKey: Bool
  ) throws(Refusal) -> IdentityToken {
    let bytes = try evidence(digest)
    let token = try proof { () throws(ProofFormatError) in try IdentityToken.parse(bytes) }
    let number = try record().pithNumber
    let nonce = IdentityNonce.of(number)
    guard
      token.nonce == nonce
        || allowsKey && token.nonce == IdentityNonce.of(number, signer.fingerprint)
    else {
      throw refuse("jwt.nonce", "evidence", "Ask for the token with the nonce \(nonce).")
    }
    return token
  }

  func author(
    _ payload: Payload.AuthorAttestation, _ admission: inout Admission
  ) throws(Refusal) {
    let record = try record()
    if payload.method == .orcidOIDC {
      guard let digest = payload.evidence else {
        throw refuse("evidence", "payload.evidence_sha256", "The identity token's SHA-256.")
      }
      let token = try identityToken(digest, allowsKey: !isRegistry)
      guard token.subject == payload.orcid else {
        throw refuse("jwt.sub", "payload.orcid", "The token is for another iD.")
      }
      if let name = token.name, !PersonName.matches(name, payload.name) {
        throw refuse("jwt.name", "payload.name", "The token gives another name.")
      }
      admission.checks.append(Check("token_form", .verified))
      apply(context.finding, otherwise: "token_signature", to: &admission)
      admission.checks.append(Check("verified_name", payload.verdict(ofIssued: token.name)))
    } else if isRegistry {
      throw refuse("authority", "signer", "The registry claims no authorship.", code: .forbidden)
    } else if context.timeline.isVouched(signer.fingerprint, at: context.position) {
      let bound = context.timeline.boundName(signer.fingerprint, at: context.position)
      admission.checks.append(Check("verified_name", payload.verdict(ofIssued: bound)))
    }
    admission.checks.append(Check("author_name", payload.nameVerdict(in: record.authorNames)))
  }

  func citation(_ payload: Payload.CitationSignature) throws(Refusal) {
    let record = try record()
    if isRegistry {
      throw refuse("authority", "signer", "The registry cites nothing.", code: .forbidden)
    }
    if payload.citing.recordName == .pithNumber(record.pithNumber) || context.citesItself {
      throw refuse("self_citation", "payload", "A paper does not cite itself here.")
    }
    if let known = context.citingKnownAs, payload.citing.recordName != .pithNumber(known) {
      throw refuse(
        "citing_known_here", "payload.citing_pith_number",
        "This ledger knows the citing paper: name it by citing_pith_number \(known).")
    }
  }

  func replication(_ payload: Payload.ReplicationRecord) throws(Refusal) {
    let record = try record()
    if isRegistry {
      throw refuse("authority", "signer", "The registry replicates nothing.", code: .forbidden)
    }
    if let missing = payload.claimIDs.first(where: { !record.claimIDs.contains($0) }) {
      throw refuse(
        "claims", "payload.claim_ids",
        "The newest snapshot of this record has no claim \(missing). It has: "
          + record.claimIDs.sorted().joined(separator: ", ") + ".")
    }
  }

  func recordCreated(
    _ payload: Payload.RecordCreated, _ admission: inout Admission
  ) throws(Refusal) {
    try requireRegistry()
    guard body.subject == .record(payload.canonical.pithNumber) else {
      throw refuse(
        "content_addressed", "subject_pith_number",
        "The canonical record's number is \(payload.canonical.pithNumber).")
    }
    admission.checks.append(Check("content_addressed", .verified))
    if context.operatorAuthorised { admission.checks.append(Check("operator", .verified)) }
    if let receipt = payload.receipt {
      let verdict = try Receipt.check(
        receipt, digest: payload.canonical.digest, trusted: context.trustedReceiptKeys,
        field: "payload.receipt")
      admission.checks.append(Check("pith_receipt", verdict))
    }
  }

  // MARK: Statements about other events

  func referenced(_ payload: Payload) throws(Refusal) -> FoldEvent {
    guard let found = context.referenced else {
      throw refuse(
        "event_id", "payload.event_id",
        "This record has no event \(payload.referencedEventID?.hex ?? "").")
    }
    return found
  }

  func moderation(_ payload: Payload.ModerationDecision) throws(Refusal) {
    try requireThisLog(payload.log)
    guard context.timeline.isVouched(signer.fingerprint, at: context.position, as: .moderator)
    else {
      throw refuse(
        "authority", "signer", "Only a key vouched for as moderator decides.", code: .forbidden)
    }
    let target = try referenced(body.payload)
    guard target.type == .replicationRecord else {
      throw refuse("event_id", "payload.event_id", "Only a replication_record is moderated.")
    }
    let own = context.timeline.identity(signer.fingerprint, at: context.position)
    guard target.signerKey != signer.fingerprint,
      own != context.timeline.identity(target.signerKey, at: target.position)
    else {
      throw refuse("authority", "signer", "Nobody decides on their own record.", code: .forbidden)
    }
  }

  func withdrawal(_ admission: inout Admission) throws(Refusal) {
    let target = try referenced(body.payload)
    guard target.type.isAttestation else {
      throw refuse("event_id", "payload.event_id", "Only the five attestations can be withdrawn.")
    }
    let fold = GroupFold(context.group, context.timeline)
    guard let statement = fold.statements.first(where: { $0.event.position == target.position }),
      isRegistry || statement.event.signerKey == signer.fingerprint
        || statement.identity == context.timeline.identity(signer.fingerprint, at: context.position)
    else {
      throw refuse(
        "authority", "signer", "An attestation is withdrawn by whoever made it.", code: .forbidden)
    }
    if statement.isWithdrawn {
      throw refuse(
        "event_id", "payload.event_id", "It has been withdrawn already.", code: .conflict)
    }
    if let digest = body.payload.evidence { try withdrawalToken(digest, of: target, &admission) }
  }

  /// A fresh token stands in for the signature of whoever made a bare claim by token, and nothing else.
  func withdrawalToken(
    _ digest: Digest, of target: FoldEvent, _ admission: inout Admission
  ) throws(Refusal) {
    guard isRegistry, target.flags.isSuperset(of: [.tokenClaim, .bare]) else {
      throw refuse(
        "event_id", "payload.event_id",
        "Only a claim by identity token that nobody signed is withdrawn by token: sign the withdrawal "
          + "with the key that made it.")
    }
    let token = try identityToken(digest, allowsKey: false)
    guard
      target.claimant == KeyTimeline.identity(signerID: "https://orcid.org/" + token.subject)
    else { throw refuse("jwt.sub", "payload.event_id", "The claim is another iD's.") }
    admission.checks.append(Check("token_form", .verified))
    // Unlike a claim, a withdrawal cannot wait: it takes effect at its position.
    guard let finding = context.finding, finding.verdict == .verified else {
      throw refuse(
        "token_signature", "evidence",
        "The token cannot be checked now: no audience is configured, or the issuer's keys cannot be had.",
        code: .unavailable)
    }
    apply(finding, otherwise: "token_signature", to: &admission)
  }

  /// A signer who speaks without end makes every fold of the slot longer. Whom an operator made a provider
  /// of storage restates what is there for years.
  func checkLength(of group: Int64?, _ fold: GroupFold) throws(Refusal) {
    let count = fold.statements.count { $0.event.foldGroup == group }
    guard count >= Self.maxStatements, !isStorageProvider else { return }
    throw refuse(
      "statements", nil,
      "You have made \(count) statements here already, and one signer makes at most "
        + "\(Self.maxStatements).", code: .tooMany)
  }

  /// One live statement per slot; a newer one names the older in `supersedes`.
  func checkSlot(_ admission: Admission) throws(Refusal) {
    let candidate = event.foldEvent(
      admission, position: context.position, record: context.record?.record ?? -1,
      referenced: context.referenced)
    let fold = GroupFold(context.group, context.timeline)
    try checkLength(of: candidate.foldGroup, fold)
    // A fold of its own tells whose the candidate is, as the fold of the log will.
    let statement = GroupFold([candidate], context.timeline).statements.first
    let own = statement?.identity
    if let last = statement.flatMap({ fold.lastWithdrawal(where: $0) }), body.createdAt <= last {
      throw refuse(
        "created_at", "created_at",
        "The same signer withdrew a statement here at \(last), so that this one counts for nothing: sign it "
          + "anew with a later created_at.", code: .conflict)
    }
    if let id = body.payload.referencedEventID {
      guard let target = fold.statements.first(where: { $0.event.eventID == id }),
        target.event.type == body.type, target.identity == own, target.event.slot == candidate.slot,
        target.event.targetKey == candidate.targetKey
      else {
        throw refuse(
          "supersedes", "payload.supersedes",
          "Only the same signer's statement in the same slot and of the same target is superseded.")
      }
      guard target.isLive else {
        throw refuse(
          "supersedes", "payload.supersedes",
          "That statement is \(fold.bucket(of: target).name) already.",
          code: .conflict)
      }
    }
    guard let slot = candidate.slot else { return }
    let standing = fold.live.first {
      $0.event.slot == slot && $0.event.targetKey == candidate.targetKey && $0.identity == own
        && $0.event.eventID != body.payload.referencedEventID
    }
    if let standing {
      throw refuse(
        "slot", "payload.supersedes",
        "You have a live statement here, sha256:\(standing.event.eventID.hex): name it in supersedes, or "
          + "withdraw it.", code: .conflict)
    }
  }
}
