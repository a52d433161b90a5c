import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

/// Takes bare actions: payloads without a signature that prove themselves. The registry key signs them.
final class BareSubmitter: Sendable {
  let resolver: RecordResolver
  let quotas: Quotas
  let pendingLimits: PendingAnchorLimits
  let recordMutex: KeyedMutex<RecordID>
  let registry: RegistryKey
  let appender: EventAppender
  let configuration: LedgerConfiguration

  init(
    resolver: RecordResolver, quotas: Quotas, pendingLimits: PendingAnchorLimits,
    recordMutex: KeyedMutex<RecordID>, registry: RegistryKey, appender: EventAppender,
    configuration: LedgerConfiguration
  ) {
    self.resolver = resolver
    self.quotas = quotas
    self.pendingLimits = pendingLimits
    self.recordMutex = recordMutex
    self.registry = registry
    self.appender = appender
    self.configuration = configuration
  }

  /// Signs a payload with the registry key and appends it.
  func submit(
    _ bare: BareSubmission, action: EventType, record name: String, client: ClientID
  ) async throws -> SubmissionAnswer {
    guard bare.provesItself(as: action) else {
      throw Refusal(
        .invalid, check: "signature", field: "signature",
        "\(action.name) does not prove itself. Sign it and submit the whole event.",
        remedy: .prepareEvent)
    }
    let record = try await resolver.resolve(name).record
    try quotas.takeBareAction(
      client, evidenceBytes: bare.evidence.values.reduce(0) { $0 + $1.count })
    // A fetch may take a minute. The record's mutex is not held meanwhile.
    let lookup: ExternalLookup
    switch try await appender.lookUp(request(bare, action, record, client, .pending)) {
    case .answered(let answer): return answer
    case .found(let found): lookup = found
    }
    return try await recordMutex.withLock(record.record) {
      if action == .timestampAnchor { try await pendingLimits.check(client, record.record) }
      let answer = try await appender.append(request(bare, action, record, client, lookup))
      if action == .timestampAnchor, answer.created, answer.standing == "pending" {
        await pendingLimits.note(client, record.record)
      }
      return answer
    }
  }

  private func request(
    _ bare: BareSubmission, _ action: EventType, _ record: ResolvedRecord, _ client: ClientID,
    _ lookup: ExternalLookup
  ) -> AppendRequest {
    AppendRequest(record: record, isGuarded: true, client: client, lookup: lookup) {
      context, replaced in
      context.evidence = bare.evidence
      let report = bare.payload["evidence_sha256"] == nil ? context.finding?.report : nil
      if let report { context.evidence[Digest(hashing: report)] = report }
      let key = try await self.registry.key(in: context.timeline, at: context.position)
      let payload =
        action == .storageAttestation
        ? try self.storagePayload(bare, replacing: replaced, report: report, at: context.now)
        : bare.payload
      let event = try key.key.sign(
        EventBody.make(
          type: action, payload: payload, signer: key.signer, subject: .record(record.pithNumber),
          target: bare.target?.text ?? "record", createdAt: context.now))
      return try VerifiedEvent(event, keys: context.timeline)
    } findExisting: { candidate, group, timeline in
      ExistingStatement(for: candidate, among: group, timeline, at: self.configuration.clock())
    }
  }

  /// The payload of a bare storage attestation with the members that the ledger sets.
  ///
  /// The fetch report becomes its evidence if the payload names none. A `file` does not expire:
  /// uploaded bytes stay until an operator erases them.
  private func storagePayload(
    _ bare: BareSubmission, replacing replaced: Digest?, report: [UInt8]?, at now: Timestamp
  ) throws(Refusal) -> JSONObject {
    var payload = bare.payload
    for member in ["observed_at", "expires_at", "supersedes"] where payload[member] != nil {
      throw Refusal(
        .invalid, check: "bare_members", field: "payload.\(member)",
        "The ledger sets \(member) of a bare storage attestation. Leave it out.")
    }
    payload["observed_at"] = .string(now.description)
    if payload["storage_kind"] != "file" {
      let life = Int64(configuration.externalServices.storageLife / .seconds(1))
      payload["expires_at"] = .string(now.adding(seconds: life).description)
    }
    payload["supersedes"] = replaced.map { .string("sha256:" + $0.hex) }
    if let report { payload["evidence_sha256"] = .string(Digest(hashing: report).hex) }
    return payload
  }
}

extension BareSubmission {
  /// Whether the evidence of an action can be checked without knowing who sent it.
  fileprivate func provesItself(as action: EventType) -> Bool {
    switch action {
    case .timestampAnchor, .storageAttestation: true
    case .eventWithdrawn: payload["evidence_sha256"] != nil
    case .authorAttestation: payload["method"]?.stringValue == "orcid_oidc"
    default: false
    }
  }
}
