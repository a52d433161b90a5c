import Encodings
import Foundation
import MerklePatricia
import TestSupport
import Testing

@Suite("Merkle Patricia trees")
struct PatriciaTreeTests {
  private static func leaf(_ key: Int, _ value: Int) -> PatriciaLeaf {
    PatriciaLeaf(
      Digest(hashing: Array("key \(key)".utf8)), Digest(hashing: Array("value \(value)".utf8)))
  }

  /// A leaf whose key shares many bits with others.
  private static func close(_ random: inout SeededGenerator) -> PatriciaLeaf {
    let words = (
      UInt64.random(in: 0...3, using: &random) << 62, 0 as UInt64, 0 as UInt64,
      UInt64.random(in: 0...7, using: &random)
    )
    return PatriciaLeaf(
      Digest(words: words), Digest(hashing: [UInt8.random(in: 0...255, using: &random)]))
  }

  /// The root as the definition gives it, from the set of leaves alone.
  private static func root(_ leaves: [PatriciaLeaf], from bit: Int = 0) -> Digest {
    guard let first = leaves.first else { return Digest(hashing: []) }
    if leaves.count == 1 { return Digest(hashing: first.key.bytes + first.value.bytes) }
    func isSet(_ leaf: PatriciaLeaf) -> Bool {
      leaf.key.bytes[bit / 8] >> UInt8(7 - bit % 8) & 1 == 1
    }
    let (left, right) = (leaves.filter { !isSet($0) }, leaves.filter(isSet))
    if left.isEmpty || right.isEmpty { return root(leaves, from: bit + 1) }
    return Digest(
      hashing: root(left, from: bit + 1).bytes + root(right, from: bit + 1).bytes + [UInt8(bit)])
  }

  @Test(
    "A tree that grew in any steps has the root of the definition", arguments: 0..<UInt64(60))
  func grows(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var known: [Digest: PatriciaLeaf] = [:]
    var plain = PatriciaSubtree()
    var crowned = CrownedTree([])
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      let batch = (0..<Int.random(in: 0...20, using: &random)).map { _ in
        Bool.random(using: &random)
          ? Self.close(&random)
          : Self.leaf(
            Int.random(in: 0..<60, using: &random), Int.random(in: 0..<1000, using: &random))
      }
      for leaf in batch { known[leaf.key] = leaf }
      plain.update(batch)
      crowned.update(batch)
      let expected = Self.root(Array(known.values))
      #expect(plain.root ?? .emptyPatriciaTree == expected, "seed \(seed)")
      #expect(crowned.root == expected, "seed \(seed)")
      #expect(plain.leaves == known.values.sorted { $0.key < $1.key }, "seed \(seed)")
    }
  }

  @Test("Every key of a tree and every other key has a proof", arguments: [0, 1, 2, 3, 40, 700])
  func proofs(count: Int) throws {
    var random = SeededGenerator(seed: UInt64(count))
    let leaves =
      (0..<count).map { Self.leaf($0, $0) } + (0..<count / 20).map { _ in Self.close(&random) }
    let plain = PatriciaSubtree(leaves)
    let crowned = CrownedTree(leaves)
    let root = crowned.root
    for leaf in plain.leaves {
      let proof = crowned.proof(of: leaf.key)
      #expect(proof == plain.proof(of: leaf.key))
      let read = try PatriciaProof(presence: proof.presenceBytes, of: leaf.key)
      try read.verifyPresence(of: leaf.key, value: leaf.value, root: root)
      #expect(throws: PatriciaError("map_proof.key", "")) {
        try proof.verifyAbsence(of: leaf.key, root: root)
      }
    }
    for index in 0..<200 {
      let key = Bool.random(using: &random) ? Self.close(&random).key : Self.leaf(-1 - index, 0).key
      guard plain.value(of: key) == nil else { continue }
      let proof = crowned.proof(of: key)
      #expect(proof == plain.proof(of: key))
      try PatriciaProof(absence: proof.absenceBytes).verifyAbsence(of: key, root: root)
      #expect(throws: PatriciaError.self) {
        try proof.verifyPresence(of: key, value: Digest(hashing: []), root: root)
      }
    }
  }

  @Test("A change of any bit of a proof is found")
  func everyBit() throws {
    let leaves = (0..<40).map { Self.leaf($0, $0) }
    let tree = PatriciaSubtree(leaves)
    let root = try #require(tree.root)
    let (leaf, absent) = (leaves[7], Self.leaf(-1, 0).key)
    let presence = tree.proof(of: leaf.key).presenceBytes
    for bit in 0..<presence.count * 8 {
      var bytes = presence
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: PatriciaError.self, "bit \(bit)") {
        try PatriciaProof(presence: bytes, of: leaf.key).verifyPresence(
          of: leaf.key, value: leaf.value, root: root)
      }
    }
    let absence = tree.proof(of: absent).absenceBytes
    for bit in 0..<absence.count * 8 {
      var bytes = absence
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: PatriciaError.self, "bit \(bit)") {
        try PatriciaProof(absence: bytes).verifyAbsence(of: absent, root: root)
      }
    }
  }

  @Test("A proof that is cut, longer, or of an inner node is refused")
  func hostile() throws {
    let leaves = (0..<40).map { Self.leaf($0, $0) }
    let tree = PatriciaSubtree(leaves)
    let root = try #require(tree.root)
    let proof = tree.proof(of: leaves[3].key)
    for count in 0..<proof.presenceBytes.count {
      #expect(throws: PatriciaError.self) {
        try PatriciaProof(
          presence: Array(proof.presenceBytes.prefix(count)), of: leaves[3].key
        ).verifyPresence(of: leaves[3].key, value: leaves[3].value, root: root)
      }
    }
    let steps = Array(repeating: proof.steps[0], count: PatriciaProof.maxSteps + 1)
    let long = PatriciaProof(leaf: proof.leaf, steps: steps)
    #expect(throws: PatriciaError("map_proof.form", "")) {
      _ = try PatriciaProof(presence: long.presenceBytes, of: leaves[3].key)
    }
    // The bits of a way never rise or repeat: an inner node cannot be passed off as a leaf of another shape.
    let repeated = PatriciaProof(leaf: proof.leaf, steps: [proof.steps[0]] + proof.steps)
    #expect(
      throws: PatriciaError("map_proof.path", "")
    ) {
      try repeated.verifyPresence(of: leaves[3].key, value: leaves[3].value, root: root)
    }
    // The absence of a key cannot be proven by a leaf at which a search for it does not end.
    let absent = Self.leaf(-1, 0).key
    let elsewhere = try #require(
      leaves.map { tree.proof(of: $0.key) }.first { proof in
        proof.leaf != tree.proof(of: absent).leaf
      })
    #expect(
      throws: PatriciaError("map_proof.key", "")
    ) { try elsewhere.verifyAbsence(of: absent, root: root) }
    #expect(throws: PatriciaError.self) {
      try PatriciaProof(leaf: nil, steps: []).verifyAbsence(of: absent, root: root)
    }
  }

  @Test(
    "An independent verifier agrees with roots and proofs",
    arguments: [0, 1, 2, 1000, 100_000])
  func independent(count: Int) async throws {
    let leaves = (0..<count).map { Self.leaf($0, $0 * 7) }
    let tree = CrownedTree(leaves)
    var lines = ["\(tree.root.hex) \(count)"]
    lines += leaves.map { "\($0.key.hex) \($0.value.hex)" }
    for index in stride(from: 0, to: count, by: max(1, count / 500)) {
      let proof = tree.proof(of: leaves[index].key)
      lines.append("presence \(leaves[index].key.hex) \(Hex.encode(proof.presenceBytes))")
      let absent = Self.leaf(-1 - index, 0).key
      lines.append("absence \(absent.hex) \(Hex.encode(tree.proof(of: absent).absenceBytes))")
    }
    let program = String(
      decoding: try Fixtures.project("Tests/MerklePatriciaTests/patricia.py"), as: UTF8.self)
    let answer = try await python(program, input: Array(lines.joined(separator: "\n").utf8))
    #expect(String(decoding: answer, as: UTF8.self) == "\(lines.count - 1 - count) proofs hold\n")
  }
}
