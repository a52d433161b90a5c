import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing

/// A log of random entries about one record. Its columns are derived from the bytes of the entries, as readers do.
///
/// The events are signed, but not admitted, so that the log contains what admission would refuse too.
struct RandomEntries {
  private typealias Person = AdmissionScene.Person

  /// The entries of a log that admission would take, each signed when it is recorded. The order of
  /// signing is the order of the log.
  ///
  /// - Parameters:
  ///   - registry: distinguishes the registry keys of several logs.
  ///   - origin: the origin that statements of authority name.
  static func admissible(
    seed: UInt64, registry: UInt8 = 1, origin: String = AdmissionScene.origin, count: Int = 120
  ) throws -> (number: PithNumber, entries: [Entry], events: [FoldEvent]) {
    var maker = try RandomEntries(seed: seed, registry: registry, isAdmissible: true)
    maker.origin = origin
    try maker.begin()
    while maker.events.count < count { try maker.appendAny() }
    return (maker.scene.record.pithNumber, maker.entries, maker.events)
  }

  private let isAdmissible: Bool
  private var origin = AdmissionScene.origin
  private var entries: [Entry] = []
  private let scene: AdmissionScene
  private var random: SeededGenerator
  private let registry: Person
  private let people: [Person]
  private var events: [FoldEvent] = []
  private var record = RecordID.registry

  private init(seed: UInt64, registry number: UInt8 = 1, isAdmissible: Bool = false) throws {
    self.isAdmissible = isAdmissible
    scene = try AdmissionScene()
    random = SeededGenerator(seed: seed)
    func person(_ number: UInt8, _ signerID: String, _ type: SignerType = .author) throws -> Person
    {
      Person(
        signerID, type, key: try SigningKey(rawRepresentation: Array(repeating: number, count: 32)))
    }
    registry = try person(
      number, number == 1 ? "urn:registry" : "urn:registry:\(number)", .registry)
    let orcid = "https://orcid.org/" + Fixtures.sampleORCID
    people = [
      try person(2, orcid), try person(3, orcid), try person(4, "urn:moderator"),
      try person(5, "urn:stranger"),
    ]
  }

  // MARK: Random choices

  private mutating func oneIn(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &random) == 0
  }

  private mutating func pick<T>(_ choices: [T]) throws -> T {
    try #require(choices.randomElement(using: &random))
  }

  /// A person, or the registry in place of a person without a key.
  private mutating func anybody() throws -> Person {
    try oneIn(4) ? registry : pick(people)
  }

  // MARK: Entries

  /// Writes an entry, reads it back, and derives its columns.
  private mutating func append(
    _ type: EventType, _ payload: JSONObject, by person: Person, target: String = "record",
    _ verdict: Verdict = .verified, _ checks: [Check] = []
  ) throws {
    let recordedAt = AdmissionScene.now.adding(seconds: Int64(events.count))
    let isLate = !isAdmissible && oneIn(4)
    let age = isLate ? Int64.random(in: 0...Int64(events.count), using: &random) : 0
    let event = try scene.event(
      type, payload, by: person, target: target, at: recordedAt.adding(seconds: -age))
    let written = try Entry(
      event: event,
      admission: Admission(
        checks: [Check("signature", .verified)] + checks, verdict: verdict, recordedAt: recordedAt))
    let entry = try Entry(bytes: written.bytes)
    #expect(entry.isCanonical)
    #expect(try JSON.parse(entry.bytes).canonicalBytes() == entry.bytes)
    #expect(try JSON.parse(entry.bytes)["event"] == .object(entry.event.json))
    entries.append(entry)
    let position = Position(rawValue: Int64(events.count))
    if type == .recordCreated { record = RecordID(createdAt: position) }
    let referenced = event.body.referencedEventID.flatMap { id in
      events.last { $0.eventID == id }
    }
    events.append(
      entry.foldEvent(
        position: position, record: event.body.subject == .registry ? .registry : record,
        referenced: referenced))
  }

  private mutating func begin() throws {
    for person in [registry] + people {
      try append(
        .keyRegistered,
        ["algorithm": "ed25519", "public_key_b64": .string(Base64.encode(person.key.publicKey))],
        by: person, target: "key:\(person.fingerprint.hex)")
    }
    try append(
      .recordCreated,
      [
        "canonical_record": .object(scene.record.json),
        "canonical_sha256": .string(scene.record.digest.hex),
      ], by: registry)
  }

  private mutating func appendAny() throws {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<6: try appendVouch()
    case 6..<8:
      let person = try pick(people)
      var more: JSONObject = ["reason": "stolen"]
      if oneIn(2) {
        more["compromised_from_position"] = .integer(
          Int64.random(in: 0..<Int64(events.count), using: &random))
      }
      try appendAboutKey(.keyRevoked, person, more, by: oneIn(2) ? person : registry)
    case 8: try appendAboutKey(.vouchingWithdrawn, pick(people), ["reason": "left"], by: registry)
    case 9..<35: try appendAboutEvent()
    default: try appendAttestation()
    }
  }

  private mutating func appendAboutKey(
    _ type: EventType, _ person: Person, _ more: JSONObject, by author: Person
  ) throws {
    try append(
      type, scene.keyPayload(person, more.with(["log": .string(origin)])), by: author,
      target: "key:\(person.fingerprint.hex)")
  }

  private mutating func appendVouch() throws {
    let person = try pick(people)
    let type: SignerType =
      try person.signerID == "urn:moderator"
      ? .moderator : pick([.author, .author, .replicator, .storageProvider])
    try appendAboutKey(
      .keyVouched, person,
      [
        "method": "registry", "signer_id": .string(person.signerID),
        "signer_type": .string(type.name),
      ], by: oneIn(8) ? pick(people) : registry)
  }

  // MARK: Statements about events

  private mutating func appendAboutEvent() throws {
    guard let event = events.filter({ $0.type.isAttestation }).randomElement(using: &random) else {
      return
    }
    let id: JSONObject = ["event_id": .string("sha256:" + event.eventID.hex)]
    let signer = people.first { $0.fingerprint == event.signerKey } ?? registry
    let moderator = people[2]
    switch Int.random(in: 0..<6, using: &random) {
    case 0: try append(.eventWithdrawn, id.with(["reason": "an error"]), by: signer)
    case 1, 2:
      try append(
        .moderationDecision,
        id.with([
          "decision": oneIn(3) ? "rejected" : "approved", "log": .string(origin),
          "reason": "sound",
        ]), by: oneIn(5) ? anybody() : moderator)
    case 3, 4:
      let verdict = try pick([.verified, .verified] + Verdict.allCases)
      try append(
        .checkRecorded, id.with(["reason": "checked", "verdict": .string(verdict.name)]),
        by: registry)
    default:
      try append(
        .anchorUpgraded, id.with(["evidence_sha256": .string(Digest(hashing: [7]).hex)]),
        by: registry)
    }
  }

  // MARK: Attestations

  private mutating func appendAttestation() throws {
    var type = try pick(EventType.attestations)
    var author = try anybody()
    var older: FoldEvent?
    if oneIn(3) {
      older = events.filter { $0.type.isAttestation }.randomElement(using: &random)
      type = older?.type ?? type
      if let older, !oneIn(4) {
        author = people.first { $0.fingerprint == older.signerKey } ?? registry
      }
    }
    if isAdmissible, author.type == .registry,
      [.citationSignature, .replicationRecord].contains(type)
    {
      author = try pick(people)
    }
    var checks: [Check] = []
    var payload = try makePayload(of: type, by: author, &checks)
    payload["supersedes"] = older.map { .string("sha256:" + $0.eventID.hex) }
    let target = oneIn(5) ? "claim:C1" : "record"
    try append(
      type, payload, by: author, target: target, pick([.verified, .verified, .pending]), checks)
  }

  private mutating func makePayload(
    of type: EventType, by author: Person, _ checks: inout [Check]
  ) throws -> JSONObject {
    let number = Int.random(in: 1...2, using: &random)
    switch type {
    case .citationSignature:
      return ["citing_doi": .string("10.1/\(number)"), "relation": oneIn(2) ? "cites" : "refutes"]
    case .replicationRecord:
      return [
        "claim_ids": ["C1"], "kind": "replication",
        "outcome": oneIn(2) ? "replicated" : "inconclusive",
        "replication_id": .string("r\(number)"),
      ]
    case .timestampAnchor:
      return [
        "anchor_kind": "opentimestamps", "digest_sha256": .string(scene.record.digest.hex),
        "evidence_sha256": .string(Digest(hashing: [UInt8(number)]).hex),
      ]
    case .storageAttestation:
      if author.type != .registry { checks.append(Check("storage_provider", .pending)) }
      return try makeStorage(number)
    default:
      checks.append(Check("author_name", try pick([.verified, .verified, .failed, .pending])))
      checks.append(Check("verified_name", try pick([.verified, .verified, .failed, .pending])))
      var claim: JSONObject = [
        "method": "key_signature", "name": "A. Author", "orcid": .string(Fixtures.sampleORCID),
      ]
      if author.type == .registry || oneIn(5) {
        claim["method"] = "orcid_oidc"
        claim["evidence_sha256"] = .string(Digest(hashing: [UInt8(number)]).hex)
      }
      return claim
    }
  }

  private mutating func makeStorage(_ number: Int) throws -> JSONObject {
    var storage: JSONObject = [
      "content_role": oneIn(3) ? "other" : "document",
      "content_sha256": .string(Digest(hashing: [UInt8(number)]).hex),
      "location": .string("https://example.org/\(number)"), "media_type": "application/pdf",
      "observed_at": .string(AdmissionScene.now.description), "size_bytes": 1,
      "storage_kind": "https",
    ]
    if oneIn(2) {
      let seconds = Int64.random(in: 1..<1000, using: &random)
      storage["expires_at"] = .string(AdmissionScene.now.adding(seconds: seconds).description)
    }
    return storage
  }
}

extension JSONObject {
  /// This object with more members.
  fileprivate func with(_ more: JSONObject) -> JSONObject {
    var object = self
    for (key, value) in more { object[key] = value }
    return object
  }
}
