import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing
import TransparencyLog

/// Checks of a submission that do not depend on the ledger.
@Suite("The format of a submission")
struct WireTests {
  private let key = SigningKey()
  private let subject = PithNumber(Fixtures.sampleNumber)

  private func event(_ payload: JSONObject = ["citing_arxiv": "2605.21642", "relation": "extends"])
    throws -> SignedEvent
  {
    let signer = Signer(
      keyID: "k", fingerprint: key.fingerprint, signerID: "urn:somebody", signerType: .author)
    return try key.sign(
      EventBody.make(
        type: .citationSignature, payload: payload, signer: signer,
        subject: .record(#require(subject)), target: "record",
        createdAt: Timestamp(microseconds: 1_790_000_000_000_000)))
  }

  private func read(_ bytes: [UInt8]) throws(Refusal) -> SignedEvent? {
    if case .signed(let event, _) = try SubmissionParser.parse(
      bytes, limits: JSONLimits(maxBytes: 1 << 20))
    {
      return event
    }
    return nil
  }

  @Test("A target has one form")
  func targets() throws {
    let fingerprint = key.fingerprint.hex
    for text in [
      "record", "graph", "claim:C1", "key:\(fingerprint)", "checkpoint:0", "checkpoint:15",
    ] {
      #expect(try Target(text).text == text)
    }
    #expect(try Target("checkpoint:15").checkpoint == 15)
    for text in [
      "", "Record", "claim:", "key:", "key:\(fingerprint.uppercased())", "checkpoint:",
      "checkpoint:+5",
      "checkpoint:-0", "checkpoint:05", "checkpoint: 5", "checkpoint:99999999999999999999",
    ] {
      #expect(throws: Refusal(.invalid, check: "target", ""), "\(text)") { try Target(text) }
    }
  }

  @Test("No change of one byte gives another valid event")
  func mutations() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    let event = try event()
    let wire = JSON.object(event.json).canonicalBytes()
    var accepted = 0
    for place in wire.indices {
      for _ in 0..<6 {
        var bytes = wire
        bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
        guard let read = try? read(bytes), read.isSigned(by: key.publicKey) else { continue }
        // A change may be accepted only if it does not change the event, such as a changed space.
        #expect(read.eventID == event.eventID, "seed \(seed), byte \(place)")
        accepted += 1
      }
    }
    #expect(accepted < wire.count)
    for count in wire.indices {
      #expect(throws: Refusal.self) { try read(Array(wire[..<count])) }
    }
  }

  @Test(
    "Members that are unknown, missing or of the wrong kind are refused by name",
    arguments: [
      ("\"relation\":\"extends\"", "\"relation\":\"likes\"", "payload.relation"),
      ("\"relation\":\"extends\"", "\"relation\":7", "payload.relation"),
      ("\"relation\":\"extends\"", "\"relatoin\":\"extends\"", "payload"),
      ("\"citing_arxiv\":\"2605.21642\",", "", "payload"),
      ("\"citing_arxiv\":\"2605.21642\"", "\"citing_arxiv\":\"no arXiv id\"", "payload"),
      ("\"event_version\":\"1.0\"", "\"event_version\":\"2.0\"", "event_version"),
      ("\"target\":\"record\"", "\"target\":\"elsewhere\"", "target"),
      ("\"signer_type\":\"author\"", "\"signer_type\":\"pope\"", "signer"),
      ("citation_signature", "citation_signatur", "event_type"),
      ("2024:4OXKXQ4P", "2024:4OXKXQ40", "subject_pith_number"),
      ("\"algorithm\":\"ed25519\"", "\"algorithm\":\"rsa\"", "signature"),
    ])
  func members(old: String, new: String, field: String) throws {
    let wire = JSON.object(try event().json).canonicalString()
    #expect(wire.contains(old))
    let refusal = #expect(throws: Refusal.self) {
      try read(Array(wire.replacing(old, with: new).utf8))
    }
    #expect(refusal?.field?.hasPrefix(field) == true, "\(String(describing: refusal))")
  }

  @Test("Free text is short, and without characters that mislead its reader")
  func text() throws {
    for note in [
      String(repeating: "x", count: 501), "a\u{202E}b", "a\u{2066}b", "a\u{7}b", "a\nb",
    ] {
      #expect(throws: Refusal.self, "\(note.debugDescription)") {
        try event(["citing_arxiv": "2605.21642", "note": .string(note), "relation": "cites"])
      }
    }
    _ = try event([
      "citing_arxiv": "2605.21642", "note": .string(String(repeating: "é", count: 250)),
      "relation": "cites",
    ])
  }

  @Test("Evidence that the payload does not name, or of another hash, is refused")
  func evidence() throws {
    let json = try event().json
    func with(_ evidence: JSONObject) -> [UInt8] {
      var json = json
      json["evidence"] = .object(evidence)
      return JSON.object(json).canonicalBytes()
    }
    let digest = Digest(hashing: [1]).hex
    for (evidence, check) in [
      ([digest: "AQ=="] as JSONObject, "evidence"), ([digest: "AA=="], "evidence"),
      ([digest: "not base64"], "evidence"), (["xyz": "AQ=="], "evidence"),
    ] {
      let refusal = #expect(throws: Refusal.self) { try read(with(evidence)) }
      #expect(refusal?.check == check)
    }
  }
}
