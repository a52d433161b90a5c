import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport

/// A small ledger in memory: keys, one record, and the context in which one event is admitted.
struct AdmissionScene {
  static let now = Timestamp(microseconds: 1_790_000_000_000_000)
  static let origin = "example.org/ledger"

  /// A key with the registration that its events name.
  struct Person {
    let key: SigningKey
    let signerID: String
    let type: SignerType

    init(_ signerID: String, _ type: SignerType = .author, key: SigningKey = SigningKey()) {
      self.key = key
      self.signerID = signerID
      self.type = type
    }

    var fingerprint: Digest128 { key.fingerprint }
    var signer: Signer {
      Signer(keyID: "k", fingerprint: fingerprint, signerID: signerID, signerType: type)
    }
  }

  let record: CanonicalRecord
  let registry = Person("urn:registry", .registry)
  let author = Person("https://orcid.org/0000-0002-1825-0097")
  let moderator = Person("urn:moderator")
  let stranger = Person("urn:stranger")
  let unregistered = Person("urn:unregistered")
  /// The events of the record, by position.
  private(set) var events: [FoldEvent] = []
  var context: AdmissionContext

  init() throws {
    record = try CanonicalRecord(
      [
        "metadata": [
          "abstract_canon_sha256": .string(String(repeating: "a", count: 64)),
          "cross_cats_sorted": [], "license": .null, "primary_cat": "hep-th",
          "submitted_at": "2024-01-02T03:04:05Z",
          "title_canon_sha256": .string(String(repeating: "b", count: 64)),
        ],
        "schema_version": "1.0", "source": ["id": "2401.00001", "kind": "arxiv", "version": 1],
      ])
    context = AdmissionContext(
      now: Self.now, origin: Self.origin, timeline: KeyTimeline(), position: .first)
    for person in [registry, author, moderator, stranger] { try register(person) }
    try vouch(author, as: .author)
    try vouch(moderator, as: .moderator)
    context.record = RecordFacts(
      record: RecordID(createdAt: context.position), pithNumber: record.pithNumber,
      canonicalSHA256: record.digest)
    context.record?.claimIDs = ["C1"]
    context.position = context.position.next
  }

  // MARK: Events

  /// A signed event that may be inadmissible.
  func event(
    _ type: EventType, _ payload: JSONObject, by person: Person, target: String = "record",
    subject: Subject? = nil, at time: Timestamp = now, signer: Signer? = nil
  ) throws -> SignedEvent {
    let isAboutKeys = type.isAboutKeys || target.hasPrefix("checkpoint:")
    return try person.key.sign(
      EventBody.make(
        type: type, payload: payload, signer: signer ?? person.signer,
        subject: subject ?? (isAboutKeys ? .registry : .record(record.pithNumber)), target: target,
        createdAt: time))
  }

  func registration(of person: Person, target: Digest128? = nil) throws -> SignedEvent {
    try event(
      .keyRegistered,
      ["algorithm": "ed25519", "public_key_b64": .string(Base64.encode(person.key.publicKey))],
      by: person, target: "key:\((target ?? person.fingerprint).hex)")
  }

  func keyPayload(_ person: Person, _ more: JSONObject = [:]) -> JSONObject {
    var payload: JSONObject = [
      "log": .string(Self.origin), "public_key_fingerprint": .string(person.fingerprint.hex),
    ]
    for (key, value) in more { payload[key] = value }
    return payload
  }

  func vouching(_ person: Person, as type: SignerType, id: String? = nil) throws -> SignedEvent {
    try event(
      .keyVouched,
      keyPayload(
        person,
        [
          "method": "registry", "signer_id": .string(id ?? person.signerID),
          "signer_type": .string(type.name),
        ]), by: registry, target: "key:\(person.fingerprint.hex)")
  }

  func citation(
    _ doi: String = "10.1/1", _ more: JSONObject = [:], by person: Person? = nil,
    at time: Timestamp = now
  ) throws -> SignedEvent {
    var payload: JSONObject = ["citing_doi": .string(doi), "relation": "extends"]
    for (key, value) in more { payload[key] = value }
    return try event(.citationSignature, payload, by: person ?? author, at: time)
  }

  // MARK: The log

  private mutating func register(_ person: Person) throws { append(try registration(of: person)) }

  mutating func vouch(_ person: Person, as type: SignerType) throws {
    append(try vouching(person, as: type))
  }

  /// Appends an event without admission, and makes it the event that the next one refers to.
  @discardableResult
  mutating func append(_ event: SignedEvent, _ admission: Admission? = nil) -> FoldEvent {
    let isAboutKeys = event.body.subject == .registry
    let referenced = event.body.referencedEventID.flatMap { id in
      events.first { $0.eventID == id }
    }
    let columns = event.foldEvent(
      admission ?? .signedOnly(at: Self.now), position: context.position,
      record: isAboutKeys ? .registry : context.record?.record ?? .registry, referenced: referenced)
    if isAboutKeys { _ = context.timeline.apply(columns) } else { events.append(columns) }
    context.referenced = columns
    context.group.events = events
    context.position = context.position.next
    return columns
  }

  func admit(_ event: SignedEvent) throws -> Admission {
    try LedgerDomain.admit(VerifiedEvent(event, keys: context.timeline), context)
  }
}
