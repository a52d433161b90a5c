import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing
import TransparencyLog

@Suite("Keys and values of the index")
struct IndexTests {
  private static let number = "pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2"

  @Test(
    "Each spelling of a key gives the text that is hashed",
    arguments: [
      ("record:\(number)", "record:\(number)"), ("status:\(number)", "status:\(number)"),
      ("registry", "registry"),
      ("key:00112233445566778899AABBCCDDEEFF", "key:00112233445566778899aabbccddeeff"),
      ("signer:00112233445566778899aabbccddeeff", "signer:00112233445566778899aabbccddeeff"),
      ("cites:arxiv:2605.21642v3", "cites:arxiv:2605.21642"),
      ("cites:doi:10.48550/arXiv.2605.21642", "cites:arxiv:2605.21642"),
      ("cites:DOI:10.1000/A", "cites:doi:10.1000/a"),
      ("cites:\(number)", "cites:\(number)"),
      ("alias:doi:10.1000/X:y", "alias:doi:10.1000/x:y"),
      ("alias:arxiv_version:2605.21642V2", "alias:arxiv_version:2605.21642v2"),
    ])
  func spellings(text: String, canonical: String) throws {
    let key = try #require(IndexKey(text))
    #expect(key.text == canonical)
    #expect(key.hash == Digest(hashing: Array(canonical.utf8)))
    #expect(IndexKey(canonical) == key)
  }

  @Test(
    "Other texts are no keys",
    arguments: [
      "", "record", "record:", "record:pith:2024:X", "registry:", "key:0011", "signer:", "cites:",
      "cites:arxiv:", "cites:doi:", "cites:isbn:1", "alias:", "alias:isbn:1", "alias:doi",
      "status:pith:registry", "other:x",
    ])
  func noKeys(text: String) { #expect(IndexKey(text) == nil) }

  @Test("Every event is in the lists of its subject and its signer, and in no list twice")
  func everyEvent() throws {
    for seed in UInt64(1)...8 {
      let log = try RandomLog(seed: seed)
      for bytes in log.entries {
        let event = try Entry(bytes: bytes).event
        let keys = event.indexKeys
        #expect(Set(keys).count == keys.count)
        #expect(keys.contains(.signer(event.body.signer.fingerprint)))
        switch event.body.subject {
        case .record(let number): #expect(keys.contains(.record(number)))
        case .registry:
          #expect(
            keys.contains(.registry) == (event.body.target.checkpoint == nil), "seed \(seed)")
        }
        let isCitation = event.body.type == .citationSignature
        #expect(keys.contains { if case .citations = $0 { true } else { false } } == isCitation)
        let hasAlias = event.body.alias != nil
        #expect(keys.contains { if case .alias = $0 { true } else { false } } == hasAlias)
      }
    }
  }

  @Test("A compact range has the root of the definition", arguments: [0, 1, 2, 3, 7, 8, 255, 300])
  func positions(count: Int) throws {
    let positions = (0..<count).map { Position(rawValue: Int64($0) * 1_000_003) }
    let indexed = IndexedPositions(positions)
    var frontier = Frontier()
    for position in positions {
      let bytes = unsafe withUnsafeBytes(of: position.rawValue.bigEndian) { unsafe Array($0) }
      frontier.append(.leaf(bytes)) { _ in }
    }
    #expect(indexed.value == frontier.root)
    #expect(indexed.count == Int64(count))
    #expect(indexed.range.hashes.count == count.nonzeroBitCount)
    #expect(CompactRange(size: indexed.range.size, hashes: indexed.range.hashes) == indexed.range)
    #expect(
      CompactRange(size: indexed.range.size, hashes: indexed.range.hashes + [.emptyTree]) == nil)
  }

  @Test("A status depends on the events of the record, and not on the time at which it is read")
  func status() {
    var state = RecordState(record: RecordID(rawValue: 3))
    state.contentAddressed = true
    state.position = 9
    let until = Timestamp(microseconds: 1_700_000_000_000_000)
    let status = IndexedStatus(state, storageVerifiedUntil: until)
    #expect(status.verificationStatus["storage_verified"] == nil)
    #expect(status.json["storage_verified_until"]?.stringValue == "2023-11-14T22:13:20Z")
    #expect(
      IndexedStatus(state, storageVerifiedUntil: nil).json["storage_verified_until"]?.isNull == true
    )
    #expect(status.value == Digest(hashing: JSON.object(status.json).canonicalBytes()))
    state.position = 10
    #expect(IndexedStatus(state, storageVerifiedUntil: until).value != status.value)
  }
}
