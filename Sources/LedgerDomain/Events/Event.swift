public import CanonicalJSON
import Ed25519
public import Encodings

import enum Crypto.Curve25519

/// The key, and the registration of it, that an event names as its signer.
public struct Signer: Sendable, Equatable {
  public let keyID: String
  public let fingerprint: Digest128
  public let signerID: String
  public let signerType: SignerType

  public init(keyID: String, fingerprint: Digest128, signerID: String, signerType: SignerType) {
    self.keyID = keyID
    self.fingerprint = fingerprint
    self.signerID = signerID
    self.signerType = signerType
  }

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

  public var json: JSON {
    [
      "key_id": .string(keyID), "public_key_fingerprint": .string(fingerprint.hex),
      "signer_id": .string(signerID), "signer_type": .string(signerType.name),
    ]
  }
}

/// What an event is about.
public enum Subject: Sendable, Equatable {
  case record(PithNumber)
  case registry

  public var text: String {
    switch self {
    case .record(let number): number.description
    case .registry: "pith:registry"
    }
  }
}

/// Which part of its subject an event is about.
public struct Target: Sendable, Equatable {
  public let text: String

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

  /// How many entries the checkpoint covers, where the target is one.
  public var checkpoint: UInt64? {
    text.hasPrefix("checkpoint:") ? Self.size(text.dropFirst(11)) : nil
  }

  /// A size in plain decimal: a sign or a leading zero would be a second spelling of one target.
  private static func size(_ digits: Substring) -> UInt64? {
    guard (1...16).contains(digits.utf8.count), digits.utf8.count == 1 || digits.first != "0",
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return UInt64(digits)
  }

  /// The claim's id, where the target is one.
  public var claim: String? { text.hasPrefix("claim:") ? String(text.dropFirst(6)) : nil }
}

/// The signed statement: what an event says, exactly as it is hashed.
public struct EventBody: Sendable, Equatable {
  public let createdAt: Timestamp
  public let type: EventType
  public let payload: Payload
  public let payloadJSON: JSONObject
  public let signer: Signer
  public let subject: Subject
  public let target: Target
  public let json: JSONObject
  /// SHA-256 of the canonical body: what is signed, and the idempotency key.
  public let eventID: Digest
  /// What an attestation says, whenever it says so: two of the same signer with the same of these are
  /// one statement. `nil` for other events.
  let statement: Digest128?

  static let members = [
    "created_at", "event_type", "event_version", "payload", "signer", "subject_pith_number",
    "target",
  ]

  /// Checks the members of a body; nothing else may be among them.
  public init(_ json: JSON) throws(Refusal) {
    var members = try JSONObjectReader(json, "")
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
    let subjectText = try members.text("subject_pith_number")
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
    self.payloadJSON = payloadJSON.objectValue ?? [:]
    self.json = json.objectValue ?? [:]
    eventID = Digest(hashing: json.canonicalBytes())
    statement =
      type.isAttestation ? Self.statement(self.payloadJSON, payload, by: signer.signerType) : nil
    // What proves a time may be about a checkpoint of the log, which is the registry's.
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

  /// Whether the ledger signed it for somebody who did not.
  var isBare: Bool { signer.signerType == .registry && type.isAttestation }

  private static func statement(
    _ json: JSONObject, _ payload: Payload, by signerType: SignerType
  ) -> Digest128 {
    var said = json.removing(["supersedes", "observed_at"])
    if signerType == .registry {
      said["expires_at"] = nil
      // What the ledger saw when it fetched is its own addition, and differs each time.
      if case .storageAttestation(let storage) = payload, storage.kind != .file {
        said["evidence_sha256"] = nil
      }
    }
    return Digest(hashing: JSON.object(said).canonicalBytes()).prefix
  }

  /// A body of these parts.
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

  public func canonicalBytes() -> [UInt8] { JSON.object(json).canonicalBytes() }

  /// The event that this one names by `supersedes` or `event_id`.
  public var referencedEventID: Digest? { payload.referencedEventID }

  /// The record that a citation is by.
  public var citing: RecordName? {
    guard case .citationSignature(let citation) = payload else { return nil }
    return citation.citing.recordName
  }

  public static func == (a: EventBody, b: EventBody) -> Bool { a.eventID == b.eventID }
}

/// A body and a signature over its digest; whether it verifies is asked with ``isSigned(by:)``.
public struct SignedEvent: Sendable, Equatable {
  public let body: EventBody
  /// 64 bytes.
  public let signature: [UInt8]

  public var eventID: Digest { body.eventID }

  public init(body: EventBody, signature: [UInt8]) {
    self.body = body
    self.signature = signature
  }

  /// Reads the body's members, `signature`, and `event_id` where it is given.
  public init(_ json: JSON) throws(Refusal) {
    var members = try JSONObjectReader(json, "")
    var signature = try JSONObjectReader(members.value("signature"), "signature")
    guard try signature.text("algorithm") == "ed25519" else {
      throw Refusal(
        .invalid, check: "member", field: "signature.algorithm", "Only ed25519 is known.")
    }
    self.signature = try signature.bytes("signature_b64", count: 64)
    try signature.finish()
    body = try EventBody(
      .object((json.objectValue ?? [:]).removing(["signature", "event_id", "evidence"])))
    if members.optional("event_id") != nil {
      guard try members.eventID("event_id") == body.eventID else {
        throw Refusal(
          .invalid, check: "event_id", field: "event_id",
          "The event_id of this body is sha256:\(body.eventID.hex).")
      }
    }
  }

  /// Whether the signature is this raw public key's (32 bytes) over the 32 bytes of the event's digest.
  public func isSigned(by publicKey: [UInt8]) -> Bool {
    Ed25519.isValid(signature, over: eventID.bytes, by: publicKey)
  }

  /// The body's members with `event_id` and `signature`.
  public var json: JSONObject {
    var json = body.json
    json["event_id"] = .string("sha256:" + eventID.hex)
    json["signature"] = [
      "algorithm": "ed25519", "signature_b64": .string(Base64.encode(signature)),
    ]
    return json
  }
}

/// An Ed25519 private key.
public struct SigningKey: Sendable {
  private let key: Curve25519.Signing.PrivateKey

  /// A new key from the system's random numbers.
  public init() { key = Curve25519.Signing.PrivateKey() }

  /// The key of 32 secret bytes.
  public init(rawRepresentation: [UInt8]) throws {
    key = try Curve25519.Signing.PrivateKey(rawRepresentation: rawRepresentation)
  }

  public var rawRepresentation: [UInt8] { Array(key.rawRepresentation) }
  public var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }
  /// The first 16 bytes of SHA-256 of the raw public key.
  public var fingerprint: Digest128 { Digest(hashing: publicKey).prefix }

  public func sign(_ body: EventBody) throws(Refusal) -> SignedEvent {
    guard let signature = try? key.signature(for: body.eventID.bytes) else {
      throw Refusal(.unavailable, check: "signature", "The key could not sign.")
    }
    return SignedEvent(body: body, signature: Array(signature))
  }
}
