import Encodings
import Foundation
import TestSupport
import Testing
public import TransparencyLog

/// The published vectors of RFC 6962 trees, tiles, notes and witnesses.
@Suite("Transparency log vectors")
struct VectorTests {
  private func hash(hex: String) throws -> Digest {
    try #require(Hex.decode(hex).flatMap { Digest(bytes: $0) })
  }

  private func hash(_ base64: String) throws -> Digest {
    try #require(Digest(base64: base64), "\(base64)")
  }

  struct Hashes: Decodable {
    struct Leaf: Decodable {
      let dataHex: String?
      let dataUtf8: String?
      let hash: String
    }
    struct Node: Decodable {
      let leftUtf8: String
      let rightUtf8: String
      let hash: String
    }
    let emptyRoot: String
    let leaf: [Leaf]
    let node: [Node]
  }

  @Test("Hashes of RFC 6962")
  func hashes() throws {
    let vectors = try Fixtures.vectors(Hashes.self, "merkle-tree.json")
    #expect(Digest.emptyTree == (try hash(hex: vectors.emptyRoot)))
    for leaf in vectors.leaf {
      let data = leaf.dataUtf8.map { Array($0.utf8) } ?? Hex.decode(leaf.dataHex ?? "-")
      #expect(Digest.leaf(try #require(data)) == (try hash(hex: leaf.hash)))
    }
    #expect(!vectors.leaf.isEmpty)
  }

  struct Tree: Decodable {
    struct Inclusion: Decodable {
      let index: UInt64
      let size: TreeSize
      let proof: [String]
    }
    struct Consistency: Decodable {
      let size1: TreeSize
      let size2: TreeSize
      let proof: [String]
    }
    let leafDataHex: [String]
    let leafHashes: [String]
    let roots: [String: String]
    let inclusion: [Inclusion]
    let consistency: [Consistency]
  }

  @Test("The reference tree: every root, inclusion proof and consistency proof")
  func referenceTree() throws {
    let tree = try Fixtures.vectors(Tree.self, "merkle-tree.json")
    let leaves = try tree.leafDataHex.map { Digest.leaf(try #require(Hex.decode($0))) }
    #expect(try leaves == tree.leafHashes.map { try hash(hex: $0) })
    let sample = SampleTree(leaves)
    for (size, root) in tree.roots {
      #expect(sample.root(try #require(TreeSize(size))) == (try hash(hex: root)), "size \(size)")
    }
    for vector in tree.inclusion {
      let expected = try vector.proof.map { try hash(hex: $0) }
      #expect(sample.inclusion(vector.index, vector.size) == expected)
      try TreeProofs.verifyInclusion(
        leaf: leaves[Int(vector.index)], index: vector.index, size: vector.size,
        root: sample.root(vector.size), proof: expected)
    }
    for vector in tree.consistency {
      let expected = try vector.proof.map { try hash(hex: $0) }
      #expect(sample.consistency(vector.size1, vector.size2) == expected)
      try TreeProofs.verifyConsistency(
        old: vector.size1, oldRoot: sample.root(vector.size1), new: vector.size2,
        newRoot: sample.root(vector.size2), proof: expected)
    }
    #expect(tree.inclusion.count > 20 && tree.consistency.count > 20)
  }

  struct InclusionProbes: Decodable {
    struct Probe: Decodable {
      let name: String
      let index: UInt64
      let size: TreeSize
      let root: String?
      let leaf: String?
      let proof: [String]?
      let fails: Bool
    }
    let probes: [Probe]
  }

  @Test("Wrong inclusion proofs are refused, correct ones verify")
  func inclusionProbes() throws {
    let probes = try Fixtures.vectors(InclusionProbes.self, "merkle-inclusion.json").probes
    #expect(probes.count > 50)
    for probe in probes {
      var holds = false
      // An invalid hash is refused by its parser.
      if let root = Digest(base64: probe.root ?? ""),
        let leaf = Digest(base64: probe.leaf ?? "")
      {
        let proof = (probe.proof ?? []).compactMap { Digest(base64: $0) }
        if proof.count == probe.proof?.count ?? 0 {
          holds =
            (try? TreeProofs.verifyInclusion(
              leaf: leaf, index: probe.index, size: probe.size, root: root, proof: proof))
            != nil
        }
      }
      #expect(holds == !probe.fails, "\(probe.name)")
    }
  }

  struct ConsistencyProbes: Decodable {
    struct Probe: Decodable {
      let size1: TreeSize
      let size2: TreeSize
      let name: String
      let root1: String?
      let root2: String?
      let proof: [String]?
      let fails: Bool
    }
    let probes: [Probe]
  }

  @Test("Wrong consistency proofs are refused, correct ones verify, also for size 0")
  func consistencyProbes() throws {
    let probes = try Fixtures.vectors(ConsistencyProbes.self, "merkle-consistency.json").probes
    #expect(probes.count > 50)
    for probe in probes {
      var holds = false
      if let old = Digest(base64: probe.root1 ?? ""),
        let new = Digest(base64: probe.root2 ?? "")
      {
        let proof = (probe.proof ?? []).compactMap { Digest(base64: $0) }
        if proof.count == probe.proof?.count ?? 0 {
          holds =
            (try? TreeProofs.verifyConsistency(
              old: probe.size1, oldRoot: old, new: probe.size2, newRoot: new, proof: proof)) != nil
        }
        if probe.size1 == 0, probe.size2 > 0 {
          // The vectors refuse every proof about the empty tree. Witnesses accept the empty proof.
          #expect(holds == (proof.isEmpty && old == .emptyTree), "\(probe.name)")
          continue
        }
        if probe.size1 == 0, probe.size2 == 0 {
          #expect(holds == (proof.isEmpty && old == .emptyTree && new == old), "\(probe.name)")
          continue
        }
      }
      // One valid vector has roots that are not 32 bytes, which cannot be represented here.
      if probe.name.hasSuffix("sizes-are-equal-one-and-proof-is-empty") {
        #expect(Digest(base64: probe.root1 ?? "") == nil && !holds)
        continue
      }
      #expect(holds == !probe.fails, "\(probe.name)")
    }
  }

  struct TilePaths: Decodable {
    struct Tile: Decodable {
      let level: Int
      let index: UInt64
      let partial: Int
      let path: String
    }
    struct Entries: Decodable {
      let index: UInt64
      let partial: Int
      let path: String
    }
    struct Layout: Decodable {
      struct Level: Decodable {
        let full: Int
        let partial: Int
      }
      let size: TreeSize
      let tiles: [String: Level]
    }
    let tile: [Tile]
    let entries: [Entries]
    let layouts: [Layout]
    let refused: [String]
  }

  @Test("Tile paths are written and parsed as published, and other forms are refused")
  func tilePaths() throws {
    let vectors = try Fixtures.vectors(TilePaths.self, "tile-paths.json")
    func check(_ path: TilePath, _ text: String) {
      #expect(path.description == text)
      #expect(TilePath(text) == path, "\(text)")
    }
    for tile in vectors.tile {
      check(
        TilePath(
          .hashes(level: tile.level), index: tile.index,
          width: tile.partial == 0 ? 256 : tile.partial), tile.path)
    }
    for bundle in vectors.entries {
      check(
        TilePath(.entries, index: bundle.index, width: bundle.partial == 0 ? 256 : bundle.partial),
        bundle.path)
    }
    for text in vectors.refused { #expect(TilePath(text) == nil, "\(text)") }
    for layout in vectors.layouts {
      let all = TilePath.all(size: layout.size)
      for (level, counts) in layout.tiles {
        let here = all.filter { $0.kind == .hashes(level: Int(level) ?? -1) }
        #expect(here.filter { $0.width == 256 }.count == counts.full)
        #expect(here.first { $0.width < 256 }?.width ?? 0 == counts.partial)
      }
    }
  }

  struct Notes: Decodable {
    struct Valid: Decodable {
      let name: String
      let note: String
      let vkeys: [String]
      let verified: [String]
    }
    struct Signing: Decodable {
      let skey: String
      let text: String
      let signatureLine: String
    }
    struct Malformed: Decodable {
      let why: String
      let noteBase64: String
    }
    struct Rejected: Decodable {
      let why: String
      let note: String
      let vkeys: [String]
    }
    let valid: [Valid]
    let signing: [Signing]
    let malformed: [Malformed]
    let reject: [Rejected]
    let badVkeys: [String]
  }

  @Test("Signed notes: valid ones verify and are written back, invalid ones are refused")
  func signedNotes() throws {
    let vectors = try Fixtures.vectors(Notes.self, "signed-notes.json")
    for vector in vectors.valid {
      let note = try SignedNote(Array(vector.note.utf8))
      #expect(note.description == vector.note)
      let keys = try vector.vkeys.map { try NoteVerifierKey($0) }
      #expect(keys.map(\.description) == vector.vkeys)
      #expect(try note.verified(by: keys).map(\.name) == vector.verified, "\(vector.name)")
    }
    for vector in vectors.signing {
      let parts = vector.skey.split(separator: "+", maxSplits: 4)
      let secret = try #require(Base64.decode(String(parts[4])))
      let signer = try NoteSigner(name: String(parts[2]), secret: Array(secret.dropFirst()))
      #expect(try signer.sign(vector.text).line == vector.signatureLine)
    }
    for vector in vectors.malformed {
      let bytes = try #require(Base64.decode(vector.noteBase64))
      #expect(throws: TransparencyError("note.form", ""), "\(vector.why)") {
        try SignedNote(bytes)
      }
    }
    for vector in vectors.reject {
      let keys = try vector.vkeys.map { try NoteVerifierKey($0) }
      #expect(throws: TransparencyError.self, "\(vector.why)") {
        try SignedNote(Array(vector.note.utf8)).verified(by: keys)
      }
    }
    for key in vectors.badVkeys {
      #expect(throws: TransparencyError.self, "\(key)") { try NoteVerifierKey(key) }
    }
    #expect(vectors.valid.count >= 4 && vectors.malformed.count >= 6)
  }

  struct TestLog: Decodable {
    struct Proof: Decodable {
      let entryUtf8: String
      let index: UInt64
      let size: TreeSize
      let tlogProof: String
    }
    struct Consistency: Decodable {
      let size1: TreeSize
      let size2: TreeSize
      let proofBase64: [String]
    }
    let logVkey: String
    let entriesUtf8: [String]
    let checkpoints: [String]
    let entryBundleHex: String
    let tlogProofs: [Proof]
    let consistency: [Consistency]
  }

  @Test("A tiled test log: checkpoints, tiles, bundles and proofs")
  func testLog() throws {
    let log = try Fixtures.vectors(TestLog.self, "tiled-log.json")
    let keys = [try NoteVerifierKey(log.logVkey)]
    let entries = log.entriesUtf8.map { Array($0.utf8) }
    let tree = SampleTree(entries.map { .leaf($0) })
    var roots: [TreeSize: Digest] = [:]
    for text in log.checkpoints {
      let signed = try SignedCheckpoint(Array(text.utf8), by: keys)
      #expect(signed.checkpoint.root == tree.root(signed.checkpoint.size))
      #expect(signed.checkpoint.text == signed.note.text)
      roots[signed.checkpoint.size] = signed.checkpoint.root
    }
    #expect(roots.count >= 15)
    let bundle = try #require(Hex.decode(log.entryBundleHex))
    #expect(TileBytes.encode(entries: entries) == bundle)
    #expect(TileBytes.decode(entries: bundle) == entries)
    for vector in log.tlogProofs {
      let proof = try InclusionProof(Array(vector.tlogProof.utf8))
      #expect(proof.description == vector.tlogProof)
      #expect(proof.index == vector.index)
      try proof.verify(entry: Array(vector.entryUtf8.utf8), by: keys)
      #expect(throws: TransparencyError("proof.inclusion", "")) {
        try proof.verify(entry: Array((vector.entryUtf8 + "?").utf8), by: keys)
      }
      #expect(tree.inclusion(vector.index, vector.size) == proof.hashes)
    }
    for vector in log.consistency {
      let proof = try vector.proofBase64.map { try hash($0) }
      #expect(tree.consistency(vector.size1, vector.size2) == proof)
      try TreeProofs.verifyConsistency(
        old: vector.size1, oldRoot: try #require(roots[vector.size1]), new: vector.size2,
        newRoot: try #require(roots[vector.size2]), proof: proof)
    }
  }

  struct WitnessVectors: Decodable {
    struct Request: Decodable {
      let body: String
      let specStatus: Int
    }
    let logVkey: String
    let requests: [Request]
  }

  @Test("A witness answers each request of a session as the specification says")
  func witness() throws {
    let vectors = try Fixtures.vectors(WitnessVectors.self, "witness.json")
    let key = try NoteVerifierKey(vectors.logVkey)
    var remembered: Checkpoint?
    for (number, vector) in vectors.requests.enumerated() {
      let decision = try WitnessDecision.decide(
        AddCheckpointRequest(Array(vector.body.utf8)),
        keys: { $0 == key.name ? [key] : nil }, remembered: { _ in remembered })
      #expect(decision.status == vector.specStatus, "request \(number)")
      if case .cosign(let checkpoint) = decision { remembered = checkpoint }
      if case .conflict(let size) = decision { #expect(size == remembered?.size ?? 0) }
    }
    #expect(vectors.requests.count >= 9)
  }
}

extension TreeSize: Decodable {
  public init(from decoder: any Decoder) throws {
    self.init(rawValue: try UInt64(from: decoder))
  }
}
