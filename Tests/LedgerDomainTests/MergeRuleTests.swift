import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing

/// Rules of the merge, on statements that a test makes.
@Suite("Rules of merging")
struct MergeRuleTests {
  private static let first = AdmissionScene.origin
  private static let second = "b.example/ledger"

  private func merge(_ number: PithNumber, _ statements: [MergeStatement]) -> RecordMerge {
    RecordMerge(number, statements, trusted: [:])
  }

  private struct Scene {
    let scene: AdmissionScene
    var entries: [Entry] = []

    init() throws {
      scene = try AdmissionScene()
      for person in [scene.registry, scene.author, scene.moderator, scene.stranger] {
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
        ], by: scene.registry)
    }

    var number: PithNumber { scene.record.pithNumber }

    @discardableResult
    mutating func append(
      _ type: EventType, _ payload: JSONObject, by person: AdmissionScene.Person,
      target: String = "record", after seconds: Int64? = nil, _ verdict: Verdict = .verified,
      _ checks: [Check] = [], subject: Subject? = nil
    ) throws -> SignedEvent {
      let time = AdmissionScene.now.adding(seconds: seconds ?? Int64(entries.count))
      let event = try scene.event(
        type, payload, by: person, target: target, subject: subject, at: time)
      entries.append(
        try Entry(
          event: event, admission: Admission(checks: checks, verdict: verdict, recordedAt: time)))
      return event
    }

    @discardableResult
    mutating func cite(
      _ relation: String, by person: AdmissionScene.Person, after seconds: Int64? = nil,
      supersedes: SignedEvent? = nil
    ) throws -> SignedEvent {
      var payload: JSONObject = ["citing_doi": "10.1/1", "relation": .string(relation)]
      payload["supersedes"] = supersedes.map { .string("sha256:" + $0.eventID.hex) }
      return try append(.citationSignature, payload, by: person, after: seconds)
    }

    mutating func vouch(_ person: AdmissionScene.Person, as type: SignerType = .author) throws {
      try append(
        .keyVouched,
        scene.keyPayload(
          person,
          [
            "method": "registry", "signer_id": .string(person.signerID),
            "signer_type": .string(type.name),
          ]), by: scene.registry, target: "key:\(person.fingerprint.hex)")
    }

    func trusted(_ origin: String = MergeRuleTests.first) -> [MergeStatement] {
      entries.enumerated().map {
        MergeStatement($1, at: Position(rawValue: Int64($0)), in: origin)
      }
    }
    var untrusted: [MergeStatement] { entries.map { MergeStatement($0.event) } }
  }

  @Test("Without trust a citation counts by its signature, and nothing by authority")
  func withoutTrust() throws {
    var a = try Scene()
    try a.vouch(a.scene.author)
    try a.vouch(a.scene.moderator, as: .moderator)
    try a.cite("cites", by: a.scene.author)
    let orcid: JSONObject = [
      "method": "key_signature", "name": "A. Author", "orcid": .string(Fixtures.sampleORCID),
    ]
    let names = [Check("author_name", .verified), Check("verified_name", .verified)]
    try a.append(.authorAttestation, orcid, by: a.scene.author, .verified, names)
    let replication = try a.append(
      .replicationRecord,
      [
        "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated", "replication_id": "r",
      ], by: a.scene.stranger)
    try a.append(
      .moderationDecision,
      [
        "decision": "approved", "event_id": .string("sha256:" + replication.eventID.hex),
        "log": .string(Self.first), "reason": "sound",
      ], by: a.scene.moderator)
    try a.append(
      .graphSnapshot,
      [
        "claim_ids": ["C1"], "document_sha256": .string(Digest(hashing: []).hex),
        "formal_evidence_count": 1, "reference_count": 1, "resolved_work": 1,
      ], by: a.scene.registry, target: "graph")
    let trusted = merge(a.number, a.trusted()).status
    #expect(trusted.strongAuthorClaims == 1 && trusted.replicationRecords == 1)
    #expect(trusted.graphSnapshot && trusted.referencesResolved && trusted.formalLinksPresent)
    let untrusted = merge(a.number, a.untrusted).status
    #expect(untrusted.strongAuthorClaims == 0 && untrusted.weakAuthorClaims == 1)
    #expect(untrusted.replicationRecords == 0 && !untrusted.graphSnapshot)
    #expect(untrusted.citationSignatures == 1 && untrusted.contentAddressed)
    // One ledger's authority does not vouch for the testimony of another one.
    let both = merge(a.number, a.trusted() + a.untrusted).status
    #expect(both == trusted)
    // Statements of authority that name another ledger have no effect.
    let elsewhere = merge(a.number, a.trusted(Self.second)).status
    #expect(elsewhere.strongAuthorClaims == 0 && elsewhere.replicationRecords == 0)
    #expect(elsewhere.weakAuthorClaims == 1 && elsewhere.graphSnapshot)
  }

  @Test("Contradictions of one signer in two ledgers are one equivocation")
  func equivocation() throws {
    var a = try Scene()
    var b = a
    let supports = try a.cite("supports", by: a.scene.author, after: 100)
    let refutes = try b.cite("refutes", by: b.scene.author, after: 50)
    for (first, second) in [(a, b), (b, a)] {
      for statements in [
        first.trusted(Self.first) + second.trusted(Self.second), first.untrusted + second.untrusted,
        first.trusted(Self.first) + second.untrusted,
      ] {
        let merged = merge(a.number, statements)
        #expect(merged.status.citationSignatures == 1)
        #expect(merged.equivocations.map(\.events) == [[refutes.eventID, supports.eventID]])
        #expect(merged.json["equivocation_count"] == 1)
        // The first by created_at counts, whatever the positions.
        #expect(merged.attestations.first { $0.standing == .verified }?.event == refutes)
      }
    }
    // Supersession in one ledger holds for the statement of the other.
    var c = b
    try c.cite("extends", by: c.scene.author, after: 200, supersedes: supports)
    let merged = merge(a.number, a.trusted() + c.trusted(Self.second))
    #expect(merged.equivocations.count == 1, "refutes and extends still contradict each other")
    #expect(merged.attestations.filter { $0.standing == .superseded }.map(\.event) == [supports])
  }

  @Test("Names of one citing paper count once where a trusted ledger joins them")
  func names() throws {
    var a = try Scene()
    var json = a.scene.record.json
    json["source"] = ["id": "2402.00002", "kind": "arxiv", "version": 1]
    let other = try CanonicalRecord(.object(json))
    let created: JSONObject = [
      "canonical_record": .object(other.json), "canonical_sha256": .string(other.digest.hex),
    ]
    let subject = Subject.record(other.pithNumber)
    try a.append(.recordCreated, created, by: a.scene.registry, subject: subject)
    let alias: JSONObject = ["alias_kind": "doi", "alias_value": "10.1/2"]
    try a.append(.aliasAdded, alias, by: a.scene.registry, subject: subject)
    for name: JSONObject in [
      ["citing_arxiv": "2402.00002v3"], ["citing_doi": "10.48550/arXiv.2402.00002"],
      ["citing_pith_number": .string(other.pithNumber.description)], ["citing_doi": "10.1/2"],
    ] {
      var payload = name
      payload["relation"] = "cites"
      try a.append(.citationSignature, payload, by: a.scene.author)
    }
    #expect(merge(a.number, a.trusted()).status.citationSignatures == 1)
    // An arXiv identifier and its DOI are one name. What joins the others is a ledger's statement.
    #expect(merge(a.number, a.untrusted).status.citationSignatures == 3)
    var b = a
    let retracted: JSONObject = [
      "alias_kind": "doi", "alias_value": "10.1/2", "log": .string(Self.second), "reason": "wrong",
    ]
    try b.append(.aliasRetracted, retracted, by: b.scene.registry, subject: subject)
    #expect(merge(b.number, b.trusted(Self.second)).status.citationSignatures == 2)
    // A retraction has no effect in another ledger.
    #expect(merge(b.number, b.trusted()).status.citationSignatures == 1)
    #expect(
      merge(b.number, a.trusted() + b.trusted(Self.second)).status.citationSignatures == 1)
  }

  @Test("A withdrawal by the signer holds in every ledger; one by a registry in its own")
  func withdrawal() throws {
    var a = try Scene()
    let cited = try a.cite("cites", by: a.scene.author)
    let b = a
    let id: JSONObject = ["event_id": .string("sha256:" + cited.eventID.hex), "reason": "x"]
    var own = a
    try own.append(.eventWithdrawn, id, by: own.scene.author)
    #expect(
      merge(a.number, own.untrusted + b.trusted(Self.second)).status.citationSignatures == 0)
    // An old statement of the same slot does not come back.
    var old = b
    try old.cite("refutes", by: old.scene.author, after: 0)
    #expect(merge(a.number, own.untrusted + old.untrusted).status.citationSignatures == 0)
    var byRegistry = a
    try byRegistry.append(.eventWithdrawn, id, by: byRegistry.scene.registry)
    #expect(merge(a.number, byRegistry.trusted()).status.citationSignatures == 0)
    #expect(
      merge(a.number, byRegistry.trusted() + b.trusted(Self.second)).status.citationSignatures == 1)
    // A stranger withdraws nothing.
    var stranger = a
    try stranger.append(.eventWithdrawn, id, by: stranger.scene.stranger)
    #expect(merge(a.number, stranger.trusted()).status.citationSignatures == 1)
  }

  @Test("Invalid statements are counted and named, and have no effect")
  func invalid() throws {
    var a = try Scene()
    let good = try a.cite("cites", by: a.scene.author)
    let forged = SignedEvent(body: good.body, signature: Array(repeating: 0, count: 64))
    let unknown = try a.scene.event(
      .citationSignature, ["citing_doi": "10.1/2", "relation": "cites"], by: a.scene.unregistered)
    let itself = try a.scene.event(
      .citationSignature, ["citing_arxiv": "2401.00001v3", "relation": "cites"], by: a.scene.author)
    let anchor = try a.scene.event(
      .timestampAnchor,
      [
        "anchor_kind": "rfc3161", "digest_sha256": .string(Digest(hashing: [1]).hex),
        "evidence_sha256": .string(Digest(hashing: [2]).hex),
      ], by: a.scene.author)
    let byRegistry = try a.scene.event(
      .citationSignature, ["citing_doi": "10.1/3", "relation": "cites"], by: a.scene.registry)
    let changed = try a.scene.event(
      .citationSignature, ["citing_doi": "10.1/4", "relation": "cites"], by: a.scene.author)
    let broken = SignedEvent(body: changed.body, signature: forged.signature)
    let signer = Signer(
      keyID: "k", fingerprint: a.scene.author.fingerprint, signerID: "urn:other",
      signerType: .author)
    let renamed = try a.scene.event(
      .citationSignature, ["citing_doi": "10.1/5", "relation": "cites"], by: a.scene.author,
      signer: signer)
    let statements = [forged, unknown, itself, anchor, byRegistry, broken, renamed].map {
      MergeStatement($0)
    }
    let lost = Digest(hashing: [9])
    let merged = RecordMerge(
      a.number, a.untrusted + statements, unreadable: [lost], trusted: [:])
    let checks = Dictionary(uniqueKeysWithValues: merged.invalid.map { ($0.eventID, $0.check) })
    #expect(
      checks == [
        unknown.eventID: "known_key", itself.eventID: "self_citation", anchor.eventID: "digest",
        byRegistry.eventID: "authority", broken.eventID: "signature", renamed.eventID: "signer",
        lost: "form",
      ])
    #expect(merged.json["event_count"] == 9 && merged.json["invalid_event_count"] == 7)
    #expect(merged.json["valid_event_count"] == 2)
    #expect(merged.status.citationSignatures == 1)
    #expect(
      Set(merged.json.objectValue?.keys ?? []) == [
        "current", "equivocation_count", "event_count", "invalid_event_count", "merge_version",
        "pith_number", "state_type", "state_version", "valid_event_count",
      ])
  }

  @Test("A ledger's vouch joins the signer's statements everywhere, and only trusted ledgers vouch")
  func identities() throws {
    var a = try Scene()
    var b = a
    try a.vouch(a.scene.author)
    // Another key of the same person.
    let second = AdmissionScene.Person(a.scene.author.signerID)
    for person in [second] {
      for index in [0, 1] {
        var scene = index == 0 ? a : b
        try scene.append(
          .keyRegistered,
          ["algorithm": "ed25519", "public_key_b64": .string(Base64.encode(person.key.publicKey))],
          by: person, target: "key:\(person.fingerprint.hex)")
        if index == 0 { a = scene } else { b = scene }
      }
    }
    try a.vouch(second)
    try a.cite("cites", by: a.scene.author)
    try b.cite("cites", by: second)
    #expect(
      merge(a.number, a.trusted() + b.trusted(Self.second)).status.citationSignatures == 1)
    #expect(merge(a.number, a.untrusted + b.untrusted).status.citationSignatures == 2)
  }

  @Test("Thousands of statements and of contradictions are merged", .timeLimit(.minutes(5)))
  func manyStatements() throws {
    var a = try Scene()
    var previous: SignedEvent?
    for number in 0..<1500 {
      // One half is in one slot and contradicts itself, the other half is in as many slots.
      try a.cite(number.isMultiple(of: 2) ? "cites" : "refutes", by: a.scene.author)
      let own: JSONObject = ["citing_doi": .string("10.2/\(number)"), "relation": "cites"]
      let event = try a.append(.citationSignature, own, by: a.scene.author)
      if let previous, number.isMultiple(of: 10) {
        try a.append(
          .eventWithdrawn,
          ["event_id": .string("sha256:" + previous.eventID.hex), "reason": "x"],
          by: a.scene.author)
      }
      previous = event
    }
    let merged = merge(a.number, a.trusted().reversed() + a.untrusted)
    #expect(merged.eventCount == a.entries.count - 4 && merged.invalid.isEmpty)
    #expect(merged.equivocations.map(\.events.count) == [751])
    #expect(merged.status.citationSignatures == 1 + 1500 - 149)
  }
}
