import CanonicalJSON
import Encodings
import LedgerDomain
import Testing

// MARK: Events of the cases

func replication(
  _ scene: AdmissionScene, by person: AdmissionScene.Person, claim: String = "C1"
) throws -> SignedEvent {
  try scene.event(
    .replicationRecord,
    [
      "claim_ids": [.string(claim)], "kind": "replication", "outcome": "replicated",
      "replication_id": "r1",
    ], by: person)
}

func claim(_ scene: AdmissionScene, by person: AdmissionScene.Person) throws -> SignedEvent {
  try scene.event(
    .authorAttestation,
    ["method": "key_signature", "name": "A. Author", "orcid": "0000-0002-1825-0097"], by: person)
}

func revocation(
  _ scene: AdmissionScene, of key: AdmissionScene.Person, by person: AdmissionScene.Person,
  from: Int64? = nil, log: String = AdmissionScene.origin
) throws -> SignedEvent {
  var payload = scene.keyPayload(key, ["log": .string(log), "reason": "stolen"])
  payload["compromised_from_position"] = from.map { .integer($0) }
  return try scene.event(
    .keyRevoked, payload, by: person, target: "key:\(key.fingerprint.hex)")
}

func retraction(_ scene: AdmissionScene, _ kind: String, _ value: String) throws -> SignedEvent {
  try scene.event(
    .aliasRetracted,
    [
      "alias_kind": .string(kind), "alias_value": .string(value),
      "log": .string(AdmissionScene.origin), "reason": "wrong",
    ], by: scene.registry)
}

func decision(
  _ scene: AdmissionScene, on event: FoldEvent, by person: AdmissionScene.Person
) throws -> SignedEvent {
  try scene.event(
    .moderationDecision,
    [
      "decision": "approved", "event_id": .string("sha256:" + event.eventID.hex),
      "log": .string(AdmissionScene.origin), "reason": "sound",
    ], by: person)
}

func withdrawal(
  _ scene: AdmissionScene, of event: FoldEvent, by person: AdmissionScene.Person,
  token: Bool = false
) throws -> SignedEvent {
  var payload: JSONObject = [
    "event_id": .string("sha256:" + event.eventID.hex), "reason": "an error",
  ]
  if token { payload["evidence_sha256"] = .string(Digest(hashing: jwt(scene)).hex) }
  return try scene.event(.eventWithdrawn, payload, by: person)
}

func storageStatement(
  _ scene: AdmissionScene, by person: AdmissionScene.Person, _ more: JSONObject = [:]
) throws -> SignedEvent {
  var payload: JSONObject = [
    "content_role": "document", "content_sha256": .string(Digest(hashing: [1]).hex),
    "location": "https://example.org/paper", "media_type": "application/pdf",
    "observed_at": .string(AdmissionScene.now.description), "size_bytes": 1,
    "storage_kind": "https",
  ]
  for (key, value) in more { payload[key] = value }
  return try scene.event(.storageAttestation, payload, by: person)
}

func upload(
  _ scene: AdmissionScene, _ bytes: [UInt8], evidence: [UInt8]?, size: Int64 = 1
) throws -> SignedEvent {
  let digest = Digest(hashing: bytes).hex
  var more: JSONObject = [
    "content_sha256": .string(digest), "location": .string("urn:sha256:" + digest),
    "size_bytes": .integer(size), "storage_kind": "file",
  ]
  more["evidence_sha256"] = evidence.map { .string(Digest(hashing: $0).hex) }
  return try storageStatement(scene, by: scene.stranger, more)
}

func anchor(
  _ scene: AdmissionScene, _ proof: [UInt8], by person: AdmissionScene.Person? = nil,
  digest: Digest? = nil, target: String = "record"
) throws -> SignedEvent {
  let anchored =
    target == "record" ? digest ?? scene.record.digest : digest ?? Digest(hashing: [9])
  return try scene.event(
    .timestampAnchor,
    [
      "anchor_kind": "opentimestamps", "digest_sha256": .string(anchored.hex),
      "evidence_sha256": .string(Digest(hashing: proof).hex),
    ], by: person ?? scene.author, target: target)
}

/// A claim by an identity token, which becomes the evidence of the scene.
func token(
  _ scene: inout AdmissionScene, nonce: String? = nil, subject: String = "0000-0002-1825-0097",
  name: String = "A. Author", by person: AdmissionScene.Person? = nil
) throws -> SignedEvent {
  let bytes = jwt(scene, nonce: nonce, subject: subject, name: name)
  scene.context.evidence = evidence(bytes)
  return try scene.event(
    .authorAttestation,
    [
      "evidence_sha256": .string(Digest(hashing: bytes).hex), "method": "orcid_oidc",
      "name": "A. Author", "orcid": "0000-0002-1825-0097",
    ], by: person ?? scene.author)
}

// MARK: Evidence

func evidence(_ bytes: [UInt8]) -> [Digest: [UInt8]] { [Digest(hashing: bytes): bytes] }

/// An OpenTimestamps proof of a digest that a calendar has promised to complete.
func ots(_ digest: Digest) -> [UInt8] {
  let uri = Array("https://calendar.example.org".utf8)
  var bytes: [UInt8] = [0x00] + Array("OpenTimestamps".utf8) + [0x00, 0x00]
  bytes += Array("Proof".utf8) + [0x00, 0xBF, 0x89, 0xE2, 0xE8, 0x84, 0xE8, 0x92, 0x94]
  bytes += [0x01, 0x08] + digest.bytes
  bytes += [0x00, 0x83, 0xDF, 0xE3, 0x0D, 0x2E, 0xF9, 0x0C, 0x8E]
  bytes += [UInt8(uri.count + 1), UInt8(uri.count)] + uri
  return bytes
}

/// An identity token whose signature is not verified here.
func jwt(
  _ scene: AdmissionScene, nonce: String? = nil, subject: String = "0000-0002-1825-0097",
  name: String = "A. Author"
) -> [UInt8] {
  let header: JSON = ["alg": "RS256", "kid": "k", "typ": "JWT"]
  let claims: JSON = [
    "aud": "app", "exp": 1_790_003_600, "iat": 1_790_000_000, "iss": "https://orcid.org",
    "name": .string(name),
    "nonce": .string(nonce ?? IdentityNonce.of(scene.record.pithNumber)), "sub": .string(subject),
  ]
  let parts = [header.canonicalBytes(), claims.canonicalBytes(), [1, 2, 3]]
  return Array(parts.map { Base64.encodeURL($0) }.joined(separator: ".").utf8)
}

extension Optional {
  func unwrapped() throws -> Wrapped { try #require(self) }
}
