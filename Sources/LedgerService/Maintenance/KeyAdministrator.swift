public import CanonicalJSON
public import Encodings
public import LedgerDomain
import LedgerStore

/// Registers, vouches for, revokes and rotates keys, and retracts aliases, on an operator's command.
public final class KeyAdministrator: Sendable {
  let store: LedgerStore
  let signing: SigningSubmitter
  let registry: RegistryKey
  let timeline: TimelineCache
  let answers: AnswerBuilder
  let configuration: LedgerConfiguration
  let origin: String

  init(
    store: LedgerStore, signing: SigningSubmitter, registry: RegistryKey, timeline: TimelineCache,
    answers: AnswerBuilder, configuration: LedgerConfiguration, origin: String
  ) {
    self.store = store
    self.signing = signing
    self.registry = registry
    self.timeline = timeline
    self.answers = answers
    self.configuration = configuration
    self.origin = origin
  }

  /// Registers a key. The key signs the event itself.
  ///
  /// Errors: a `Refusal` by admission.
  public func register(_ key: KeyFile) async throws -> SubmissionAnswer {
    try await signing.submit(
      type: .keyRegistered, payload: key.registration, record: nil,
      target: "key:\(key.signer.fingerprint.hex)", key: key)
  }

  /// Vouches for a registered key: binds it to its `signer_id` in a role. A vouch that is in force already
  /// is the answer; no second one is appended.
  ///
  /// - Parameters:
  ///   - fingerprint: the key.
  ///   - type: the role.
  ///   - method: `registry` for the operator's decision, `orcid_oidc` for a verified token.
  ///   - name: the person's name. Claims by this key under that name are strong.
  ///
  /// Errors: a `Refusal` with check `known_key` if the key is not registered; those of admission.
  public func vouch(
    _ fingerprint: Digest128, as type: SignerType, method: String = "registry",
    name: String? = nil
  ) async throws -> SubmissionAnswer {
    do {
      return try await signing.vouch(
        fingerprint, as: type, method: method, name: name, origin: origin)
    } catch let refusal as Refusal where refusal == Self.vouchedAlready {
      guard let first = try await existingVouch(for: fingerprint, as: type, name: name) else {
        throw refusal
      }
      return try await answers.answer(first, record: nil, created: false)
    }
  }

  /// The refusal of a vouch that is in force already.
  static let vouchedAlready = Refusal(
    .conflict, check: AdmissionRule.vouched.rawValue, "The key is vouched for already.")

  /// The event of the first vouch in force with a role and a name.
  private func existingVouch(
    for fingerprint: Digest128, as type: SignerType, name: String?
  ) async throws -> StoredEvent? {
    let vouches =
      try await timeline.current().timeline.registration(of: fingerprint)?.vouches ?? []
    let inForce = vouches.filter { $0.until == nil && $0.type == type }
    guard let vouch = inForce.first(where: { name == nil || $0.name == name }) ?? inForce.first
    else { return nil }
    return try await store.log.events(from: vouch.position, limit: 1).first
  }

  /// Withdraws every vouch for a key. Earlier statements of the key keep their standing.
  ///
  /// Errors: a `Refusal` by admission.
  public func withdrawVouching(
    _ fingerprint: Digest128, reason: String
  ) async throws -> SubmissionAnswer {
    try await signing.submit(
      type: .vouchingWithdrawn,
      payload: [
        "log": .string(origin), "public_key_fingerprint": .string(fingerprint.hex),
        "reason": .string(reason),
      ], record: nil, target: "key:\(fingerprint.hex)", key: nil)
  }

  /// Retracts an alias of a record. It no longer resolves to the record.
  ///
  /// Errors: a `Refusal` if the record is unknown; those of admission.
  public func retractAlias(
    _ alias: Alias, of record: String, reason: String
  ) async throws -> SubmissionAnswer {
    try await signing.submit(
      type: .aliasRetracted,
      payload: [
        "alias_kind": .string(alias.kind.rawValue), "alias_value": .string(alias.value),
        "log": .string(origin), "reason": .string(reason),
      ], record: record, key: nil)
  }

  /// Revokes a key.
  ///
  /// - Parameters:
  ///   - fingerprint: the key that is revoked.
  ///   - reason: free text that is recorded in the log.
  ///   - compromisedFrom: the position from which the key's statements lose their standing. `nil` keeps
  ///     the standing of earlier statements.
  ///   - key: the key itself. `nil` revokes with the authority of the registry.
  ///
  /// Errors: a `Refusal` by admission.
  public func revoke(
    _ fingerprint: Digest128, reason: String, compromisedFrom: Position?, key: KeyFile?
  ) async throws -> SubmissionAnswer {
    try await signing.submit(
      type: .keyRevoked,
      payload: Self.revocation(
        of: fingerprint, reason: reason, compromisedFrom: compromisedFrom, origin: origin),
      record: nil, target: "key:\(fingerprint.hex)", key: key)
  }

  /// The payload of a revocation.
  ///
  /// - Parameters:
  ///   - fingerprint: the key that is revoked.
  ///   - reason: free text that is recorded in the log.
  ///   - compromisedFrom: the position from which the key's statements lose their standing. `nil` keeps
  ///     the standing of earlier statements.
  ///   - origin: the name of the log.
  public static func revocation(
    of fingerprint: Digest128, reason: String, compromisedFrom: Position?, origin: String
  ) -> JSONObject {
    var payload: JSONObject = [
      "log": .string(origin), "public_key_fingerprint": .string(fingerprint.hex),
      "reason": .string(reason),
    ]
    payload["compromised_from_position"] = compromisedFrom.map { .integer($0.rawValue) }
    return payload
  }

  /// Replaces the registry key. The new key registers itself and the old one vouches for it, in one append.
  ///
  /// Errors: a `Refusal` with check `contention` if another key event was appended meanwhile.
  public func rotateRegistryKey() async throws -> SubmissionAnswer {
    try configuration.requireWriting()
    let keys = try await timeline.current()
    let old = try await registry.key(in: keys.timeline, at: keys.next)
    let next = try await registry.prepareNext()
    let items = try rotation(from: old, to: next, keys)
    switch try await store.log.append(
      AppendUnit(items: items, evidence: [], guardPosition: keys.next.previous))
    {
    case .conflict:
      throw Refusal(
        .unavailable, check: "contention",
        "Another key event was appended meanwhile. Run the command again.")
    case .stored: break
    }
    try await registry.adopt(next)
    guard let vouch = items.last,
      let stored = try await store.log.event(record: .registry, id: vouch.event.eventID)
    else { throw Refusal(.unavailable, check: "log", "The rotation cannot be read back.") }
    return try await answers.answer(stored, record: nil, created: true)
  }

  /// The registration of the new registry key and the old key's vouch for it.
  private func rotation(
    from old: KeyFile, to next: KeyFile, _ keys: (timeline: KeyTimeline, next: Position)
  ) throws -> [AppendUnit.Item] {
    let created = configuration.clock()
    let target = "key:\(next.signer.fingerprint.hex)"
    var context = AdmissionContext(
      now: created, origin: origin, timeline: keys.timeline, position: keys.next)
    context.operatorAuthorised = true
    context.isRotation = true
    context.trustedReceiptKeys = configuration.trustedReceiptKeys
    let registration = try next.key.sign(
      EventBody.make(
        type: .keyRegistered, payload: RegistryKey.registration(of: next.key), signer: next.signer,
        subject: .registry, target: target, createdAt: created))
    let first = try AppendUnit.Item.make(
      event: registration,
      admission: try admit(VerifiedEvent(registration, keys: context.timeline), context),
      record: .registry, referenced: nil)
    // The vouch is admitted as if the registration were in the log.
    var known = first.event
    known.position = keys.next
    _ = context.timeline.apply(known)
    context.position = context.position.next
    let vouch = try old.key.sign(
      EventBody.make(
        type: .keyVouched,
        payload: SigningSubmitter.vouchPayload(
          next.signer.fingerprint, next.signer.signerID, .registry, origin: origin),
        signer: old.signer, subject: .registry, target: target, createdAt: created))
    let second = try AppendUnit.Item.make(
      event: vouch, admission: try admit(VerifiedEvent(vouch, keys: context.timeline), context),
      record: .registry, referenced: nil)
    return [first, second]
  }
}
