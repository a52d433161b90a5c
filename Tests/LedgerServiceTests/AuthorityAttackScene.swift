import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerTestSupport
import TestSupport

@testable import LedgerService

/// Attempts to act for another signer or without authority.
extension AttackScene {
  private typealias Attack = AttackTests.Attack

  func authorityAttacks() async throws -> [AttackTests.Attack] {
    try await keyAttacks() + registryAttacks() + statementAttacks() + decisionAttacks()
      + contentAttacks()
  }

  private func attack(
    _ name: String, _ checks: Set<String>, _ type: EventType, _ payload: JSONObject, _ key: KeyFile,
    subject: Subject? = nil, target: String = "record", at time: Timestamp = .now
  ) throws -> AttackTests.Attack {
    AttackTests.Attack(
      name, checks,
      Self.wire(
        try sign(type, payload, by: key, subject: subject, target: target, at: time)))
  }

  private var log: JSON { .string(test.ledger.origin) }

  // MARK: Keys

  private func registration(
    _ name: String, _ check: String, of key: KeyFile, signedBy other: KeyFile? = nil,
    as type: SignerType? = nil, target: String? = nil, fingerprint: Digest128? = nil
  ) throws -> AttackTests.Attack {
    let signer = Signer(
      keyID: key.signer.keyID, fingerprint: fingerprint ?? key.signer.fingerprint,
      signerID: key.signer.signerID, signerType: type ?? key.signer.signerType)
    let body = try EventBody.make(
      type: .keyRegistered,
      payload: [
        "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.key.publicKey)),
      ], signer: signer, subject: .registry,
      target: target ?? "key:\(key.signer.fingerprint.hex)", createdAt: .now)
    return AttackTests.Attack(
      name, [check], Self.wire(try (other ?? key).key.sign(body)))
  }

  private func keyAttacks() async throws -> [AttackTests.Attack] {
    let registry = await test.ledger.registry.current
    func about(
      _ name: String, _ checks: Set<String>, _ type: EventType, _ key: KeyFile,
      _ subject: KeyFile, _ more: JSONObject
    ) throws -> AttackTests.Attack {
      var payload: JSONObject = [
        "log": log, "public_key_fingerprint": .string(subject.signer.fingerprint.hex),
      ]
      for (name, value) in more { payload[name] = value }
      return try attack(
        name, checks, type, payload, key, subject: .registry,
        target: "key:\(subject.signer.fingerprint.hex)")
    }
    func vouch(_ signerID: String, _ type: String) -> JSONObject {
      ["method": "registry", "signer_id": .string(signerID), "signer_type": .string(type)]
    }
    let id = thief.signer.signerID
    let foreign: JSONObject = ["log": "another/ledger", "reason": "x"]
    let reason: JSONObject = ["reason": "x"]
    var foreignVouch = vouch(id, "author")
    foreignVouch["log"] = "another/ledger"
    return [
      try registration("somebody else's key", "signature", of: unknown, signedBy: thief),
      try registration("a key that is registered", "known_key", of: owner),
      try registration(
        "a moderator's key without the operator", "authority", of: unknown, as: .moderator),
      try registration(
        "a provider's key without the operator", "authority", of: unknown, as: .storageProvider),
      try registration("another registry", "authority", of: unknown, as: .registry),
      try registration(
        "a key with another's target", "fingerprint", of: unknown,
        target: "key:\(owner.signer.fingerprint.hex)"),
      try registration(
        "a key with another's fingerprint", "fingerprint", of: unknown,
        fingerprint: owner.signer.fingerprint),
      try about(
        "a key that vouches for itself", ["authority"], .keyVouched, thief, thief,
        vouch(id, "author")),
      try about(
        "a vouched key that vouches for another", ["authority"], .keyVouched, owner, thief,
        vouch(id, "author")),
      try about(
        "a moderator that makes a moderator", ["authority"], .keyVouched, moderator, thief,
        vouch(id, "moderator")),
      try about(
        "the former registry key that vouches", ["authority"], .keyVouched, formerRegistry, thief,
        vouch(id, "author")),
      try about("a vouch of another ledger", ["log"], .keyVouched, registry, thief, foreignVouch),
      try about(
        "a vouch for another name", ["signer"], .keyVouched, registry, thief,
        vouch("urn:somebody", "author")),
      try about(
        "a vouch as the registry", ["authority"], .keyVouched, registry, thief,
        vouch(id, "registry")),
      try about(
        "a vouch for a revoked key", ["revoked"], .keyVouched, registry, revoked,
        vouch("urn:revoked", "author")),
      try about(
        "a vouching that its key withdraws", ["authority"], .vouchingWithdrawn, owner, owner, reason
      ),
      try about(
        "a vouching that a stranger withdraws", ["authority"], .vouchingWithdrawn, thief, owner,
        reason),
      try about(
        "a vouching withdrawn for another ledger", ["log"], .vouchingWithdrawn, registry, owner,
        foreign),
      try about(
        "a vouching that there is not", ["vouched"], .vouchingWithdrawn, registry, thief, reason),
      try about("a revocation by a stranger", ["authority"], .keyRevoked, thief, owner, reason),
      try about(
        "a revocation by a moderator", ["authority"], .keyRevoked, moderator, owner, reason),
      try about(
        "a revocation of the registry", ["authority"], .keyRevoked, owner, registry, reason),
      try about("a revocation of another ledger", ["log"], .keyRevoked, owner, owner, foreign),
      try about(
        "a vouched key that unmakes its past", ["authority"], .keyRevoked, owner, owner,
        ["compromised_from_position": 0, "reason": "x"]),
      try about(
        "a revocation from the future", ["compromised_from_position"], .keyRevoked, registry, owner,
        ["compromised_from_position": 1_000_000, "reason": "x"]),
    ]
  }

  // MARK: Statements that only the registry makes

  private func registryAttacks() throws -> [AttackTests.Attack] {
    let digest = JSON.string(Digest(hashing: [1]).hex)
    let snapshot: JSONObject = [
      "claim_ids": ["C9"], "document_sha256": digest, "formal_evidence_count": 9,
      "reference_count": 9, "resolved_work": 9,
    ]
    let alias: JSONObject = ["alias_kind": "doi", "alias_value": "10.1000/taken"]
    var retracted = alias
    retracted["log"] = log
    retracted["reason"] = "x"
    let verified = Self.about(claimed, ["verdict": "verified"])
    let upgraded: JSONObject = [
      "event_id": .string("sha256:" + cited.hex), "evidence_sha256": digest,
    ]
    let only: Set<String> = ["authority"]
    return [
      try attack("a snapshot by an author", only, .graphSnapshot, snapshot, owner, target: "graph"),
      try attack(
        "a snapshot by a moderator", only, .graphSnapshot, snapshot, moderator, target: "graph"),
      try attack(
        "a snapshot by the former registry key", only, .graphSnapshot, snapshot, formerRegistry,
        target: "graph"),
      try attack("an alias by an author", only, .aliasAdded, alias, owner),
      try attack("an alias taken back by an author", only, .aliasRetracted, retracted, owner),
      try attack("a check by whom it is about", only, .checkRecorded, verified, owner),
      try attack("a check by a moderator", only, .checkRecorded, verified, moderator),
      try attack("an upgrade by an author", only, .anchorUpgraded, upgraded, owner),
      try attack(
        "a withdrawal by the former registry key", only, .eventWithdrawn, Self.about(cited),
        formerRegistry),
      AttackTests.Attack(
        "a citation without a signature", ["signature"],
        bare(["citing_doi": "10.1/1", "relation": "cites"]), record: number.description,
        action: .citationSignature),
      AttackTests.Attack(
        "a claim by key without a signature", ["signature"],
        bare([
          "method": "key_signature", "name": "Zhuang Liu", "orcid": .string(Fixtures.sampleORCID),
        ]), record: number.description, action: .authorAttestation),
      AttackTests.Attack(
        "a decision without a signature", ["signature"],
        bare(Self.about(replicated, ["decision": "approved", "log": log])),
        record: number.description, action: .moderationDecision),
      AttackTests.Attack(
        "a withdrawal without a signature", ["signature"], bare(Self.about(cited)),
        record: number.description, action: .eventWithdrawn),
      AttackTests.Attack(
        "a snapshot without a signature", ["signature"], bare(snapshot), record: number.description,
        action: .graphSnapshot),
      AttackTests.Attack(
        "a bare payload without a record", ["signature"], bare(["relation": "cites"])),
    ]
  }

  private func bare(_ payload: JSONObject) -> [UInt8] {
    JSON.object(["payload": .object(payload)]).canonicalBytes()
  }

  // MARK: Statements

  private func statementAttacks() throws -> [AttackTests.Attack] {
    func citation(_ doi: String, supersedes: Digest? = nil) -> JSONObject {
      var payload: JSONObject = ["citing_doi": .string(doi), "relation": "refutes"]
      payload["supersedes"] = supersedes.map { .string("sha256:" + $0.hex) }
      return payload
    }
    let before = Timestamp(microseconds: Timestamp.now.microseconds - 3_600_000_000)
    let future = Timestamp(microseconds: Timestamp.now.microseconds + 600_000_000)
    let own: Set<String> = ["authority"]
    let missing = Digest(hashing: [9])
    let slot: Set<String> = ["supersedes"]
    return [
      try attack(
        "a withdrawal under a borrowed name", own, .eventWithdrawn, Self.about(claimed), thief),
      try attack("a withdrawal by a moderator", own, .eventWithdrawn, Self.about(cited), moderator),
      try attack(
        "a withdrawal of another record's event", ["event_id"], .eventWithdrawn,
        Self.about(foreign), owner),
      try attack(
        "a withdrawal of a withdrawal", ["event_id"], .eventWithdrawn, Self.about(withdrawal), owner
      ),
      try attack(
        "a withdrawal of the record", ["event_id"], .eventWithdrawn, Self.about(created), owner),
      try attack(
        "a withdrawal of nothing", ["event_id"], .eventWithdrawn, Self.about(missing), owner),
      try attack(
        "a second withdrawal", ["event_id"], .eventWithdrawn, Self.about(withdrawn), owner),
      try attack(
        "a statement in place of somebody else's", slot, .citationSignature,
        citation("10.1000/1", supersedes: cited), thief),
      try attack(
        "a statement in place of one in another slot", slot, .citationSignature,
        citation("10.1000/9", supersedes: cited), owner),
      try attack(
        "a statement in place of one about something else", slot, .citationSignature,
        citation("10.1000/1", supersedes: cited), owner, target: "graph"),
      try attack(
        "a statement in place of one of another type", slot, .citationSignature,
        citation("10.1000/1", supersedes: claimed), owner),
      try attack(
        "a statement in place of another record's", slot, .citationSignature,
        citation("10.1000/3", supersedes: foreign), owner),
      try attack(
        "a statement in place of a withdrawn one", slot.union(["created_at"]), .citationSignature,
        citation("10.1000/2", supersedes: withdrawn), owner),
      try attack(
        "a second live statement in a slot", ["slot"], .citationSignature, citation("10.1000/1"),
        owner),
      try attack(
        "an older statement after a withdrawal", ["created_at"], .citationSignature,
        citation("10.1000/2"), owner, at: before),
      try attack(
        "a statement from the future", ["created_at"], .citationSignature, citation("10.1000/8"),
        owner, at: future),
      try attack(
        "a statement about a record that is not here", ["subject"], .citationSignature,
        citation("10.1000/8"), owner, subject: .record(unknownNumber)),
      AttackTests.Attack(
        "a statement sent to another record", ["subject"],
        Self.wire(try sign(.citationSignature, citation("10.1000/8"), by: owner)),
        record: elsewhere.description, action: .citationSignature),
      AttackTests.Attack(
        "a statement sent as another action", ["action"],
        Self.wire(try sign(.citationSignature, citation("10.1000/8"), by: owner)),
        record: number.description, action: .replicationRecord),
      AttackTests.Attack(
        "a key event sent to a record", ["subject"],
        try registration("", "subject", of: unknown).wire, record: number.description),
    ]
  }

  private var unknownNumber: PithNumber {
    PithNumber("pith:2024:AAAAAAAAAAAAAAAAAAAAAAAAAA") ?? number
  }

  // MARK: Decisions

  private func decisionAttacks() throws -> [AttackTests.Attack] {
    func decision(
      _ name: String, _ check: String, on id: Digest, by key: KeyFile, log other: JSON? = nil
    ) throws -> AttackTests.Attack {
      try attack(
        name, [check], .moderationDecision,
        Self.about(id, ["decision": "approved", "log": other ?? log]), key)
    }
    return [
      try decision("a decision by an author", "authority", on: replicated, by: owner),
      try decision("a decision by the replicator", "authority", on: replicated, by: replicator),
      try decision(
        "a decision by the former registry key", "authority", on: replicated, by: formerRegistry),
      try decision(
        "a decision on one's own, by another key", "authority", on: ownReplication, by: moderator),
      try decision("a decision on a citation", "event_id", on: cited, by: moderator),
      try decision("a decision on another record's event", "event_id", on: foreign, by: moderator),
      try decision(
        "a decision of another ledger", "log", on: replicated, by: moderator, log: "another/ledger"),
    ]
  }

  // MARK: Content

  private func contentAttacks() throws -> [AttackTests.Attack] {
    let digest = JSON.string(Digest(hashing: [1]).hex)
    func storage(_ location: String, _ role: String = "document") -> JSONObject {
      [
        "content_role": .string(role), "content_sha256": digest, "location": .string(location),
        "media_type": "text/plain", "observed_at": .string(Timestamp.now.description),
        "size_bytes": 1, "storage_kind": "https",
      ]
    }
    let pith: JSONObject = ["citing_pith_number": .string(number.description), "relation": "cites"]
    let replication: JSONObject = [
      "claim_ids": ["C999"], "kind": "replication", "outcome": "replicated", "replication_id": "9",
    ]
    return [
      try attack("a paper that cites itself", ["self_citation"], .citationSignature, pith, owner),
      try attack(
        "a paper that cites itself by an alias", ["self_citation"], .citationSignature,
        ["citing_arxiv": "2412.14164v3", "relation": "cites"], owner),
      try attack(
        "a claim of the paper that there is not", ["claims"], .citationSignature,
        ["citing_doi": "10.1/8", "relation": "cites"], owner, target: "claim:C999"),
      try attack(
        "a replication of a claim that there is not", ["claims"], .replicationRecord, replication,
        replicator),
      try attack(
        "an anchor of another digest", ["digest"], .timestampAnchor,
        ["anchor_kind": "opentimestamps", "digest_sha256": digest, "evidence_sha256": digest], owner
      ),
      try attack(
        "a canonical record of other bytes", ["content"], .storageAttestation,
        storage("https://example.org/a", "canonical_record"), owner),
      AttackTests.Attack(
        "a text that shows otherwise than it reads", ["member"],
        altered(storage("https://example.org/a"), "text/plain", "text\u{202E}nialp/")),
      AttackTests.Attack(
        "an address with a password", ["location"],
        altered(
          storage("https://example.org/a"), "https://example.org/a", "https://a:b@example.org/a")),
      AttackTests.Attack(
        "an address with credentials", ["location"],
        altered(
          storage("https://example.org/a"), "https://example.org/a",
          "https://example.org/a?X-Amz-Signature=1")),
    ]
  }

  /// A statement whose payload is changed to one that this program cannot sign.
  private func altered(_ payload: JSONObject, _ old: String, _ new: String) -> [UInt8] {
    guard let event = try? sign(.storageAttestation, payload, by: owner) else { return [] }
    var json = event.json
    json["event_id"] = nil
    return Array(JSON.object(json).canonicalString().replacing(old, with: new).utf8)
  }
}
