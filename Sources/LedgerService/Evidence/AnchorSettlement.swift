public import CanonicalJSON
public import Encodings
import LedgerDomain
import LedgerStore
import Logging
import ProofFormats
import ProofVerification
import SafeHTTPClient

/// Getting proofs of time, and following them until they are settled.
extension Ledger {
  /// Asks calendars to stamp a record's digest, and answers the proof, still pending.
  ///
  /// Each calendar gets a digest of its own making out of a nonce: none learns which record it is. One that
  /// does not answer is left out; without any the call fails.
  public func stamp(_ name: String, calendars: [String]) async throws -> [UInt8] {
    try await stamp(resolver.resolve(name).record.canonicalSHA256, calendars: calendars)
  }

  func stamp(_ stamped: Digest, calendars: [String]) async throws -> [UInt8] {
    let digest = stamped.bytes
    var items: [OpenTimestampsProof.Item] = []
    var failures: [String] = []
    for name in calendars {
      let calendar = name.hasSuffix("/") ? String(name.dropLast()) : name
      let nonce = (0..<16).map { _ in UInt8.random(in: 0...255) }
      let commitment = Digest(hashing: digest + nonce).bytes
      do {
        let tree = try await checks.calendars.stamp(commitment, by: calendar)
        items.append(
          .operation(
            .append(nonce),
            OpenTimestampsProof.Node(items: [.operation(.hash(.sha256), tree)])))
      } catch is CancellationError {
        throw CancellationError()
      } catch { failures.append("\(calendar): \(error)") }
    }
    guard !items.isEmpty else {
      throw Refusal(
        .unavailable, check: "calendar",
        "No calendar answered: \(failures.joined(separator: "; ")).")
    }
    return OpenTimestampsProof(
      algorithm: .sha256, digest: digest, root: OpenTimestampsProof.Node(items: items)
    ).serialised()
  }

  /// Asks a timestamp authority for a token over a record's digest (RFC 3161, section 3.4).
  public func requestToken(_ name: String, authority url: String) async throws -> [UInt8] {
    try await requestToken(over: resolver.resolve(name).record.canonicalSHA256, authority: url)
  }

  func requestToken(over digest: Digest, authority url: String) async throws -> [UInt8] {
    // The first bits keep it positive and of full length, so that it comes back as it went.
    let nonce = [UInt8.random(in: 0x40...0x7F)] + (0..<7).map { _ in UInt8.random(in: 0...255) }
    var request = SafeHTTPClient.Request(url, .authorities)
    request.method = "POST"
    request.headers = [("content-type", "application/timestamp-query")]
    request.body = TimestampToken.request(imprint: digest.bytes, nonce: nonce)
    request.maxResponseBytes = 65_536
    let answer: Fetched
    do { answer = try await checks.fetch.fetch(request) } catch let error as FetchError {
      throw Refusal(.unavailable, check: error.code.rawValue, field: "tsa", error.message)
    }
    do {
      _ = try TimestampToken.parse(
        answer.bytes, .init(imprint: digest.bytes, nonce: nonce))
    } catch {
      throw Refusal(
        .invalid, check: error.check, field: "tsa", offset: error.offset, error.message)
    }
    return answer.bytes
  }

  // MARK: Settling

  /// What became of a pending anchor.
  public struct AnchorOutcome: Sendable {
    public let eventID: Digest
    /// A Pith Number, or `pith:registry` for a proof over a checkpoint.
    public let subject: String
    /// `verified`, `failed`, `upgraded` (a calendar has completed it; the block's header is not trusted
    /// yet) or `pending`.
    public let outcome: String
    public let detail: String

    public var json: JSON {
      [
        "detail": .string(detail), "event_id": .string("sha256:" + eventID.hex),
        "outcome": .string(outcome), "pith_number": .string(subject),
      ]
    }
  }

  /// Holds every pending anchor against today's trust, and asks calendars for what they promised.
  ///
  /// - Parameter mayAsk: whether an anchor's calendars are asked now; `nil` asks none.
  public func settleAnchors(
    mayAsk: ((Digest) -> Bool)? = nil
  ) async throws -> [AnchorOutcome] {
    try requireWriting()
    var outcomes: [AnchorOutcome] = []
    var next: Int64 = 0
    while true {
      let batch = try await store.attestations.unsettledAnchors(from: next, limit: 100)
      guard let last = batch.last else { return outcomes }
      next = last.position + 1
      for stored in batch {
        try Task.checkCancellation()
        do {
          let asking = mayAsk?(stored.eventID) ?? false
          outcomes.append(
            try await settle(stored, asking: asking, missing: .askedAndKept).outcome)
        } catch let refusal as Refusal where refusal.code == .unavailable {
          throw refusal
        } catch is CancellationError {
          throw CancellationError()
        } catch {
          // One anchor that cannot be dealt with keeps no other waiting.
          logger.warning("the anchor at position \(stored.position) was left: \(error)")
        }
      }
    }
  }

  /// What a look at one pending anchor came to.
  struct Settlement: Sendable {
    var outcome: AnchorOutcome
    /// Heights of the blocks whose headers would settle it.
    var heights: [Int64] = []
    /// Whether it was asked about, and none of its calendars knows what it is said to have promised.
    var isUnknown = false
    /// Whether a calendar that the ledger asks may yet complete it. Otherwise its proof is complete, and whoever
    /// has it loses nothing by sending it again later.
    var isPromised = false
    /// Whether it was found on arrival that nothing the ledger asks could settle it.
    var isUnsettleable = false
    /// When the registry last learned something about it.
    var lastChange: Timestamp
    /// Unsigned, and about a record: such an anchor expires.
    var expires = false
    var isPending: Bool { outcome.outcome == "pending" || outcome.outcome == "upgraded" }
  }

  /// Holds one pending anchor against today's trust.
  ///
  /// - Parameters:
  ///   - asking: whether its calendars are asked.
  ///   - missing: what is done about headers that are not trusted yet.
  func settle(
    _ stored: StoredEvent, asking: Bool, missing: EvidenceChecks.MissingHeaders
  ) async throws -> Settlement {
    let event = try Entry(bytes: stored.entry).event
    let record = try await record(of: event)
    guard case .timestampAnchor(let anchor) = event.body.payload,
      let columns = try await store.folds.event(record: stored.record, id: stored.eventID)
    else { throw Refusal(.invalid, check: "log", "The anchor cannot be read.") }
    func outcome(_ word: String, _ detail: String) -> AnchorOutcome {
      AnchorOutcome(
        eventID: stored.eventID, subject: event.body.subject.text, outcome: word, detail: detail)
    }
    let upgrade = try await store.attestations.newest(.anchorUpgraded, referringTo: columns)
    var settlement = Settlement(
      outcome: outcome(
        "pending", anchor.kind == .rfc3161 ? "no trusted root" : "not in a known block"),
      isUnsettleable: columns.flags.contains(.unsettleable),
      lastChange: upgrade?.recordedAt ?? stored.recordedAt,
      expires: record != nil && columns.flags.contains(.bare))
    let digest =
      try upgrade.map { try Entry(bytes: $0.entry).event.body.payload.evidence } ?? anchor.evidence
    guard let digest, let bytes = try await store.evidence.publicBytes(digest) else {
      settlement.outcome = outcome("pending", "the proof's bytes were erased")
      return settlement
    }
    do {
      var finding = try await checks.proof(anchor.kind, bytes, missing: missing)
      if anchor.kind == .opentimestamps {
        let proof = try await checks.executed(bytes)
        settlement.heights = proof.heights
        settlement.isPromised = checks.isPromised(proof)
      }
      if finding.verdict == .pending, asking, anchor.kind == .opentimestamps {
        let asked = try await upgraded(bytes)
        settlement.isUnknown = asked.isUnknown
        if let proof = asked.proof, let found = await usable(proof, missing, stored) {
          finding = found
          _ = try await say(
            .anchorUpgraded, ["evidence_sha256": .string(Digest(hashing: proof).hex)],
            about: stored, of: record, evidence: [proof], finding: finding)
          settlement.heights = try await checks.executed(proof).heights
          settlement.lastChange = now
          settlement.outcome = outcome(
            "upgraded", "complete; the block's header is not trusted yet")
        }
      }
      guard finding.verdict == .verified else { return settlement }
      let when = finding.provenAt.map { " at \($0)" } ?? ""
      let reason =
        anchor.kind == .rfc3161
        ? "the token's chain ends at a trusted root; it existed\(when)"
        : "the proof ends at a trusted block header; it existed\(when)"
      try await self.record(
        .verified, reason, about: stored, of: record, finding: finding)
      settlement.outcome = outcome("verified", reason)
    } catch let refusal as Refusal where refusal.code == .invalid {
      try await self.record(
        .failed, "\(refusal.check): \(refusal.message)", about: stored, of: record)
      settlement.outcome = outcome("failed", refusal.message)
    }
    return settlement
  }

  /// What an upgraded proof proves; `nil` where it is refused: what a calendar adds does not make an anchor
  /// false that was not.
  private func usable(
    _ proof: [UInt8], _ missing: EvidenceChecks.MissingHeaders, _ stored: StoredEvent
  ) async -> Finding? {
    do { return try await checks.proof(.opentimestamps, proof, missing: missing) } catch {
      logger.warning(
        "what calendars added to the anchor at position \(stored.position) is refused: \(error)")
      return nil
    }
  }

  /// The newest upgrade of an anchor's proof.
  func latestProof(of anchor: FoldEvent) async throws -> Digest? {
    guard let newest = try await store.attestations.newest(.anchorUpgraded, referringTo: anchor)
    else {
      return nil
    }
    return try Entry(bytes: newest.entry).event.body.payload.evidence
  }

  /// Promises of one proof that are followed at most.
  static let maxPromises = 8

  /// The proof with everything its calendars know by now; `nil` where they know no more. Only calendars of the
  /// configuration are asked, each about each commitment once.
  ///
  /// - Returns: also whether calendars were asked, and none of them knows its promise.
  func upgraded(_ bytes: [UInt8]) async throws -> (proof: [UInt8]?, isUnknown: Bool) {
    struct Promise: Hashable {
      let uri: String
      let commitment: [UInt8]
    }
    var promises: [Promise] = []
    for end in try await checks.executed(bytes).ends {
      guard case .pending(let uri) = end.attestation,
        configuration.externalServices.calendars.contains(uri),
        case let promise = Promise(uri: uri, commitment: end.message), !promises.contains(promise)
      else { continue }
      promises.append(promise)
      if promises.count == Self.maxPromises { break }
    }
    let original = try OpenTimestampsProof.parse(bytes)
    var proof = original
    var unknown = 0
    for promise in promises {
      do {
        switch try await checks.calendars.timestamp(of: promise.commitment, by: promise.uri) {
        case .waiting: break
        case .unknown: unknown += 1
        case .complete(let answer):
          let tree = try OpenTimestampsProof.parseTree(
            answer, messageLength: promise.commitment.count)
          let grown = proof
          proof = try await checks.executor.run {
            Result { () throws(ProofFormatError) in try grown.adding(tree, at: promise.commitment) }
          }.get()
        }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        logger.warning("the calendar \(promise.uri) gave no answer to use: \(error)")
      }
    }
    return (
      proof == original ? nil : proof.serialised(),
      !promises.isEmpty && unknown == promises.count
    )
  }

  // MARK: The registry's word

  /// The record that an event is about; `nil` for the registry.
  func record(of event: SignedEvent) async throws -> ResolvedRecord? {
    guard case .record(let number) = event.body.subject else { return nil }
    return try await resolver.resolve(number.description).record
  }

  /// Appends what the ledger itself found out about an event.
  ///
  /// - Parameter report: what it saw, kept as evidence.
  func record(
    _ verdict: Verdict, _ reason: String, about target: StoredEvent, of record: ResolvedRecord?,
    finding: Finding? = nil, report: [UInt8]? = nil
  ) async throws {
    var reason = reason
    // Free text is at most 500 bytes, and is cut between characters.
    while reason.utf8.count > 500 { reason.removeLast() }
    var payload: JSONObject = ["reason": .string(reason), "verdict": .string(verdict.name)]
    payload["evidence_sha256"] = report.map { .string(Digest(hashing: $0).hex) }
    _ = try await say(
      .checkRecorded, payload, about: target, of: record, evidence: report.map { [$0] } ?? [],
      finding: finding)
  }

  private func say(
    _ type: EventType, _ payload: JSONObject, about target: StoredEvent, of record: ResolvedRecord?,
    evidence: [[UInt8]] = [], finding: Finding?
  ) async throws -> SubmissionAnswer {
    var payload = payload
    payload["event_id"] = .string("sha256:" + target.eventID.hex)
    let said = payload
    // About a checkpoint, it goes on being about that checkpoint.
    let target =
      record == nil ? try Entry(bytes: target.entry).event.body.target.text : "record"
    let subject = record.map { Subject.record($0.pithNumber) } ?? .registry
    return try await append(record: record, guarded: false) { context, _ in
      for bytes in evidence { context.evidence[Digest(hashing: bytes)] = bytes }
      context.finding = finding
      let key = try await self.registry.key(in: context.timeline, at: context.position)
      return try key.key.sign(
        EventBody.make(
          type: type, payload: said, signer: key.signer, subject: subject, target: target,
          createdAt: context.now))
    }
  }
}
