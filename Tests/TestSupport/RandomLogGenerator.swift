import CanonicalJSON
import Encodings
import LedgerDomain

/// Appends random events to a log.
struct RandomLogGenerator {
  typealias Person = EntryWriter.Person

  private static let orcidPrefix = "https://orcid.org/"
  /// iDs with valid check digits.
  private static let orcids = [
    Fixtures.sampleORCID, "0000-0001-5109-3700", "0000-0002-1694-233X",
  ]
  private static let capacities: [SignerType] = [
    .author, .replicator, .agent, .moderator, .storageProvider,
  ]
  private static let statementTypes: [EventType] = [
    .eventWithdrawn, .moderationDecision, .moderationDecision, .checkRecorded, .checkRecorded,
    .anchorUpgraded,
  ]

  private(set) var writer = EntryWriter()
  private(set) var records: [RecordID] = []
  private var random: SeededGenerator
  private var registry: Person
  /// Keys of the registry that were replaced.
  private var formerRegistries: [Person] = []
  private var people: [Person] = []
  /// Those for whom the registry vouched as moderators.
  private var moderators: [Person] = []
  private var attestations: [Position] = []
  /// Events that are read as of a type that a newer program wrote.
  private var unknown: Set<Position> = []

  /// Begins a log with a registry key and some records.
  init(seed: UInt64, records count: Int) throws {
    random = SeededGenerator(seed: seed)
    registry = try Person("root", signerID: "urn:root", type: .registry)
    try writer.register(registry)
    for _ in 0..<count {
      records.append(try writer.createRecord(by: registry, hasReceipt: .random(using: &random)))
    }
  }

  /// The columns of the events. A type that a newer program wrote is read as `unknown`.
  var events: [FoldEvent] {
    writer.events.map { event in
      var event = event
      if unknown.contains(event.position) { event.type = .unknown }
      return event
    }
  }

  /// Appends an event of any type. Appends nothing if the choice needs an event that does not exist yet.
  mutating func appendAny() throws {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<6:
      let person = try Person(
        "key \(people.count)", signerID: Self.orcidPrefix + pick(Self.orcids))
      people.append(person)
      try writer.register(person)
    case 6..<13: try appendVouch()
    case 13..<15: try appendRevocation()
    case 15: if oneIn(2) { try rotateRegistryKey() } else { try appendVouchingWithdrawal() }
    case 16..<19: try appendSnapshot()
    case 19..<23: try appendAlias()
    case 23 where records.count < 8:
      records.append(try writer.createRecord(by: registry, hasReceipt: oneIn(2)))
    case 24..<45: try appendStatement()
    case 45: try appendCheckpointAnchor()
    default: try appendAttestation()
    }
  }

  // MARK: Random choices

  private mutating func oneIn(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &random) == 0
  }

  private mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int.random(in: 0..<choices.count, using: &random)]
  }

  /// A person with a registered key. `nil` if there is none yet.
  private mutating func anyPerson() -> Person? { people.randomElement(using: &random) }

  /// The current registry; at times a person without authority, or a former key of the registry.
  private mutating func authority() -> Person {
    guard oneIn(5) else { return registry }
    return (people + formerRegistries).randomElement(using: &random) ?? registry
  }

  private mutating func anyPosition() -> Position {
    Position(rawValue: Int64.random(in: 0..<writer.next.rawValue, using: &random))
  }

  /// The time of signing: usually that of recording, at times a random earlier one.
  private mutating func signingTime() -> Timestamp? {
    oneIn(4) ? EntryWriter.time(of: anyPosition()) : nil
  }

  /// The person who signed an event. The registry if it is no person.
  private func signer(of event: FoldEvent) -> Person {
    people.first { $0.key.fingerprint == event.signerKey } ?? registry
  }

  private static func id(of event: FoldEvent) -> JSON { .string("sha256:" + event.eventID.hex) }

  // MARK: Keys

  private mutating func appendVouch() throws {
    guard let person = anyPerson() else { return }
    let capacity = pick(Self.capacities)
    let voucher = authority()
    try writer.vouch(for: person, as: capacity, by: voucher)
    if capacity == .moderator, voucher.type == .registry { moderators.append(person) }
  }

  private mutating func appendRevocation() throws {
    guard let person = anyPerson() else { return }
    let revoker = oneIn(2) ? person : registry
    var members: JSONObject = ["reason": "stolen"]
    if oneIn(2) { members["compromised_from_position"] = .integer(anyPosition().rawValue) }
    try writer.appendKeyEvent(.keyRevoked, about: person, members, by: revoker)
  }

  private mutating func appendVouchingWithdrawal() throws {
    guard let person = anyPerson() else { return }
    try writer.appendKeyEvent(
      .vouchingWithdrawn, about: person, ["reason": "left"], by: authority())
  }

  private mutating func rotateRegistryKey() throws {
    let next = try Person(
      "registry \(formerRegistries.count)", signerID: registry.signerID, type: .registry)
    try writer.register(next)
    try writer.vouch(for: next, as: .registry, by: registry)
    formerRegistries.append(registry)
    registry = next
  }

  // MARK: Statements of the registry

  private mutating func appendSnapshot() throws {
    let references = Int64.random(in: 0..<4, using: &random)
    try writer.append(
      .graphSnapshot,
      [
        "claim_ids": ["C1"], "document_sha256": .string(Digest(hashing: [0]).hex),
        "formal_evidence_count": .integer(Int64.random(in: 0..<2, using: &random)),
        "reference_count": .integer(references), "resolved_work": .integer(min(references, 2)),
      ], by: registry, record: pick(records), target: "graph")
  }

  private mutating func appendAlias() throws {
    let dois = ["10.1/1", "10.1/2", "10.48550/arXiv.\(anyArxivID())"]
    var payload: JSONObject = ["alias_kind": "doi", "alias_value": .string(pick(dois))]
    let isRetracted = oneIn(3)
    if isRetracted {
      payload["log"] = .string(EntryWriter.origin)
      payload["reason"] = "an error"
    }
    let position = try writer.append(
      isRetracted ? .aliasRetracted : .aliasAdded, payload, by: registry, record: pick(records),
      target: "record")
    if oneIn(6) { unknown.insert(position) }
  }

  private mutating func anyArxivID() -> String {
    EntryWriter.arxivID(Int.random(in: 0..<8, using: &random))
  }

  /// The member of a citation that names the citing paper. A record that it names may not exist yet.
  private mutating func makeCitingName(_ slot: Int) throws -> (String, JSON) {
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let record = try EntryWriter.canonicalRecord(Int.random(in: 0..<8, using: &random))
      return ("citing_pith_number", .string(record.pithNumber.description))
    case 1: return ("citing_arxiv", .string(anyArxivID()))
    case 2: return ("citing_doi", .string("10.48550/arXiv.\(anyArxivID())"))
    default: return ("citing_doi", .string("10.1/\(slot)"))
    }
  }

  private mutating func appendCheckpointAnchor() throws {
    try writer.append(
      .timestampAnchor, anchor(over: Digest(hashing: [1]), number: 1), by: registry,
      target: "checkpoint:\(writer.next)", verdict: .pending)
  }

  // MARK: Statements about events

  /// Appends a withdrawal, decision, check or upgrade of an attestation.
  private mutating func appendStatement() throws {
    let type = pick(Self.statementTypes)
    guard let event = pickTarget(of: type) else { return }
    var author = oneIn(3) ? registry : anyPerson() ?? registry
    var payload: JSONObject = ["event_id": Self.id(of: event)]
    switch type {
    case .eventWithdrawn:
      payload["reason"] = "an error"
      if !oneIn(3) { author = signer(of: event) }
    case .moderationDecision:
      payload["decision"] = oneIn(2) ? "rejected" : "approved"
      payload["log"] = .string(EntryWriter.origin)
      payload["reason"] = "sound"
      if !oneIn(3), let moderator = moderators.randomElement(using: &random) { author = moderator }
    case .checkRecorded:
      payload["reason"] = "checked"
      payload["verdict"] = .string(pick([.verified] + Verdict.allCases).name)
      if !oneIn(3) { author = registry }
    default: payload["evidence_sha256"] = .string(Digest(hashing: [7]).hex)
    }
    try writer.append(
      type, payload, by: author, record: event.record, target: "record", createdAt: signingTime())
  }

  /// An attestation that a statement is about. Usually a replication record for a decision, because other
  /// decisions have no effect.
  private mutating func pickTarget(of type: EventType) -> FoldEvent? {
    var targets = attestations.map { writer.events[Int($0.rawValue)] }
    if type == .moderationDecision, !oneIn(3) {
      targets = targets.filter { $0.type == .replicationRecord }
    }
    return targets.randomElement(using: &random)
  }

  // MARK: Attestations

  private mutating func appendAttestation() throws {
    var type = pick(EventType.attestations)
    var record = pick(records)
    var author = oneIn(4) ? registry : anyPerson() ?? registry
    var older: FoldEvent?
    if oneIn(3), let position = attestations.randomElement(using: &random) {
      let event = writer.events[Int(position.rawValue)]
      (older, type, record) = (event, event.type, event.record)
      // Usually the signer of the older event is chosen, because a supersession by another signer has no
      // effect.
      if !oneIn(4) { author = signer(of: event) }
    }
    var (payload, checks) = try makePayload(of: type, by: author)
    payload["supersedes"] = older.map(Self.id)
    let position = try writer.append(
      type, payload, by: author, record: record, target: oneIn(5) ? "claim:C1" : "record",
      createdAt: signingTime(), verdict: pick([.verified, .verified, .pending]), checks: checks)
    attestations.append(position)
  }

  /// The members of an attestation, and the checks of its admission. Two slots of each type and two
  /// statements in each slot are possible.
  private mutating func makePayload(
    of type: EventType, by author: Person
  ) throws -> (JSONObject, [Check]) {
    let slot = Int.random(in: 1...2, using: &random)
    switch type {
    case .citationSignature:
      let (name, value) = try makeCitingName(slot)
      return ([name: value, "relation": oneIn(2) ? "cites" : "refutes"], [])
    case .replicationRecord:
      let outcome: JSON = oneIn(2) ? "replicated" : "inconclusive"
      return (
        [
          "claim_ids": ["C1"], "kind": "replication", "outcome": outcome,
          "replication_id": .string("r\(slot)"),
        ], []
      )
    case .timestampAnchor:
      return (
        anchor(over: Digest(hashing: [1]), number: slot),
        oneIn(8) ? [Check("settleable", .failed)] : []
      )
    case .storageAttestation:
      return (
        makeStorage(slot),
        author.type == .registry ? [] : [Check("storage_provider", .pending)]
      )
    default: return (makeClaim(by: author), makeNameChecks())
    }
  }

  private func anchor(over digest: Digest, number: Int) -> JSONObject {
    [
      "anchor_kind": "opentimestamps", "digest_sha256": .string(digest.hex),
      "evidence_sha256": .string(Digest(hashing: [UInt8(number)]).hex),
    ]
  }

  private mutating func makeStorage(_ slot: Int) -> JSONObject {
    let isFile = oneIn(4)
    let content = Digest(hashing: [UInt8(isFile || oneIn(2) ? slot : slot + 2)])
    var storage: JSONObject = [
      "content_role": oneIn(3) ? "other" : "document", "content_sha256": .string(content.hex),
      "location": .string(
        isFile ? "urn:sha256:" + content.hex : "https://example.org/\(slot)"),
      "media_type": "application/pdf", "observed_at": .string(EntryWriter.start.description),
      "size_bytes": 1, "storage_kind": isFile ? "file" : "https",
    ]
    if oneIn(2) {
      let seconds = Int64.random(in: 1..<1000, using: &random)
      storage["expires_at"] = .string(EntryWriter.start.adding(seconds: seconds).description)
    }
    return storage
  }

  /// A claim by key about the signer's own iD, or by token about any iD.
  private mutating func makeClaim(by author: Person) -> JSONObject {
    let isByToken = author.type == .registry || oneIn(5)
    let orcid =
      isByToken ? pick(Self.orcids) : String(author.signerID.dropFirst(Self.orcidPrefix.count))
    var claim: JSONObject = [
      "method": isByToken ? "orcid_oidc" : "key_signature", "name": oneIn(2) ? "A. A." : "B. B.",
      "orcid": .string(orcid),
    ]
    if isByToken {
      claim["evidence_sha256"] = .string(
        Digest(hashing: [UInt8.random(in: 1...2, using: &random)]).hex)
    }
    return claim
  }

  /// The checks of the name of a claim. Entries of earlier versions have no check `verified_name`.
  private mutating func makeNameChecks() -> [Check] {
    guard oneIn(4) else {
      return [Check("author_name", .verified), Check("verified_name", .verified)]
    }
    let listed = Check("author_name", pick([.verified, .failed, .pending]))
    return oneIn(4)
      ? [listed] : [listed, Check("verified_name", pick([.verified, .failed, .pending]))]
  }
}
