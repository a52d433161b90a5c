import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import LedgerStore

/// The generator SplitMix64 (Steele, Lea and Flood, 2014).
struct Generator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Records and events in the proportions of a busy ledger. Few records have most of the events.
struct Workload: Sendable {
  let signers: [Signer]
  private let publicKeys: [[UInt8]]

  init() {
    publicKeys = (0..<1000).map { Digest(hashing: Array("signer \($0)".utf8)).bytes }
    signers = publicKeys.enumerated().map { index, key in
      Signer(
        keyID: "k\(index)", fingerprint: Digest(hashing: key).prefix,
        signerID: "urn:signer:\(index)", signerType: .author)
    }
  }

  /// The unit that registers a signer's key. Events of the workload have no valid signature: only the
  /// store is measured, which does not verify signatures.
  func registration(_ index: Int, at time: Timestamp) throws -> AppendUnit {
    let signer = signers[index]
    let body = try EventBody.make(
      type: .keyRegistered,
      payload: [
        "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(publicKeys[index])),
      ], signer: signer, subject: .registry, target: "key:\(signer.fingerprint.hex)",
      createdAt: time)
    return AppendUnit(
      items: [
        try .make(
          event: SignedEvent(body: body, signature: Self.noSignature),
          admission: .signedOnly(at: time), record: .registry, referenced: nil)
      ], evidence: [], guardPosition: nil)
  }

  static func canonical(_ index: Int) throws -> CanonicalRecord {
    let hash = Digest(hashing: Array("record \(index)".utf8)).hex
    return try CanonicalRecord([
      "metadata": [
        "abstract_canon_sha256": .string(hash), "cross_cats_sorted": [], "license": "none",
        "primary_cat": "cs.LG", "submitted_at": "2024-12-18T18:59:59Z",
        "title_canon_sha256": .string(hash),
      ], "schema_version": "1.0",
      "source": ["id": .string("2412.\(index)"), "kind": "arxiv", "version": 1],
    ])
  }

  private static let noSignature = [UInt8](repeating: 1, count: 64)

  /// The unit that creates a record.
  func creation(_ index: Int, at time: Timestamp) throws -> AppendUnit {
    let canonical = try Self.canonical(index)
    let signer = Signer(
      keyID: "registry", fingerprint: signers[0].fingerprint, signerID: "urn:registry",
      signerType: .registry)
    let body = try EventBody.make(
      type: .recordCreated,
      payload: [
        "canonical_record": .object(canonical.json),
        "canonical_sha256": .string(canonical.digest.hex),
      ], signer: signer, subject: .record(canonical.pithNumber), target: "record", createdAt: time)
    let event = SignedEvent(body: body, signature: Self.noSignature)
    return AppendUnit(
      items: [
        try .make(
          event: event, admission: .signedOnly(at: time), record: nil, referenced: nil,
          canonical: canonical)
      ], evidence: [], guardPosition: nil)
  }

  /// An event about a record, with columns and entry as the ledger makes them.
  func event(_ number: Int, pithNumber: PithNumber, record: RecordID, at time: Timestamp) throws
    -> AppendUnit.Item
  {
    var random = Generator(state: UInt64(number))
    let signer = signers[Int.random(in: 0..<signers.count, using: &random)]
    let type: EventType
    let payload: JSONObject
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      type = .authorAttestation
      payload = ["method": "key_signature", "name": "A. Author", "orcid": "0000-0002-1825-0097"]
    case 1:
      type = .replicationRecord
      payload = [
        "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
        "replication_id": .string("r\(number)"),
      ]
    default:
      type = .citationSignature
      payload = ["citing_doi": .string("10.1000/\(number)"), "relation": "cites"]
    }
    let body = try EventBody.make(
      type: type, payload: payload, signer: signer, subject: .record(pithNumber), target: "record",
      createdAt: time)
    return try .make(
      event: SignedEvent(body: body, signature: Self.noSignature),
      admission: .signedOnly(at: time), record: record, referenced: nil)
  }

  /// A citation of a record by an arXiv paper.
  func citation(
    by arxiv: String, _ number: Int, pithNumber: PithNumber, record: RecordID
  ) throws -> AppendUnit.Item {
    var random = Generator(state: UInt64(number))
    let relation = ["cites", "extends", "supports"].randomElement(using: &random) ?? "cites"
    let body = try EventBody.make(
      type: .citationSignature,
      payload: ["citing_arxiv": .string(arxiv), "relation": .string(relation)],
      signer: signers[Int.random(in: 0..<signers.count, using: &random)],
      subject: .record(pithNumber), target: "record", createdAt: .now)
    return try .make(
      event: SignedEvent(body: body, signature: Self.noSignature),
      admission: .signedOnly(at: .now), record: record, referenced: nil)
  }

  /// The index, below `count`, of the record that an event is about.
  static func record(_ number: Int, of count: Int) -> Int {
    var random = Generator(state: UInt64(number) &* 0x5851_F42D_4C95_7F2D)
    let u = Double.random(in: 0..<1, using: &random)
    return Int(u * u * u * Double(count))
  }
}
