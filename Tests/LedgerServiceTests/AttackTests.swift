import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerTestSupport
import TestSupport
import Testing

@testable import LedgerService

/// Submissions of an attacker, and the check that refuses each of them.
@Suite("Attacks on signatures, canonical JSON and authority", .privateServer())
struct AttackTests {
  struct Attack {
    let name: String
    /// One of these checks must refuse the attack.
    let checks: Set<String>
    let wire: [UInt8]
    var record: String?
    var action: EventType?

    init(
      _ name: String, _ checks: Set<String>, _ wire: [UInt8], record: String? = nil,
      action: EventType? = nil
    ) {
      self.name = name
      self.checks = checks
      self.wire = wire
      self.record = record
      self.action = action
    }
  }

  /// The number of attacks, so that a lost row of a table is noticed.
  static let expected = (json: 30, signature: 34, authority: 76)

  @Test("Every attack is refused by the intended check, and stores nothing")
  func refused() async throws {
    try await withLedger { test in
      let scene = try await AttackScene(test)
      let tables = [
        ("json", Self.expected.json, try scene.jsonAttacks()),
        ("signature", Self.expected.signature, try scene.signatureAttacks()),
        ("authority", Self.expected.authority, try await scene.authorityAttacks()),
      ]
      let before = try await test.state()
      let size = try await test.ledger.health().size
      var names: Set<String> = []
      for (table, count, attacks) in tables {
        #expect(attacks.count == count, "\(table)")
        for (index, attack) in attacks.enumerated() {
          names.insert(attack.name)
          do {
            let answer = try await test.ledger.submitter.submit(
              attack.wire, record: attack.record, action: attack.action,
              client: ClientID("192.0.2.\(index)"))
            Issue.record("\(attack.name) was taken at position \(answer.position)")
          } catch let refusal as Refusal {
            #expect(attack.checks.contains(refusal.check), "\(attack.name): \(refusal)")
          } catch { Issue.record("\(attack.name): \(error)") }
        }
      }
      #expect(names.count == tables.reduce(0) { $0 + $1.1 }, "each is another attempt")
      #expect(names.count >= 88)
      #expect(try await test.ledger.health().size == size)
      #expect(try await test.state().status == before.status)
      try await test.replayAgrees()
    }
  }
}

/// A ledger with statements of several signers, and the material for attacks on them.
struct AttackScene {
  let test: LedgerUnderTest
  let number: PithNumber
  /// A second record, with an event of the owner.
  let elsewhere: PithNumber
  let owner, thief, moderator, sameModerator, replicator, revoked, unknown: KeyFile
  let formerRegistry: KeyFile
  let claimed, cited, withdrawn, withdrawal, replicated, ownReplication, foreign: Digest
  let created: Digest

  init(_ test: LedgerUnderTest) async throws {
    self.test = test
    let orcid = "https://orcid.org/" + Fixtures.sampleORCID
    number = try #require(PithNumber(LedgerUnderTest.number))
    owner = try await test.key("owner", orcid, vouched: .author, named: "Zhuang Liu")
    thief = try await test.key("thief", orcid)
    moderator = try await test.key("moderator", "urn:moderator", .agent, vouched: .moderator)
    sameModerator = try await test.key("same", "urn:moderator", .replicator, vouched: .replicator)
    replicator = try await test.key("replicator", nil, .replicator)
    revoked = try await test.key("revoked")
    _ = try await test.ledger.keyAdministrator.revoke(
      revoked.signer.fingerprint, reason: "lost", compromisedFrom: nil, key: revoked)
    unknown = KeyFile(
      key: SigningKey(), keyID: "unknown", signerID: orcid, signerType: .author)
    let canonical: JSON = [
      "metadata": [
        "abstract_canon_sha256": .string(String(repeating: "1", count: 64)),
        "cross_cats_sorted": [], "license": .null, "primary_cat": "cs.CV",
        "submitted_at": "2024-01-01T00:00:00Z",
        "title_canon_sha256": .string(String(repeating: "2", count: 64)),
      ],
      "schema_version": "1.0",
      "source": ["id": "2401.00001", "kind": "arxiv", "version": 1],
    ]
    elsewhere = try CanonicalRecord(canonical).pithNumber
    let imported = JSON.object(["canonical_record": canonical]).canonicalBytes()
    _ = try await test.ledger.documentImporter.importDocument(
      imported, client: .shell, operatorAuthorised: true)

    func said(_ type: EventType, _ payload: JSONObject, _ key: KeyFile) async throws -> Digest {
      try await test.submit(type, payload, by: key).eventID
    }
    claimed = try await said(
      .authorAttestation,
      ["method": "key_signature", "name": "Zhuang Liu", "orcid": .string(Fixtures.sampleORCID)],
      owner)
    cited = try await test.cite("10.1000/1", by: owner).eventID
    withdrawn = try await test.cite("10.1000/2", by: owner).eventID
    withdrawal = try await said(.eventWithdrawn, Self.about(withdrawn), owner)
    func replication(_ id: String) -> JSONObject {
      [
        "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
        "replication_id": .string(id),
      ]
    }
    replicated = try await said(.replicationRecord, replication("1"), replicator)
    ownReplication = try await said(.replicationRecord, replication("2"), sameModerator)
    foreign = try await test.ledger.signingSubmitter.submit(
      type: .citationSignature, payload: ["citing_doi": "10.1000/3", "relation": "cites"],
      record: elsewhere.description, key: owner
    ).eventID
    formerRegistry = await test.ledger.registry.current
    _ = try await test.ledger.keyAdministrator.rotateRegistryKey()
    let events = try await test.ledger.events.page(of: LedgerUnderTest.number).json()["events"]?
      .arrayValue
    let id = events?.first?["event_id"]?.stringValue?.dropFirst(7)
    created = try #require(id.flatMap { Digest(hex: String($0)) })
  }

  static func about(_ id: Digest, _ more: JSONObject = [:]) -> JSONObject {
    var payload: JSONObject = ["event_id": .string("sha256:" + id.hex), "reason": "because"]
    for (name, value) in more { payload[name] = value }
    return payload
  }

  func sign(
    _ type: EventType, _ payload: JSONObject, by key: KeyFile, subject: Subject? = nil,
    target: String = "record", at time: Timestamp = .now
  ) throws -> SignedEvent {
    try key.key.sign(
      EventBody.make(
        type: type, payload: payload, signer: key.signer, subject: subject ?? .record(number),
        target: target, createdAt: time))
  }

  static func wire(_ event: SignedEvent) -> [UInt8] { JSON.object(event.json).canonicalBytes() }

  /// A valid citation that is not in the log, as text.
  func sound(_ payload: JSONObject = [:]) throws -> String {
    var said: JSONObject = ["citing_doi": "10.1000/new", "ref_index": 7, "relation": "extends"]
    for (name, value) in payload { said[name] = value }
    return String(decoding: Self.wire(try sign(.citationSignature, said, by: owner)), as: UTF8.self)
  }

  // MARK: Canonical JSON

  func jsonAttacks() throws -> [AttackTests.Attack] {
    let text = try sound()
    func changed(_ old: String, _ new: String) throws -> [UInt8] {
      try #require(text.contains(old))
      return Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
    }
    let texts: [(String, String, String)] = [
      (
        "a member of the payload twice", "\"relation\":\"extends\"",
        "\"relation\":\"extends\",\"relation\":\"refutes\""
      ),
      (
        "the type twice", "\"event_type\":", "\"event_type\":\"citation_signature\",\"event_type\":"
      ),
      ("two signatures", "\"signature\":", "\"signature\":{},\"signature\":"),
      (
        "two subjects", "\"subject_pith_number\":",
        "\"subject_pith_number\":\"pith:registry\",\"subject_pith_number\":"
      ),
      ("an escaped duplicate", "\"relation\":", "\"r\\u0065lation\":\"cites\",\"relation\":"),
      ("a fraction", "\"ref_index\":7", "\"ref_index\":7.0"),
      ("an exponent", "\"ref_index\":7", "\"ref_index\":7e0"),
      ("a negative zero", "\"ref_index\":7", "\"ref_index\":-0"),
      ("a leading zero", "\"ref_index\":7", "\"ref_index\":07"),
      ("a plus sign", "\"ref_index\":7", "\"ref_index\":+7"),
      ("a number past 2^53", "\"ref_index\":7", "\"ref_index\":9007199254740993"),
      (
        "a number of a thousand digits", "\"ref_index\":7",
        "\"ref_index\":" + String(repeating: "9", count: 1000)
      ),
      ("not a number", "\"ref_index\":7", "\"ref_index\":NaN"),
      ("a hexadecimal number", "\"ref_index\":7", "\"ref_index\":0x7"),
      ("a lone high surrogate", "\"extends\"", "\"extends\\ud800\""),
      ("a lone low surrogate", "\"extends\"", "\"extends\\udc00\""),
      ("surrogates the wrong way round", "\"extends\"", "\"\\udc00\\ud800\""),
      ("an unknown escape", "\"extends\"", "\"\\x65xtends\""),
      ("an unescaped newline", "\"extends\"", "\"ext\nends\""),
      ("an unescaped NUL", "\"extends\"", "\"ext\u{0}ends\""),
      ("a trailing comma", "\"ref_index\":7,", "\"ref_index\":7,,"),
      ("a comment", "\"ref_index\":7", "\"ref_index\":7/* seven */"),
      ("single quotes", "\"extends\"", "'extends'"),
      (
        "nesting without end", "\"ref_index\":7",
        "\"ref_index\":" + String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
      ),
    ]
    var attacks = try texts.map { AttackTests.Attack($0.0, ["json"], try changed($0.1, $0.2)) }
    let bytes = Array(text.utf8)
    attacks += [
      AttackTests.Attack("a second object behind the first", ["json"], bytes + bytes),
      AttackTests.Attack("a byte order mark", ["json"], [0xEF, 0xBB, 0xBF] + bytes),
      AttackTests.Attack("an object without its end", ["json"], Array(bytes.dropLast())),
      AttackTests.Attack("nothing", ["json"], []),
      AttackTests.Attack("two bytes for each character", ["json"], bytes.flatMap { [$0, 0] }),
      AttackTests.Attack(
        "a byte that is no UTF-8", ["json"],
        try changed("extends", "exte#ds").map { $0 == UInt8(ascii: "#") ? 0xFF : $0 }),
    ]
    return attacks
  }

  // MARK: Signatures

  /// A second encoding of a signature's scalar, which lenient verifiers accept.
  private func malleated(_ signature: [UInt8]) -> [UInt8] {
    let order: [UInt8] = [
      0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE,
      0x14,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]
    var changed = signature
    var carry = 0
    for index in 0..<32 {
      let sum = Int(signature[32 + index]) + Int(order[index]) + carry
      changed[32 + index] = UInt8(sum & 0xFF)
      carry = sum >> 8
    }
    return changed
  }

  func signatureAttacks() throws -> [AttackTests.Attack] {
    let payload: JSONObject = ["citing_doi": "10.1000/new", "relation": "extends"]
    let event = try sign(.citationSignature, payload, by: owner)
    let other = try sign(
      .citationSignature, ["citing_doi": "10.1000/x", "relation": "cites"], by: owner)
    func with(_ change: (inout JSONObject) -> Void) -> [UInt8] {
      var json = event.json
      change(&json)
      return JSON.object(json).canonicalBytes()
    }
    func signed(_ signature: [UInt8]) -> [UInt8] {
      Self.wire(SignedEvent(body: event.body, signature: signature))
    }
    func replaced(_ member: String, _ value: JSON) -> [UInt8] {
      with {
        $0[member] = value
        $0["event_id"] = nil
      }
    }
    func signer(_ member: String, _ value: JSON) -> [UInt8] {
      var signer = event.body.signer.json.objectValue ?? [:]
      signer[member] = value
      return replaced("signer", .object(signer))
    }
    func form(_ member: String, _ value: JSON) -> [UInt8] {
      with {
        var signature = $0["signature"]?.objectValue ?? [:]
        signature[member] = value
        $0["signature"] = .object(signature)
      }
    }
    let flipped = event.signature.enumerated().map { $0.offset == 5 ? $0.element ^ 1 : $0.element }
    let scalar = event.signature.enumerated().map { $0.offset == 40 ? $0.element ^ 1 : $0.element }
    let digest = Digest(hashing: [1]).hex
    let (bad, member): (Set<String>, Set<String>) = (["signature"], ["member"])
    let thiefs = try thief.key.sign(event.body).signature
    var hexSigner = owner.signer.json.objectValue ?? [:]
    hexSigner["public_key_fingerprint"] = .string(owner.signer.fingerprint.hex.uppercased())
    return [
      .init("a flipped bit in R", bad, signed(flipped)),
      .init("a flipped bit in S", bad, signed(scalar)),
      .init("a signature of zeros", bad, signed(.init(repeating: 0, count: 64))),
      .init("a signature of ones", bad, signed(.init(repeating: 0xFF, count: 64))),
      .init("the identity as R", bad, signed([1] + .init(repeating: 0, count: 63))),
      .init("S and the group's order", bad, signed(malleated(event.signature))),
      .init(
        "halves exchanged", bad, signed(Array(event.signature[32...] + event.signature[..<32]))),
      .init("another event's signature", bad, signed(other.signature)),
      .init("a stranger's signature", bad, signed(thiefs)),
      .init(
        "an unregistered key's signature", bad, signed(try unknown.key.sign(event.body).signature)),
      .init(
        "a key that is not registered", ["known_key"],
        Self.wire(try sign(.citationSignature, payload, by: unknown))),
      .init(
        "a revoked key", ["revoked"], Self.wire(try sign(.citationSignature, payload, by: revoked))),
      .init(
        "another relation under the old id", ["event_id"],
        with { $0["payload"] = ["citing_doi": "10.1000/new", "relation": "refutes"] }),
      .init(
        "another relation", bad,
        replaced("payload", ["citing_doi": "10.1000/new", "relation": "refutes"])),
      .init("another time", bad, replaced("created_at", "2020-01-01T00:00:00Z")),
      .init("another record", bad, replaced("subject_pith_number", .string(elsewhere.description))),
      .init("another target", bad, replaced("target", "graph")),
      .init("another type", member, replaced("event_type", "author_attestation")),
      .init("another version", ["event_version"], replaced("event_version", "2.0")),
      .init("an unknown type", ["event_type"], replaced("event_type", "anything")),
      .init("another signer_id", bad, signer("signer_id", "urn:owner")),
      .init("another signer_type", bad, signer("signer_type", "moderator")),
      .init("another key_id", bad, signer("key_id", "mine")),
      .init(
        "a stranger's fingerprint", bad,
        signer("public_key_fingerprint", .string(thief.signer.fingerprint.hex))),
      .init("a fingerprint in capitals", member, replaced("signer", .object(hexSigner))),
      .init("no algorithm", member, form("algorithm", "none")),
      .init(
        "a short signature", member,
        form("signature_b64", .string(Base64.encode(Array(event.signature.dropLast()))))),
      .init(
        "a long signature", member,
        form("signature_b64", .string(Base64.encode(event.signature + [0])))),
      .init("a member beside the signature", member, form("note", "x")),
      .init(
        "the id of another event", ["event_id"],
        with { $0["event_id"] = .string("sha256:" + other.eventID.hex) }),
      .init(
        "evidence that the payload does not name", ["evidence"],
        with { $0["evidence"] = .object([digest: "AQ=="]) }),
      .init(
        "evidence of another hash", ["evidence"],
        with { $0["evidence"] = .object([digest: "Ag=="]) }),
      .init("an unknown member", member, with { $0["is_verified"] = true }),
      .init(
        "a registration by the identity point", bad, try registrationOfIdentity()),
    ]
  }

  /// A key of small order, for which one signature fits many messages.
  private func registrationOfIdentity() throws -> [UInt8] {
    let point: [UInt8] = [1] + .init(repeating: 0, count: 31)
    let fingerprint = Digest(hashing: point).prefix
    let body = try EventBody.make(
      type: .keyRegistered,
      payload: ["algorithm": "ed25519", "public_key_b64": .string(Base64.encode(point))],
      signer: Signer(keyID: "k", fingerprint: fingerprint, signerID: "urn:k", signerType: .author),
      subject: .registry, target: "key:\(fingerprint.hex)", createdAt: .now)
    return Self.wire(SignedEvent(body: body, signature: point + .init(repeating: 0, count: 32)))
  }
}
