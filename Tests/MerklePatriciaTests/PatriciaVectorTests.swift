import Encodings
import MerklePatricia
import TestSupport
import Testing

/// The published vectors of Merkle Patricia trees, and vectors of proofs of absence.
@Suite("Merkle Patricia vectors")
struct PatriciaVectorTests {
  struct Vectors: Decodable {
    struct Tree: Decodable {
      let root: String
      let leaves: [[String]]
    }
    struct Root: Decodable {
      let label: String
      let root: String
    }
    struct Presence: Decodable {
      let label: String
      let root: String
      let index: Int
      let proof: String
    }
    struct Absence: Decodable {
      let label: String
      let root: String
      let key: String
      let proof: String
    }
    let trees: [Tree]
    let roots: [Root]
    let presence: [Presence]
    let absence: [Absence]
  }

  private let vectors: Vectors
  /// The leaves of each tree, by its root.
  private let leaves: [String: [PatriciaLeaf]]

  init() throws {
    vectors = try Fixtures.vectors(Vectors.self, "merkle-patricia.json")
    var leaves: [String: [PatriciaLeaf]] = [:]
    for tree in vectors.trees {
      leaves[tree.root] = try tree.leaves.map {
        PatriciaLeaf(
          try #require(Digest(base64: $0[0])), try #require(Digest(base64: $0[1])))
      }
    }
    self.leaves = leaves
  }

  private func leaves(_ root: String) throws -> [PatriciaLeaf] {
    try #require(leaves[root], "no leaves for \(root)")
  }

  @Test("The roots are the published ones, with and without a crown")
  func roots() throws {
    #expect(vectors.roots.count == 24)
    for vector in vectors.roots {
      let leaves = try leaves(vector.root)
      #expect(
        (PatriciaSubtree(leaves).root ?? .emptyPatriciaTree).base64 == vector.root,
        "\(vector.label)")
      #expect(CrownedTree(leaves).root.base64 == vector.root, "\(vector.label)")
    }
  }

  @Test("The proofs of presence are the published ones")
  func presence() throws {
    #expect(vectors.presence.count == 36)
    for vector in vectors.presence {
      let leaves = try leaves(vector.root)
      let (leaf, root) = (leaves[vector.index], try #require(Digest(base64: vector.root)))
      for proof in [
        PatriciaSubtree(leaves).proof(of: leaf.key), CrownedTree(leaves).proof(of: leaf.key),
      ] {
        #expect(Base64.encode(proof.presenceBytes) == vector.proof, "\(vector.label)")
      }
      let bytes = try #require(Base64.decode(vector.proof))
      let proof = try PatriciaProof(presence: bytes, of: leaf.key)
      try proof.verifyPresence(of: leaf.key, value: leaf.value, root: root)
    }
  }

  @Test("The proofs of absence are those of another implementation")
  func absence() throws {
    #expect(vectors.absence.count == 27)
    for vector in vectors.absence {
      let leaves = try leaves(vector.root)
      let key = try #require(Digest(base64: vector.key))
      for proof in [PatriciaSubtree(leaves).proof(of: key), CrownedTree(leaves).proof(of: key)] {
        #expect(Base64.encode(proof.absenceBytes) == vector.proof, "\(vector.label)")
      }
      let bytes = try #require(Base64.decode(vector.proof))
      try PatriciaProof(absence: bytes).verifyAbsence(
        of: key, root: try #require(Digest(base64: vector.root)))
    }
  }
}
