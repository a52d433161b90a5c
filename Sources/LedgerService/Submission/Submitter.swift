public import CanonicalJSON
public import Encodings
public import LedgerDomain
import LedgerStore
import Logging
import PostgresClient
import ProofFormats
import SafeHTTPClient

/// What a submitter is told: where the event is in the log, and what it changed.
public struct SubmissionAnswer: Sendable {
  /// Whether this submission appended something; `false` where it was there already.
  public let created: Bool
  public let eventID: Digest
  public let position: Int64
  public let recordedAt: Timestamp
  /// `strong`, `weak`, `verified`, `pending`, … as the fold says; `recorded` for other events.
  public let standing: String
  /// Why it is not more, in a few words.
  public let reason: String?
  public let pithNumber: PithNumber?
  /// `nil` when the projections lag behind by more than the configured wait.
  public let verificationStatus: JSONObject?
  public let eventSummary: JSONObject?
  /// The log's signed promise of position and entry; `nil` from a process that only answers.
  public let receipt: String?

  public var json: JSON {
    [
      "created": .bool(created), "event_id": .string("sha256:" + eventID.hex),
      "position": .integer(position), "recorded_at": .string(recordedAt.description),
      "reason": reason.map { .string($0) } ?? .null, "standing": .string(standing),
      "pith_number": pithNumber.map { .string($0.description) } ?? .null,
      "receipt": receipt.map { .string($0) } ?? .null,
      "verification_status": verificationStatus.map { .object($0) } ?? .null,
      "event_summary": eventSummary.map { .object($0) } ?? .null,
    ]
  }
}

extension Ledger {
  /// How often a unit is admitted again because its record moved under it.
  static let maxRetries = 8

  /// Takes one submission off the wire: admits it, appends it, and answers once it is durable.
  ///
  /// - Parameters:
  ///   - name: the record of the path it was posted to; `nil` takes the signed subject's word.
  ///   - action: the event type of the path; `nil` takes any.
  /// - Throws: `Refusal`; after one, nothing of the submission is stored.
  public func submit(
    _ bytes: [UInt8], record name: String? = nil, action: EventType? = nil, client: ClientID,
    operatorAuthorised: Bool = false
  ) async throws -> SubmissionAnswer {
    let limits = JSONLimits(maxBytes: configuration.limits.submissionBytes, maxDepth: 64)
    switch try SubmissionParser.parse(bytes, limits: limits) {
    case .signed(let event, let evidence):
      if let action, event.body.type != action {
        throw Refusal(
          .invalid, check: "action", field: "event_type",
          "The event says \(event.body.type.name), and was posted to \(action.name).")
      }
      return try await submit(
        event, evidence: evidence, record: name, client: client,
        operatorAuthorised: operatorAuthorised)
    case .bare(let bare):
      guard let action, let name else {
        throw Refusal(
          .malformed, check: "signature", field: "signature",
          "An event sent here is signed. A bare payload goes to /pith/{id}/action/{event_type}.")
      }
      return try await submitBare(
        bare, action: action, record: name, client: operatorAuthorised ? .shell : client)
    }
  }

  /// Submits an event that is signed already.
  public func submit(
    _ event: SignedEvent, evidence: [Digest: [UInt8]], record name: String? = nil, client: ClientID,
    operatorAuthorised: Bool = false
  ) async throws -> SubmissionAnswer {
    let client = operatorAuthorised ? .shell : client
    try quotas.takeSubmission(client)
    let reservation = store.log.reserve()
    defer { reservation.end() }
    guard case .record(let number) = event.body.subject else {
      return try await submitAboutKeys(
        event, evidence: evidence, record: name, client: client,
        operatorAuthorised: operatorAuthorised)
    }
    guard let facts = try await facts(for: event, about: number) else {
      throw Refusal(
        .notFound, check: "subject", field: "subject_pith_number",
        "This ledger has no record \(number). Import it first: POST /api/records.")
    }
    try await check(path: name, agreesWith: facts.record)
    let keys = try await timeline.current(facts.log)
    try checkSignature(event, keys.timeline)
    let answer: SubmissionAnswer
    if let stored = facts.stored {
      answer = try await self.answer(stored, record: facts.record, group: nil, created: false)
    } else {
      try count(event, evidence, by: client, keys)
      answer = try await append(
        record: facts.record, guarded: false, client: client, facts: facts, reservation: reservation
      ) { context, _ in
        context.evidence = evidence
        context.operatorAuthorised = operatorAuthorised
        context.verifiedEvent = event.eventID
        return event
      }
    }
    try await vouchByToken(
      event, evidence, isVerified: hasVerifiedToken(event, at: answer.position))
    return answer
  }

  /// Counts a new event whose signature holds, for its client and its key.
  private func count(
    _ event: SignedEvent, _ evidence: [Digest: [UInt8]], by client: ClientID,
    _ keys: (timeline: KeyTimeline, next: Int64)
  ) throws(Refusal) {
    let fingerprint = event.body.signer.fingerprint
    try quotas.takeVerified(
      client, key: fingerprint, isVouched: keys.timeline.isVouched(fingerprint, at: keys.next),
      evidenceBytes: evidence.values.reduce(0) { $0 + $1.count })
  }

  /// Vouches for the key of a claim whose token was asked for with that very key's nonce, and verified.
  ///
  /// Sent again, the same claim makes up for a vouch that a crash left out.
  func vouchByToken(
    _ event: SignedEvent, _ evidence: [Digest: [UInt8]], isVerified: Bool
  ) async throws {
    guard isVerified, case .authorAttestation(let author) = event.body.payload,
      author.method == .orcidOIDC, event.body.signer.signerID == author.signerID,
      let digest = author.evidence, let bytes = evidence[digest],
      let token = try? IdentityToken.parse(bytes), case .record(let number) = event.body.subject,
      token.nonce == IdentityNonce.of(number, event.body.signer.fingerprint)
    else { return }
    let keys = try await timeline.current()
    let key = event.body.signer.fingerprint
    let isKnown =
      keys.timeline.isVouched(key, at: keys.next, as: .author)
      && (token.name == nil || token.name == keys.timeline.boundName(key, at: keys.next))
    let others = keys.timeline.keys(of: KeyTimeline.identity(signerID: author.signerID))
    guard !isKnown, others.contains(key) || others.count < Self.maxKeysByToken else { return }
    _ = try await vouch(key, as: .author, method: "orcid_oidc", name: token.name)
  }

  /// How many keys one iD may have vouched for by token: what any of them says is folded with what all
  /// of them said.
  static let maxKeysByToken = 32

  /// Whether an event's token was found genuine when it came.
  private func hasVerifiedToken(_ event: SignedEvent, at position: Int64) async throws -> Bool {
    guard case .authorAttestation(let author) = event.body.payload, author.method == .orcidOIDC,
      let stored = try await store.log.events(from: position, limit: 1).first
    else { return false }
    return try Entry(bytes: stored.entry).admission.checks
      .contains(Check("token_signature", .verified))
  }

  /// Submits a signed event about the registry's keys.
  private func submitAboutKeys(
    _ event: SignedEvent, evidence: [Digest: [UInt8]], record name: String?, client: ClientID,
    operatorAuthorised: Bool
  ) async throws -> SubmissionAnswer {
    if name != nil {
      throw Refusal(
        .invalid, check: "subject", field: "subject_pith_number",
        "An event about the registry is posted to /api/events.")
    }
    let keys = try await timeline.current()
    try checkSignature(event, keys.timeline)
    if let stored = try await store.log.event(record: -1, id: event.eventID) {
      return try await answer(stored, record: nil, group: nil, created: false)
    }
    if event.body.type == .keyRegistered { try quotas.takeRegistration(client) }
    try count(event, evidence, by: client, keys)
    return try await append(record: nil, guarded: false) { context, _ in
      context.evidence = evidence
      context.operatorAuthorised = operatorAuthorised
      context.verifiedEvent = event.eventID
      return event
    }
  }

  /// Signs a payload with the registry key, for the actions that prove themselves.
  private func submitBare(
    _ bare: BareSubmission, action: EventType, record name: String, client: ClientID
  ) async throws -> SubmissionAnswer {
    let provesItself =
      action == .timestampAnchor || action == .storageAttestation
      || (action == .eventWithdrawn && bare.payload["evidence_sha256"] != nil)
      || (action == .authorAttestation && bare.payload["method"]?.stringValue == "orcid_oidc")
    guard provesItself else {
      throw Refusal(
        .invalid, check: "signature", field: "signature",
        "\(action.name) does not prove itself: sign it, and send the whole event. "
          + "?prepare=true answers with the bytes to sign.")
    }
    let record = try await resolver.resolve(name).record
    try quotas.takeBareAction(
      client, evidenceBytes: bare.evidence.values.reduce(0) { $0 + $1.count })
    func attempt(_ found: Finding??, looksOnly: Bool) async throws -> SubmissionAnswer {
      try await append(
        record: record, guarded: true, client: client, found: found, looksOnly: looksOnly
      ) { context, replaced in
        context.evidence = bare.evidence
        let report = bare.payload["evidence_sha256"] == nil ? context.finding?.report : nil
        if let report { context.evidence[Digest(hashing: report)] = report }
        let key = try await self.registry.key(in: context.timeline, at: context.position)
        return try self.bareEvent(
          bare, action: action, key: key, record: record, replacing: replaced, report: report,
          at: context.now)
      } existing: { candidate, group, timeline in
        self.existingBareStatement(of: candidate, among: group, timeline)
      }
    }
    // Whoever asks outside may wait for a minute. Nobody else's turn at this record waits meanwhile.
    let found: Finding??
    do { return try await attempt(nil, looksOnly: true) } catch let looked as Looked {
      found = looked.finding
    }
    return try await turns.turn(record.record) {
      if action == .timestampAnchor { try await pendingLimits.check(client, record.record) }
      let answer = try await attempt(found, looksOnly: false)
      if action == .timestampAnchor, answer.created, answer.standing == "pending" {
        await pendingLimits.note(client, record.record)
      }
      return answer
    }
  }

  /// What has been found outside about an event that is not admitted yet.
  private struct Looked: Error {
    let finding: Finding??
  }

  /// What stands already for an action that the registry is to sign.
  private func existingBareStatement(
    of candidate: FoldEvent, among group: [FoldEvent], _ timeline: KeyTimeline
  ) -> ExistingStatement {
    let fold = GroupFold(group, timeline)
    // An anchor that came to nothing, because its time was up, keeps nobody from sending it again.
    let bare = fold.live.filter {
      candidate.type != .timestampAnchor || fold.bucket(of: $0) != .rejected
    }.map(\.event).filter {
      $0.type == candidate.type && $0.targetKey == candidate.targetKey && $0.flags.contains(.bare)
    }
    let now = self.now
    if let same = bare.first(where: {
      $0.statement == candidate.statement && $0.validUntil.map { $0 > now } ?? true
    }) {
      return .same(same)
    }
    guard candidate.type == .storageAttestation,
      let older = bare.first(where: { $0.slot == candidate.slot })
    else { return .none }
    // Nobody ends what counts by a statement about the same place that does not.
    let counts =
      older.flags.contains(.contentRoleCounts) && older.validUntil.map { $0 > now } ?? true
      && fold.statements.contains { $0.event.position == older.position && $0.verdict == .verified }
    return counts && !candidate.flags.contains(.contentRoleCounts) ? .stands(older) : .older(older)
  }

  /// The event that the registry signs for a bare action.
  ///
  /// On storage the ledger sets `observed_at`, `expires_at` and `supersedes` itself, and names its report of
  /// the look as evidence unless there is some already. What is uploaded stays until an operator erases it,
  /// so that a `file` never expires.
  private func bareEvent(
    _ bare: BareSubmission, action: EventType, key: KeyFile, record: ResolvedRecord,
    replacing replaced: Digest?, report: [UInt8]?, at now: Timestamp
  ) throws -> SignedEvent {
    var payload = bare.payload
    if action == .storageAttestation {
      for member in ["observed_at", "expires_at", "supersedes"] where payload[member] != nil {
        throw Refusal(
          .invalid, check: "bare_members", field: "payload.\(member)",
          "On bare storage the ledger sets \(member) itself: leave it out.")
      }
      payload["observed_at"] = .string(now.description)
      if payload["storage_kind"] != "file" {
        let life = Int64(configuration.externalServices.storageLife / .seconds(1))
        payload["expires_at"] = .string(now.adding(seconds: life).description)
      }
      payload["supersedes"] = replaced.map { .string("sha256:" + $0.hex) }
      if let report { payload["evidence_sha256"] = .string(Digest(hashing: report).hex) }
    }
    let body = try EventBody.make(
      type: action, payload: payload, signer: key.signer, subject: .record(record.pithNumber),
      target: bare.target?.text ?? "record", createdAt: now)
    return try key.key.sign(body)
  }

  /// What the log holds already, for an event about to be admitted.
  enum ExistingStatement {
    case none
    /// It says the same: the submission is answered with it.
    case same(FoldEvent)
    /// The new one is to supersede it.
    case older(FoldEvent)
    /// It says more, and the new one is refused.
    case stands(FoldEvent)
  }

  /// What admission asks of a record about one event, in one round trip; `nil` without such a record.
  private func facts(
    for event: SignedEvent, about number: PithNumber
  ) async throws -> AdmissionInputs? {
    let group = event.foldEvent(
      .signedOnly(at: event.body.createdAt), position: .max, record: 0, referenced: nil
    ).foldGroup
    return try await store.submissions.admissionInputs(
      number, id: event.eventID, referenced: event.body.referencedEventID, group: group,
      citing: event.body.citing)
  }

  /// Admits and appends one event, reading what admission needs; again when the record moved meanwhile.
  ///
  /// - Parameters:
  ///   - client: on whose behalf somebody outside is asked.
  ///   - found: what was found outside already.
  ///   - looksOnly: whether this ends, by throwing ``Looked``, before the event is admitted.
  ///   - make: the event, superseding the one named where `existing` says so.
  func append(
    record: ResolvedRecord?, guarded: Bool, client: ClientID = .shell,
    facts beforehand: AdmissionInputs? = nil,
    reservation: SubmissionReservation? = nil, found known: Finding?? = nil,
    looksOnly: Bool = false,
    event make: (inout AdmissionContext, Digest?) async throws -> SignedEvent,
    existing: (FoldEvent, [FoldEvent], KeyTimeline) -> ExistingStatement = { _, _, _ in .none }
  ) async throws -> SubmissionAnswer {
    try requireWriting()
    let signed = try await checkpointSigner?.signedSize() ?? 0
    let number = record?.record ?? -1
    // What was read beforehand serves the first attempt; a later one reads again. What was found
    // outside stays found.
    var unused = beforehand
    var found = known
    for _ in 0..<Self.maxRetries {
      var known = unused
      unused = nil
      let keys =
        if let known { try await timeline.current(known.log) } else {
          try await timeline.current()
        }
      var context = AdmissionContext(
        now: now, origin: origin, timeline: keys.timeline, position: keys.next)
      context.trustedReceiptKeys = configuration.trustedReceiptKeys
      context.finding = found ?? nil
      var event = try await make(&context, nil)
      if let record, known == nil { known = try await facts(for: event, about: record.pithNumber) }
      context.citingKnownAs = known?.citing
      context.citesItself = known?.citesItself ?? false
      var referenced = known?.referenced
      if record == nil {
        if let id = event.body.referencedEventID {
          referenced = try await store.folds.event(record: number, id: id)
        }
        context.checkpointDigest = try await checkpoints.digest(of: event.body.target)
      }
      var candidate = event.foldEvent(
        .signedOnly(at: context.now), position: keys.next, record: number, referenced: referenced)
      if let group = candidate.foldGroup {
        // What names another event is in that one's group, which was not known before it was read.
        let own =
          if let known, referenced == nil { known.group } else {
            try await store.folds.events(record: number, group: group)
          }
        context.group = try await store.folds.addingLinked(
          to:
            own, and: candidate, record: number, keys.timeline)
        if candidate.flags.isSuperset(of: [.tokenClaim, .bare]),
          let token = event.body.payload.evidence
        {
          // A claim that waits for its check is in no group of its iD's.
          let waiting = try await store.folds.claim(by: token, record: number)
          if let waiting, waiting.foldGroup != group {
            context.group = (context.group + [waiting]).sorted { $0.position < $1.position }
          }
        }
      }
      switch existing(candidate, context.group, keys.timeline) {
      case .none: break
      case .same(let first):
        guard let stored = try await store.log.event(record: number, id: first.eventID) else {
          continue
        }
        return try await answer(
          stored, record: record, group: first.foldGroup, created: false)
      case .stands(let standing):
        throw Refusal(
          .conflict, check: "slot", field: "payload.content_role",
          "sha256:\(standing.eventID.hex) attests that this place keeps bytes of a role that counts, and a "
            + "statement of a role that does not count takes its place only when it has ended.")
      case .older(let older):
        event = try await make(&context, older.eventID)
        referenced = older
        candidate = event.foldEvent(
          .signedOnly(at: context.now), position: keys.next, record: number, referenced: referenced)
      }
      context.referenced = referenced
      if let record { context.record = try await facts(of: record, for: event.body) }
      let isProvider = keys.timeline.isVouched(
        event.body.signer.fingerprint, at: keys.next, as: .storageProvider)
      if context.finding == nil, found == nil, checks.bear(on: event, isProvider: isProvider) {
        // Nobody outside is asked on behalf of an event that is refused anyway.
        try precheck(event, context)
        // Others' batches do not wait for this one while somebody outside is slow.
        reservation?.end()
        let (asked, evidence, time) = (event, context.evidence, context.now)
        let finding = try await FetchClient.$current.withValue(
          client == .shell ? nil : client.name
        ) { try await checks.finding(for: asked, evidence: evidence, at: time) }
        found = .some(finding)
        context.finding = finding
        if finding?.report != nil { event = try await make(&context, referenced?.eventID) }
      }
      if looksOnly { throw Looked(finding: found) }
      let admission = try admit(event, context)
      let item = try AppendUnit.Item.make(
        event: event, admission: admission, record: number, referenced: referenced)
      var unit = AppendUnit(
        items: [item], evidence: evidenceItems(event, context.evidence),
        guardPosition: guarded ? keys.next - 1 : nil)
      if event.body.signer.signerType == .registry { unit.registryAsOf = keys.next }
      reservation?.end()
      switch try await appended(unit) {
      case .stored(let positions, _, isNew: true):
        try await checkpointSigner?.expect(positions[0], beyond: signed)
        let stored = StoredEvent(
          position: positions[0], record: number, eventID: event.eventID, type: event.body.type,
          recordedAt: admission.recordedAt, entry: item.entry)
        if let record { await note(context.finding, event, stored, record) }
        return try await answer(
          stored, record: record, group: item.event.foldGroup, created: true)
      case .stored:
        guard let stored = try await store.log.event(record: number, id: event.eventID) else {
          continue
        }
        // The bytes hold the time of this admission: the same ones are there only if this append put
        // them there, be it by an attempt whose answer was lost.
        return try await answer(
          stored, record: record, group: item.event.foldGroup,
          created: stored.entry == item.entry)
      case .conflict:
        continue
      }
    }
    throw Refusal(
      .unavailable, check: "contention",
      "This record is changing faster than the submission could be checked; try again.")
  }

  /// Appends a unit; a token that it spends may have been spent by another meanwhile.
  private func appended(_ unit: AppendUnit) async throws -> AppendOutcome {
    do { return try await store.log.append(unit) } catch let error as PostgresError
      where error.sqlState == "PL013"
    { throw EvidenceChecks.reuse }
  }

  /// Keeps what was seen at a location, where whoever attested it signed before anybody had looked.
  private func note(
    _ finding: Finding?, _ event: SignedEvent, _ stored: StoredEvent, _ record: ResolvedRecord
  ) async {
    guard case .storageAttestation(let storage) = event.body.payload, let finding,
      let report = finding.report, storage.evidence != Digest(hashing: report)
    else { return }
    do {
      try await self.record(
        finding.verdict, "fetched: the bytes are as attested", about: stored, of: record,
        report: report)
    } catch {
      // The attestation stands without it; what was seen will be seen again.
      logger.warning("no report of the storage at position \(stored.position): \(error)")
    }
  }

  /// The evidence of an admitted event, with what it is, so that tokens are never served.
  func evidenceItems(_ event: SignedEvent, _ evidence: [Digest: [UInt8]]) -> [AppendUnit.Evidence] {
    let kind: String =
      switch event.body.type {
      case .timestampAnchor, .anchorUpgraded: "proof"
      case .authorAttestation, .eventWithdrawn: AppendUnit.Evidence.identityToken
      case .storageAttestation: event.isElsewhere ? "fetch_report" : "stored_bytes"
      case .checkRecorded: "fetch_report"
      case .recordCreated, .graphSnapshot: "document"
      default: "other"
      }
    return evidence.map { AppendUnit.Evidence(digest: $0.key, bytes: $0.value, kind: kind) }
  }

  /// Refuses an event that was posted to another record than it is about.
  private func check(path name: String?, agreesWith record: ResolvedRecord) async throws {
    guard let name, name.uppercased() != record.pithNumber.suffix,
      name != record.pithNumber.description
    else { return }
    let path = try await resolver.resolve(name).record
    guard path.record == record.record else {
      throw Refusal(
        .invalid, check: "subject", field: "subject_pith_number",
        "The event is about \(record.pithNumber), and was posted to \(path.pithNumber).")
    }
  }

  /// The signature by the key the event names, before anything else is looked at.
  private func checkSignature(_ event: SignedEvent, _ timeline: KeyTimeline) throws(Refusal) {
    let publicKey: [UInt8]
    if case .keyRegistered(let payload) = event.body.payload {
      publicKey = payload.publicKey
    } else if let known = timeline.registration(of: event.body.signer.fingerprint) {
      publicKey = known.publicKey
    } else {
      throw Refusal(
        .invalid, check: "known_key", field: "signer.public_key_fingerprint",
        "No key with this fingerprint is registered here: register it first (key_registered).")
    }
    guard event.isSigned(by: publicKey) else {
      throw Refusal(
        .invalid, check: "signature", field: "signature.signature_b64",
        "The signature does not verify over the event_id \(event.eventID.hex) of the body as received. "
          + "Sign the 32 bytes of the SHA-256 of its canonical JSON; ?prepare=true shows them.")
    }
  }

  /// What admission has to know of the record, reading the document only for the types that need it.
  private func facts(of record: ResolvedRecord, for body: EventBody) async throws -> RecordFacts {
    var facts = RecordFacts(
      record: record.record, pithNumber: record.pithNumber, canonicalSHA256: record.canonicalSHA256)
    if body.type == .authorAttestation {
      facts.authorNames = try await documents.document(of: record)?.authorNames
    }
    if body.type == .replicationRecord || body.target.text.hasPrefix("claim:"),
      let snapshot = try await store.log.latestEvent(record: record.record, type: .graphSnapshot),
      case .graphSnapshot(let payload) = try Entry(bytes: snapshot.entry).event.body.payload
    {
      facts.claimIDs = Set(payload.claimIDs)
    }
    if body.type == .aliasRetracted {
      facts.aliases = Set(try await store.records.aliases(record: record.record))
    }
    if body.type == .timestampAnchor {
      facts.pendingBareAnchors = try await pendingBareAnchors(record)
    }
    return facts
  }

  /// Pending anchors the registry signed for strangers, as of the newest event.
  private func pendingBareAnchors(_ record: ResolvedRecord) async throws -> Int {
    let size = try await store.log.size()
    _ = try await store.projections.wait(
      for: size - 1, timeout: configuration.limits.projectionWait)
    return Int(
      try await store.projections.state(record: record.record)?.state.sums.pendingBareAnchors ?? 0)
  }

  /// The answer for an event of the log, once the projections include it.
  ///
  /// - Parameter group: the event's group, where it is known.
  func answer(
    _ stored: StoredEvent, record: ResolvedRecord?, group: Int64?, created: Bool
  ) async throws -> SubmissionAnswer {
    let caughtUp = try await store.projections.wait(
      for: stored.position, timeout: configuration.limits.projectionWait)
    var projected: ProjectedState?
    var standing = "recorded"
    var reason: String?
    if let record {
      var group = group
      if group == nil, stored.type.isAttestation {
        group = try await store.folds.event(record: record.record, id: stored.eventID)?.foldGroup
      }
      if stored.type.isAttestation, let group {
        let keys = await timeline.known
        let (row, events) = try await store.submissions.standing(
          at: stored.position, record: record.record, group: group, keys)
        let fold = GroupFold(events, keys)
        standing = fold.standing(of: stored.position)
        reason = fold.reason(of: stored.position)
        projected = row
      } else {
        projected = try await store.projections.state(record: record.record)
      }
    }
    if !caughtUp { projected = nil }
    let status = projected.map {
      $0.state.verificationStatus(storageVerifiedUntil: $0.storageVerifiedUntil, at: now).json
    }
    let summary = projected.map { $0.state.eventSummary() }
    return SubmissionAnswer(
      created: created, eventID: stored.eventID, position: stored.position,
      recordedAt: stored.recordedAt, standing: standing, reason: reason,
      pithNumber: record?.pithNumber,
      verificationStatus: status, eventSummary: summary,
      receipt: try await checkpointSigner?.receipt(stored))
  }

  /// The exact body bytes that would be signed, and their digest; nothing is stored.
  public func prepare(
    _ bytes: [UInt8], record name: String?, action: EventType
  ) async throws -> JSON {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, limits: JSONLimits(maxBytes: 131_072, maxDepth: 64))
    } catch { throw Refusal(json: error) }
    var subject = Subject.registry
    if let name { subject = .record(try await resolver.resolve(name).record.pithNumber) }
    var members = try JSONObjectReader(json, "")
    let payload = try members.value("payload")
    let signer = try Signer(members.value("signer"))
    let target = try members.optionalText("target", maxBytes: 200) ?? "record"
    let created = try members.optionalTimestamp("created_at") ?? now
    try members.finish()
    let body = try EventBody.make(
      type: action, payload: payload.objectValue ?? [:], signer: signer, subject: subject,
      target: target, createdAt: created)
    let canonical = body.canonicalBytes()
    return [
      "body": .string(String(decoding: canonical, as: UTF8.self)),
      "body_b64": .string(Base64.encode(canonical)),
      "digest_sha256": .string(body.eventID.hex),
      "event_id": .string("sha256:" + body.eventID.hex),
      "notice": "What you sign is public and permanent: it cannot be removed from the log.",
      "sign": "Ed25519 over the 32 bytes of digest_sha256",
    ]
  }
}

extension SignedEvent {
  /// Whether it is about bytes that are kept elsewhere.
  fileprivate var isElsewhere: Bool {
    if case .storageAttestation(let storage) = body.payload { storage.kind != .file } else { false }
  }
}
