import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing
import TransparencyLog

@Suite("Positions, record identifiers and verified events")
struct ValueTests {
  @Test("Positions are ordered, count by one and have literals")
  func positions() {
    let position: Position = 7
    #expect(position.next == 8 && position.previous == 6)
    #expect(Position.beforeFirst.next == .first && Position.first < .max)
    #expect(Position.first.distance(to: 5) == 5 && Position.first.advanced(by: 3) == 3)
    #expect(Array(Position.first..<3) == [0, 1, 2])
    #expect("\(position)" == "7" && position.rawValue == 7)
  }

  @Test("The tree of n entries ends before position n, and covers the positions before it")
  func positionsOfTrees() {
    let size: TreeSize = 3
    #expect(size.end == 3 && TreeSize.zero.end == .first)
    #expect(size.covers(Position.first) && size.covers(size.end.previous))
    #expect(!size.covers(size.end) && !size.covers(Position.beforeFirst))
    #expect(TreeSize(rawValue: .max).end == .max)
  }

  @Test("A record is named by the position of its first event, the registry by a value of its own")
  func recordIDs() {
    let record = RecordID(createdAt: 3)
    #expect(record == RecordID(rawValue: 3) && !record.isRegistry && "\(record)" == "3")
    #expect(RecordID.registry.isRegistry && RecordID.registry.rawValue == -1)
    #expect(RecordID.registry < record)
  }

  @Test("Identifiers take no more memory than the number that they hold")
  func sizes() {
    #expect(MemoryLayout<Position>.size == 8 && MemoryLayout<RecordID>.size == 8)
    #expect(MemoryLayout<Position?>.stride == MemoryLayout<Int64?>.stride)
  }

  // MARK: Verified events

  private func registration(of registered: SigningKey, by key: SigningKey) throws -> SignedEvent {
    let signer = Signer(
      keyID: "k", fingerprint: registered.fingerprint, signerID: "urn:somebody", signerType: .author
    )
    return try key.sign(
      EventBody.make(
        type: .keyRegistered,
        payload: [
          "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(registered.publicKey)),
        ],
        signer: signer, subject: .registry, target: "key:\(registered.fingerprint.hex)",
        createdAt: Timestamp(microseconds: 1_790_000_000_000_000)))
  }

  private func citation(signer key: SigningKey, signedBy other: SigningKey) throws -> SignedEvent {
    let signer = Signer(
      keyID: "k", fingerprint: key.fingerprint, signerID: "urn:somebody", signerType: .author)
    return try other.sign(
      EventBody.make(
        type: .citationSignature, payload: ["citing_arxiv": "2605.21642", "relation": "extends"],
        signer: signer, subject: .record(#require(PithNumber(Fixtures.sampleNumber))),
        target: "record", createdAt: Timestamp(microseconds: 1_790_000_000_000_000)))
  }

  @Test("A registration is verified by the key in it, other events by the key that was registered")
  func verified() throws {
    let key = SigningKey()
    let registration = try VerifiedEvent(registration(of: key, by: key), keys: KeyTimeline())
    #expect(registration.publicKey == key.publicKey)
    var keys = KeyTimeline()
    _ = keys.apply(
      registration.event.foldEvent(
        .signedOnly(at: registration.event.body.createdAt), position: 0, record: .registry,
        referenced: nil))
    let citation = try citation(signer: key, signedBy: key)
    let verified = try VerifiedEvent(citation, keys: keys)
    #expect(verified.event == citation && verified.publicKey == key.publicKey)
    #expect(throws: Refusal(.invalid, check: "known_key", "")) {
      try VerifiedEvent(citation, keys: KeyTimeline())
    }
  }

  @Test("A signature by another key makes no verified event")
  func forged() throws {
    let key = SigningKey()
    let forged = try registration(of: key, by: SigningKey())
    #expect(throws: Refusal(.invalid, check: "signature", "")) {
      try VerifiedEvent(forged, keys: KeyTimeline())
    }
    var keys = KeyTimeline()
    _ = keys.apply(
      try registration(of: key, by: key).foldEvent(
        .signedOnly(at: Timestamp(microseconds: 0)), position: 0, record: .registry, referenced: nil
      ))
    let stolen = try citation(signer: key, signedBy: SigningKey())
    #expect(throws: Refusal(.invalid, check: "signature", "")) {
      try VerifiedEvent(stolen, keys: keys)
    }
  }
}
