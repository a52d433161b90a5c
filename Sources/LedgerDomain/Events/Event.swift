public import CanonicalJSON
import Ed25519
public import Encodings
public import TransparencyLog

/// The signer of an event: a key, and the registration of the key.
///
/// Specification: events.md, section Body.
public struct Signer: Sendable, Equatable {
  /// The name that the signer gave the key.
  public let keyID: String
  /// The first 16 bytes of SHA-256 of the raw public key.
  public let fingerprint: Digest128
  /// The identifier of the person or service, such as an ORCID iD as a URL.
  public let signerID: String
  /// The capacity in which the key is registered.
  public let signerType: SignerType

  /// Makes a signer from its parts.
  public init(keyID: String, fingerprint: Digest128, signerID: String, signerType: SignerType) {
    self.keyID = keyID
    self.fingerprint = fingerprint
    self.signerID = signerID
    self.signerType = signerType
  }

  /// Reads the member `signer`.
  ///
  /// - Throws: a `Refusal` with the path of the member.
  public init(_ json: JSON) throws(Refusal) {
    var members = try JSONObjectReader(json, "signer")
    keyID = try members.text("key_id")
    fingerprint = try members.fingerprint("public_key_fingerprint")
    signerID = try members.text("signer_id")
    let type = try members.text("signer_type")
    guard let signerType = SignerType(name: type) else {
      throw Refusal(
        .invalid, check: "member", field: "signer.signer_type", "No such type of signer.")
    }
    self.signerType = signerType
    try members.finish()
  }

  /// The member `signer`.
  public var json: JSON {
    [
      "key_id": .string(keyID), "public_key_fingerprint": .string(fingerprint.hex),
      "signer_id": .string(signerID), "signer_type": .string(signerType.name),
    ]
  }
}

/// The subject of an event.
///
/// Specification: events.md, section Body.
public enum Subject: Sendable, Equatable {
  /// A record.
  case record(PithNumber)
  /// The registry, for events about keys and checkpoints.
  case registry

  /// The member `subject_pith_number`: a full Pith Number or `pith:registry`.
  public var text: String {
    switch self {
    case .record(let number): number.description
    case .registry: "pith:registry"
    }
  }
}

/// The part of its subject that an event is about.
///
/// Specification: events.md, section Body.
public struct Target: Sendable, Equatable {
  /// The member `target`.
  public let text: String

  /// Checks a target.
  ///
  /// - Throws: a `Refusal` with the check `target` unless the text is `record`, `graph`,
  ///   `claim:ID`, `key:FINGERPRINT` or `checkpoint:SIZE`.
  public init(_ text: String) throws(Refusal) {
    let valid =
      text == "record" || text == "graph"
      || (text.hasPrefix("claim:") && (1...64).contains(text.utf8.count - 6))
      || (text.hasPrefix("key:") && Digest128(hex: String(text.dropFirst(4))) != nil)
      || (text.hasPrefix("checkpoint:") && Self.size(text.dropFirst(11)) != nil)
    guard valid else {
      throw Refusal(
        .invalid, check: "target", field: "target",
        "One of record, graph, claim:ID, key:FINGERPRINT, checkpoint:SIZE.")
    }
    self.text = text
  }

  /// The first 64 bits of a hash of the text, by which the log's table selects events.
  public var hash64: Int64 { Digest128(of: text).hash64 }

  /// The number of entries of the checkpoint; `nil` if the target is not a checkpoint.
  public var checkpoint: TreeSize? {
    text.hasPrefix("checkpoint:") ? Self.size(text.dropFirst(11)) : nil
  }

  /// Parses a size of at most 16 digits in plain decimal. Each target has one form only.
  private static func size(_ digits: Substring) -> TreeSize? {
    digits.utf8.count <= 16 ? TreeSize(digits) : nil
  }

  /// The fingerprint of the key; `nil` if the target is not a key.
  public var key: Digest128? {
    text.hasPrefix("key:") ? Digest128(hex: String(text.dropFirst(4))) : nil
  }

  /// The identifier of the claim; `nil` if the target is not a claim.
  public var claim: String? { text.hasPrefix("claim:") ? String(text.dropFirst(6)) : nil }
}

/// The part of an event that is signed.
///
/// Two bodies are equal if their event ids are equal. A body is a class because it has many members, and
/// copies of a value with many members take long. Specification: events.md, section Body.
public final class EventBody: Sendable, Equatable {
  /// The time of signing, by the signer's clock.
  public let createdAt: Timestamp
  /// The type of the event.
  public let type: EventType
  /// The parsed payload.
  public let payload: Payload
  /// The members of the payload.
  let members: any EventPayload
  /// The payload as an object.
  public let payloadJSON: JSONObject
  /// The signer.
  public let signer: Signer
  /// The subject.
  public let subject: Subject
  /// The member `subject_pith_number`.
  public let subjectText: String
  /// The target.
  public let target: Target
  /// The object that the body was read from. It may have the members of ``envelope`` too.
  private let source: JSONObject
  /// The whole body as an object.
  public var json: JSONObject { source.removing(Self.envelope) }
  /// SHA-256 of the canonical body. It is what the key signs, and the idempotency key of a
  /// submission.
  public let eventID: Digest
  /// The canonical bytes.
  private let canonical: [UInt8]
  /// The offsets in the canonical bytes of `event_type`, which follows an `event_id`, and of `signer`, which
  /// follows a `signature`.
  private let gaps: (Int, Int)
  /// A hash of the content of an attestation, without the members that may differ between
  /// repetitions. Statements of one signer with the same value have the same content. `nil` for
  /// other types. Specification: standing.md, section Statements of a record, rule 6.
  let statement: Digest128?
  /// The slot of a statement that has one; see ``FoldEvent/slot``.
  let slot: Digest128?
  /// The group with which a statement that has a slot is folded.
  let foldGroup: Int64?
  /// A hash of the target.
  let targetHash: Int64

  /// The members of a signed event that are not part of its body.
  fileprivate static let envelope = ["event_id", "evidence", "signature"]

  static let memberNames = [
    "created_at", "event_type", "event_version", "payload", "signer", "subject_pith_number",
    "target",
  ]

  /// Checks the members of a body. Other members are refused.
  ///
  /// - Throws: a `Refusal` with the check and the member.
  public convenience init(_ json: JSON) throws(Refusal) {
    try self.init(json, besides: [], in: nil)
  }

  /// Checks the members of a body.
  ///
  /// - Parameters:
  ///   - envelope: members that are not part of the body, and may be present.
  ///   - text: the canonical text of an event with this body; `nil` if there is none.
  init(_ json: JSON, besides envelope: [String], in text: EventText?) throws(Refusal) {
    var members = try JSONObjectReader(json, "")
    for key in envelope { _ = members.optional(key) }
    createdAt = try members.timestamp("created_at")
    let typeName = try members.text("event_type")
    guard let type = EventType(name: typeName) else {
      throw Refusal(.invalid, check: "event_type", field: "event_type", "No such type of event.")
    }
    self.type = type
    guard try members.text("event_version") == "1.0" else {
      throw Refusal(
        .invalid, check: "event_version", field: "event_version", "Only version 1.0 is known.")
    }
    let payloadJSON = try members.value("payload")
    signer = try Signer(members.value("signer"))
    subjectText = try members.text("subject_pith_number")
    if subjectText == "pith:registry" {
      subject = .registry
    } else if let number = PithNumber(subjectText), number.description == subjectText {
      subject = .record(number)
    } else {
      throw Refusal(
        .invalid, check: "subject", field: "subject_pith_number",
        "A full Pith Number in upper case, or pith:registry.")
    }
    target = try Target(members.text("target"))
    try members.finish()
    payload = try Payload(type, payloadJSON)
    self.members = payload.members
    self.payloadJSON = payloadJSON.objectValue ?? [:]
    source = json.objectValue ?? [:]
    if let text {
      canonical = text.body
      gaps = text.gaps
    } else {
      // The members are those of `memberNames`, in this order.
      let (canonical, offsets) = source.removing(EventBody.envelope)
        .canonicalBytesWithOffsets()
      self.canonical = canonical
      gaps = (offsets[1], offsets[4])
    }
    eventID = Digest(hashing: canonical)
    statement =
      type.isAttestation
      ? EventBody.statement(self.payloadJSON, payload, by: signer.signerType) : nil
    // The columns of an event are derived several times on its way into the log. These take a hash each.
    slot = self.members.slotKey.map { Digest128(of: type.name, $0) }
    foldGroup = slot.map { [signer] in FoldGroup.of(signer, $0) }
    targetHash = target.hash64
    // A proof of time can be about a checkpoint of the log. Its subject is then the registry.
    let provesCheckpoint =
      target.checkpoint != nil
      && [.timestampAnchor, .anchorUpgraded, .checkRecorded].contains(type)
    let isAboutRegistry = type.isAboutKeys || provesCheckpoint
    guard isAboutRegistry == (subject == .registry) else {
      throw Refusal(
        .invalid, check: "subject", field: "subject_pith_number",
        "\(type.name) on \(target.text) is about \(isAboutRegistry ? "pith:registry" : "a record")."
      )
    }
  }

  /// Whether the registry signed the attestation. It does so for clients without a key, and for
  /// anchors of checkpoints.
  var isBare: Bool { signer.signerType == .registry && type.isAttestation }

  private static func statement(
    _ json: JSONObject, _ payload: Payload, by signerType: SignerType
  ) -> Digest128 {
    var unsaid = ["supersedes", "observed_at"]
    // The slot stands for the citing paper, which has several names.
    if case .citationSignature = payload { unsaid += CitingRecord.members }
    if signerType == .registry {
      unsaid.append("expires_at")
      // The ledger adds the report of its own fetch, which differs each time.
      if case .storageAttestation(let storage) = payload, storage.kind != .file {
        unsaid.append("evidence_sha256")
      }
    }
    return Digest(hashing: json.canonicalBytes(without: unsaid)).prefix
  }

  /// Makes a body from its parts.
  ///
  /// - Throws: a `Refusal` if the parts are not valid together.
  public static func make(
    type: EventType, payload: JSONObject, signer: Signer, subject: Subject, target: String,
    createdAt: Timestamp
  ) throws(Refusal) -> EventBody {
    try EventBody([
      "created_at": .string(createdAt.description), "event_type": .string(type.name),
      "event_version": "1.0", "payload": .object(payload), "signer": signer.json,
      "subject_pith_number": .string(subject.text), "target": .string(target),
    ])
  }

  /// The canonical bytes of the body.
  public func canonicalBytes() -> [UInt8] { canonical }

  /// Writes the canonical bytes with the members `event_id` and `signature` at their places.
  func write(signature: [UInt8], to output: inout [UInt8]) {
    output += canonical[..<gaps.0]
    output += "\"event_id\":\"sha256:\(eventID.hex)\",".utf8
    output += canonical[gaps.0..<gaps.1]
    output += "\"signature\":{\"algorithm\":\"ed25519\",\"signature_b64\":\"".utf8
    output += Base64.encode(signature).utf8
    output += "\"},".utf8
    output += canonical[gaps.1...]
  }

  /// The event that this one names in `supersedes` or `event_id`.
  public var referencedEventID: Digest? { members.referencedEventID }

  /// The name that is added to the record or retracted.
  public var alias: Alias? { members.alias }

  /// SHA-256 of the bytes that the payload is based on.
  public var evidence: Digest? { members.evidence }

  /// The names of the paper that cites the record; none if this is not a citation.
  public var citing: [RecordName] {
    guard case .citationSignature(let citation) = payload else { return [] }
    return citation.citing.recordNames
  }

  /// Compares the event ids.
  public static func == (a: EventBody, b: EventBody) -> Bool { a.eventID == b.eventID }
}

/// A body with a signature over its digest. The signature is not checked; ``isSigned(by:)`` and
/// ``VerifiedEvent`` check it.
///
/// Specification: events.md, section Body.
public struct SignedEvent: Sendable, Equatable {
  /// The body.
  public let body: EventBody
  /// The Ed25519 signature, 64 bytes.
  public let signature: [UInt8]

  /// The event id of the body.
  public var eventID: Digest { body.eventID }

  /// Makes an event. The signature is not checked.
  public init(body: EventBody, signature: [UInt8]) {
    self.body = body
    self.signature = signature
  }

  /// Reads the members of the body, `signature`, and `event_id` if it is present. It ignores the
  /// member `evidence`.
  ///
  /// - Throws: a `Refusal` with the check and the member.
  public init(_ json: JSON) throws(Refusal) { try self.init(json, in: nil) }

  /// Reads the members.
  ///
  /// - Parameter text: the canonical text of the event; `nil` if there is none.
  init(_ json: JSON, in text: EventText?) throws(Refusal) {
    var members = try JSONObjectReader(json, "")
    var signature = try JSONObjectReader(members.value("signature"), "signature")
    guard try signature.text("algorithm") == "ed25519" else {
      throw Refusal(
        .invalid, check: "member", field: "signature.algorithm", "Only ed25519 is known.")
    }
    self.signature = try signature.bytes("signature_b64", count: 64)
    try signature.finish()
    body = try EventBody(json, besides: EventBody.envelope, in: text)
    if members.optional("event_id") != nil {
      guard try members.eventID("event_id") == body.eventID else {
        throw Refusal(
          .invalid, check: "event_id", field: "event_id",
          "The event_id of this body is sha256:\(body.eventID.hex).")
      }
    }
  }

  /// Whether the signature verifies over the 32 bytes of the event id.
  ///
  /// - Parameter publicKey: the raw public key, 32 bytes.
  public func isSigned(by publicKey: [UInt8]) -> Bool {
    Ed25519.isValid(signature, over: eventID.bytes, by: publicKey)
  }

  /// The members of the body with `event_id` and `signature`.
  public var json: JSONObject {
    var json = body.json
    json["event_id"] = .string("sha256:" + eventID.hex)
    json["signature"] = [
      "algorithm": "ed25519", "signature_b64": .string(Base64.encode(signature)),
    ]
    return json
  }
}
