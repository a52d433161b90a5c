public import CanonicalJSON
import Encodings
public import LedgerDomain
import LedgerStore

/// Signs payloads with a key file or the registry key and submits the events as the operator.
public struct SigningSubmitter: Sendable {
  let submitter: any EventSubmitter
  let resolver: RecordResolver
  let registry: RegistryKey
  let timeline: TimelineCache
  let clock: @Sendable () -> Timestamp

  /// Signs a payload and submits the event.
  ///
  /// - Parameters:
  ///   - type: the type of the event.
  ///   - payload: the payload of the event.
  ///   - name: a name of the record. `nil` for the registry.
  ///   - target: the target of the event (`docs/specification/events.md`).
  ///   - evidence: the bytes that the payload refers to.
  ///   - key: the signing key. `nil` for the registry key.
  ///   - client: the client whose quotas the submission uses.
  ///
  /// Errors: a `Refusal`; with check `contention` if the registry key is rotated repeatedly.
  public func submit(
    type: EventType, payload: JSONObject, record name: String?, target: String = "record",
    evidence: [[UInt8]] = [], key: KeyFile?, client: ClientID = .shell
  ) async throws -> SubmissionAnswer {
    var subject = Subject.registry
    if let name { subject = .record(try await resolver.resolve(name).record.pithNumber) }
    var named: [Digest: [UInt8]] = [:]
    for bytes in evidence { named[Digest(hashing: bytes)] = bytes }
    for _ in 0..<EventAppender.maxRetries {
      let keys = try await timeline.current()
      let signing =
        if let key { key } else { try await registry.key(in: keys.timeline, at: keys.next) }
      let body = try EventBody.make(
        type: type, payload: payload, signer: signing.signer, subject: subject, target: target,
        createdAt: clock())
      do {
        return try await submitter.submit(
          try signing.key.sign(body), evidence: named, record: nil, client: client,
          operatorAuthorised: true)
      } catch let refusal as Refusal where key == nil && refusal.check == "authority" {
        // The registry key may have been rotated between the read and the append.
        let later = try await timeline.current()
        guard later.timeline.registryKey(at: later.next) != signing.signer.fingerprint else {
          throw refusal
        }
      }
    }
    throw Refusal(
      .unavailable, check: "contention", "The registry key changes repeatedly. Try again.")
  }

  /// Binds a registered key to its signer_id in a role, on the registry's authority.
  ///
  /// - Parameters:
  ///   - method: `registry` or `orcid_oidc`.
  ///   - name: the person's name. Claims by this key under that name are strong.
  func vouch(
    _ fingerprint: Digest128, as type: SignerType, method: String, name: String?, origin: String
  ) async throws -> SubmissionAnswer {
    guard let key = try await timeline.current().timeline.registration(of: fingerprint) else {
      throw Refusal(.notFound, check: "known_key", "No key \(fingerprint) is registered here.")
    }
    var payload = Self.vouchPayload(fingerprint, key.signerID, type, method, origin: origin)
    payload["name"] = name.map { .string($0) }
    return try await submit(
      type: .keyVouched, payload: payload, record: nil, target: "key:\(fingerprint.hex)", key: nil)
  }

  static func vouchPayload(
    _ fingerprint: Digest128, _ signerID: String, _ type: SignerType, _ method: String = "registry",
    origin: String
  ) -> JSONObject {
    [
      "log": .string(origin), "method": .string(method),
      "public_key_fingerprint": .string(fingerprint.hex),
      "signer_id": .string(signerID), "signer_type": .string(type.name),
    ]
  }
}
