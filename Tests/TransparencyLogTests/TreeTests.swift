import Encodings
import TestSupport
import Testing
import TransparencyLog

@Suite("The tree, its tiles and its proofs")
struct TreeTests {
  /// The tiles after an append: full tiles, and the frontier.
  struct Tiles {
    var full: [[UInt64]: [Digest]] = [:]
    var edge = Frontier()

    init(_ leaves: [Digest]) {
      var full: [[UInt64]: [Digest]] = [:]
      for leaf in leaves {
        edge.append(leaf) { full[[UInt64($0.level), $0.index]] = $0.hashes }
      }
      self.full = full
    }

    func hash(_ node: TreeNode) -> Digest? {
      let slice = TileSlice(node)
      if let tile = full[[UInt64(slice.level), slice.index]] { return slice.hash(in: tile) }
      return slice.level < edge.levels.count ? slice.hash(in: edge.levels[slice.level]) : nil
    }
  }

  private func leaves(_ count: Int) -> [Digest] {
    (0..<count).map { .leaf(Array("leaf \($0)".utf8)) }
  }

  @Test(
    "Roots and proofs from tiles are those of the definition",
    arguments: [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537])
  func tilesAgree(size: Int) throws {
    let leaves = leaves(size)
    let tree = SampleTree(leaves)
    let tiles = Tiles(leaves)
    let total = TreeSize(rawValue: UInt64(size))
    let root = tree.root(total)
    #expect(tiles.edge.size == total)
    #expect(tiles.edge.root == root)
    #expect(try Frontier(size: total, levels: tiles.edge.levels) == tiles.edge)
    let count = UInt64(size)
    var random = SeededGenerator(seed: UInt64(size))
    for index in Set(
      [0, count / 2, count - min(count, 1)] + [UInt64.random(in: 0...count, using: &random)])
    where total.covers(leaf: index) {
      let proof = try #require(ProofLayout.inclusion(index: index, size: total)).map {
        try ProofLayout.hash($0) { try #require(tiles.hash($0)) }
      }
      #expect(proof == tree.inclusion(index, total), "leaf \(index) of \(size)")
      try TreeProofs.verifyInclusion(
        leaf: leaves[Int(index)], index: index, size: total, root: root, proof: proof)
      try refusesEveryChange(proof) { proof in
        try TreeProofs.verifyInclusion(
          leaf: leaves[Int(index)], index: index, size: total, root: root, proof: proof)
      }
    }
    for old in Set([0, 1, count / 3, count - min(count, 1), count]).map(TreeSize.init(rawValue:))
    where old <= total {
      let proof = try #require(ProofLayout.consistency(old: old, new: total)).map {
        try ProofLayout.hash($0) { try #require(tiles.hash($0)) }
      }
      #expect(proof == tree.consistency(old, total), "from \(old) to \(size)")
      let oldRoot = tree.root(old)
      try TreeProofs.verifyConsistency(
        old: old, oldRoot: oldRoot, new: total, newRoot: root, proof: proof)
      try refusesEveryChange(proof) { proof in
        try TreeProofs.verifyConsistency(
          old: old, oldRoot: oldRoot, new: total, newRoot: root, proof: proof)
      }
      guard !old.isEmpty else { continue }
      #expect(throws: TransparencyError.self) {
        try TreeProofs.verifyConsistency(
          old: old, oldRoot: .leaf([]), new: total, newRoot: root, proof: proof)
      }
      #expect(throws: TransparencyError.self) {
        try TreeProofs.verifyConsistency(
          old: old, oldRoot: oldRoot, new: total, newRoot: .leaf([]), proof: proof)
      }
    }
  }

  /// Expects that a proof with a changed, missing, additional or swapped hash is refused.
  private func refusesEveryChange(
    _ proof: [Digest], _ verify: ([Digest]) throws -> Void
  ) throws {
    for place in proof.indices {
      var changed = proof
      changed[place] = .node(proof[place], proof[place])
      #expect(throws: TransparencyError.self) { try verify(changed) }
      changed = proof
      changed.remove(at: place)
      #expect(throws: TransparencyError.self) { try verify(changed) }
      if place > 0, proof[place] != proof[place - 1] {
        changed = proof
        changed.swapAt(place, place - 1)
        #expect(throws: TransparencyError.self) { try verify(changed) }
      }
    }
    #expect(throws: TransparencyError.self) { try verify(proof + [.emptyTree]) }
  }

  @Test("A frontier whose widths do not match its size is refused")
  func edgeWidths() {
    #expect(throws: TransparencyError("tree.edge", "")) { try Frontier(size: 1, levels: []) }
    #expect(throws: TransparencyError("tree.edge", "")) {
      try Frontier(size: 256, levels: [[.emptyTree]])
    }
  }

  @Test("Every changed byte of a note is refused or leaves the signed text unchanged")
  func everyByteOfANote() throws {
    let signer = try NoteSigner(name: "example.org/log", secret: NoteSigner.freshSecret())
    let key = signer.verifierKey
    let checkpoint = Checkpoint(origin: "example.org/log", size: 7, root: .leaf([1]))
    let signed = try SignedCheckpoint(checkpoint, by: signer)
    let witness = try NoteSigner(
      name: "example.org/witness", algorithm: .cosignature, secret: NoteSigner.freshSecret())
    var note = signed.note
    note.signatures.append(try witness.cosign(checkpoint.text, time: 1_700_000_000))
    #expect(try note.verified(by: [key, witness.verifierKey]).count == 2)
    #expect(note.signatures[1].cosignatureTime == 1_700_000_000)
    let proof = InclusionProof(index: 0, hashes: [.emptyTree], note: note)
    #expect(try InclusionProof(proof.bytes) == proof)
    let bytes = note.bytes
    for place in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[place] ^= 1 << UInt8(bit)
        let read = try? SignedCheckpoint(changed, by: [key])
        #expect(read == nil || read?.checkpoint == checkpoint, "byte \(place) bit \(bit)")
      }
    }
  }

  @Test("A receipt reads back, and a checkpoint is not accepted as one")
  func promises() throws {
    let signer = try NoteSigner(name: "example.org/log", secret: NoteSigner.freshSecret())
    let promise = LogReceipt(
      origin: "example.org/log", position: 12, eventID: "sha256:00", leaf: .leaf([2]))
    let note = try promise.signed(by: signer)
    #expect(try LogReceipt(note.bytes, by: [signer.verifierKey]) == promise)
    #expect(throws: TransparencyError.self) {
      try SignedCheckpoint(note: note, by: [signer.verifierKey], origin: "example.org/log")
    }
    let checkpoint = try SignedCheckpoint(
      Checkpoint(origin: "example.org/log", size: 1, root: .emptyTree), by: signer)
    #expect(throws: TransparencyError("receipt.form", "")) {
      try LogReceipt(checkpoint.note.bytes, by: [signer.verifierKey])
    }
  }
}
