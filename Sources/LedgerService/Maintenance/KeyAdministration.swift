public import CanonicalJSON
public import Encodings
public import LedgerDomain
import LedgerStore

/// Padded base64.
public func encodeBase64(_ bytes: [UInt8]) -> String { Base64.encode(bytes) }

/// What an operator commands and the registry key signs.
extension Ledger {
  /// Signs a payload with a key and submits it, as the shell's commands do.
  ///
  /// - Parameter record: `nil` for the registry.
  public func signAndSubmit(
    type: EventType, payload: JSONObject, record name: String?, target: String = "record",
    evidence: [[UInt8]] = [], key: KeyFile?, client: ClientID = .shell
  ) async throws -> SubmissionAnswer {
    var subject = Subject.registry
    if let name { subject = .record(try await resolver.resolve(name).record.pithNumber) }
    var named: [Digest: [UInt8]] = [:]
    for bytes in evidence { named[Digest(hashing: bytes)] = bytes }
    for _ in 0..<Self.maxRetries {
      let keys = try await timeline.current()
      let signing =
        if let key { key } else { try await registry.key(in: keys.timeline, at: keys.next) }
      let body = try EventBody.make(
        type: type, payload: payload, signer: signing.signer, subject: subject, target: target,
        createdAt: now)
      do {
        return try await submit(
          try signing.key.sign(body), evidence: named, client: client, operatorAuthorised: true)
      } catch let refusal as Refusal where key == nil && refusal.check == "authority" {
        // The registry key may have been rotated between the look and the append.
        let later = try await timeline.current()
        guard later.timeline.registryKey(at: later.next) != signing.signer.fingerprint else {
          throw refusal
        }
      }
    }
    throw Refusal(
      .unavailable, check: "contention", "The registry key is rotated over and over; try again.")
  }

  /// Registers a key by its own signature.
  public func register(_ key: KeyFile) async throws -> SubmissionAnswer {
    try await signAndSubmit(
      type: .keyRegistered, payload: RegistryKey.registration(of: key.key), record: nil,
      target: "key:\(key.signer.fingerprint.hex)", key: key)
  }

  /// Binds a registered key to its signer_id, in a capacity.
  ///
  /// - Parameters:
  ///   - method: `registry` for an operator's word, `orcid_oidc` for a token's.
  ///   - name: the person's name, which makes claims by this key under that name strong.
  public func vouch(
    _ fingerprint: Digest128, as type: SignerType, method: String = "registry",
    name: String? = nil
  ) async throws -> SubmissionAnswer {
    guard let key = try await timeline.current().timeline.registration(of: fingerprint) else {
      throw Refusal(.notFound, check: "known_key", "No key \(fingerprint) is registered here.")
    }
    var payload = vouchPayload(fingerprint, key.signerID, type, method)
    payload["name"] = name.map { .string($0) }
    return try await signAndSubmit(
      type: .keyVouched, payload: payload, record: nil, target: "key:\(fingerprint.hex)", key: nil)
  }

  /// Takes every vouch for a key back; what it said while vouched keeps its standing.
  public func withdrawVouching(
    _ fingerprint: Digest128, reason: String
  ) async throws -> SubmissionAnswer {
    try await signAndSubmit(
      type: .vouchingWithdrawn,
      payload: [
        "log": .string(origin), "public_key_fingerprint": .string(fingerprint.hex),
        "reason": .string(reason),
      ], record: nil, target: "key:\(fingerprint.hex)", key: nil)
  }

  /// Takes a name of a record back, so that it leads there no more.
  public func retractAlias(
    _ alias: Alias, of record: String, reason: String
  ) async throws -> SubmissionAnswer {
    try await signAndSubmit(
      type: .aliasRetracted,
      payload: [
        "alias_kind": .string(alias.kind.rawValue), "alias_value": .string(alias.value),
        "log": .string(origin), "reason": .string(reason),
      ], record: record, key: nil)
  }

  private func vouchPayload(
    _ fingerprint: Digest128, _ signerID: String, _ type: SignerType, _ method: String = "registry"
  ) -> JSONObject {
    [
      "log": .string(origin), "method": .string(method),
      "public_key_fingerprint": .string(fingerprint.hex),
      "signer_id": .string(signerID), "signer_type": .string(type.name),
    ]
  }

  /// Ends a key; by the key itself, or by the registry where `key` is `nil`.
  public func revoke(
    _ fingerprint: Digest128, reason: String, compromisedFrom: Int64?, key: KeyFile?
  ) async throws -> SubmissionAnswer {
    var payload: JSONObject = [
      "log": .string(origin), "public_key_fingerprint": .string(fingerprint.hex),
      "reason": .string(reason),
    ]
    payload["compromised_from_position"] = compromisedFrom.map { .integer($0) }
    return try await signAndSubmit(
      type: .keyRevoked, payload: payload, record: nil, target: "key:\(fingerprint.hex)", key: key)
  }

  /// Replaces the registry key: the new one registers itself and the old one vouches for it, both or
  /// neither.
  public func rotateRegistryKey() async throws -> SubmissionAnswer {
    try requireWriting()
    let keys = try await timeline.current()
    let old = try await registry.key(in: keys.timeline, at: keys.next)
    let next = try await registry.prepareNext()
    let created = now
    var context = AdmissionContext(
      now: created, origin: origin, timeline: keys.timeline, position: keys.next)
    context.operatorAuthorised = true
    context.trustedReceiptKeys = configuration.trustedReceiptKeys
    let registration = try next.key.sign(
      EventBody.make(
        type: .keyRegistered, payload: RegistryKey.registration(of: next.key), signer: next.signer,
        subject: .registry, target: "key:\(next.signer.fingerprint.hex)", createdAt: created))
    let first = try AppendUnit.Item.make(
      event: registration, admission: try admit(registration, context), record: -1, referenced: nil)
    var known = first.event
    known.position = keys.next
    _ = context.timeline.apply(known)
    context.position += 1
    let vouch = try old.key.sign(
      EventBody.make(
        type: .keyVouched,
        payload: vouchPayload(next.signer.fingerprint, next.signer.signerID, .registry),
        signer: old.signer, subject: .registry, target: "key:\(next.signer.fingerprint.hex)",
        createdAt: created))
    let second = try AppendUnit.Item.make(
      event: vouch, admission: try admit(vouch, context), record: -1, referenced: nil)
    switch try await store.log.append(
      AppendUnit(items: [first, second], evidence: [], guardPosition: keys.next - 1))
    {
    case .conflict:
      throw Refusal(
        .unavailable, check: "contention", "Another key event came between; run the command again.")
    case .stored: break
    }
    try await registry.adopt(next)
    guard let stored = try await store.log.event(record: -1, id: vouch.eventID) else {
      throw Refusal(.unavailable, check: "log", "The rotation cannot be read back.")
    }
    return try await answer(stored, record: nil, group: nil, created: true)
  }
}
