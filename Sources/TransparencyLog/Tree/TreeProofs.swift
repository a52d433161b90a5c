public import Encodings

/// Verification of a log's proofs (RFC 9162, section 2.1).
public enum TreeProofs {
  /// A proof has at most one hash for each level of a tree of 2^64 leaves.
  public static let maxHashes = 64

  /// Verifies that a leaf has this index in the tree with this size and root.
  ///
  /// Errors: `proof.inclusion`.
  public static func verifyInclusion(
    leaf: Digest, index: UInt64, size: TreeSize, root: Digest, proof: [Digest]
  ) throws(TransparencyError) {
    func refuse(_ message: String) -> TransparencyError { .init("proof.inclusion", message) }
    guard size.covers(leaf: index) else {
      throw refuse("leaf \(index) is not in a tree of \(size)")
    }
    var node = index
    var last = size.rawValue - 1
    var hash = leaf
    for sibling in proof {
      guard last > 0 else { throw refuse("the proof has more hashes than the tree has levels") }
      if node & 1 == 1 || node == last {
        hash = .node(sibling, hash)
        while node & 1 == 0, node != 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        hash = .node(hash, sibling)
      }
      node >>= 1
      last >>= 1
    }
    guard last == 0 else { throw refuse("the proof has too few hashes") }
    guard hash == root else {
      throw refuse("the proof leads to \(hash.base64), and the root is \(root.base64)")
    }
  }

  /// Verifies that the tree of `old` leaves is a prefix of the tree of `new` leaves.
  ///
  /// The empty tree is a prefix of every tree and needs no proof. A proof with hashes is refused
  /// there. Errors: `proof.consistency`.
  public static func verifyConsistency(
    old: TreeSize, oldRoot: Digest, new: TreeSize, newRoot: Digest, proof: [Digest]
  ) throws(TransparencyError) {
    guard old <= new else { throw inconsistent("the older size \(old) is larger than \(new)") }
    if old.isEmpty || old == new {
      return try verifyWithoutProof(old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, proof)
    }
    // Where the old tree is perfect, its root is the first hash and is not sent.
    let isPerfect = old.rawValue & (old.rawValue - 1) == 0
    let roots = try roots(old: old, new: new, from: isPerfect ? [oldRoot] + proof : proof)
    guard roots.old == oldRoot else {
      throw inconsistent(
        "the proof leads to \(roots.old.base64) for \(old) leaves, and the older root is \(oldRoot.base64)"
      )
    }
    guard roots.new == newRoot else {
      throw inconsistent(
        "the proof leads to \(roots.new.base64) for \(new) leaves, and the newer root is \(newRoot.base64)"
      )
    }
  }

  /// Computes the roots of both trees from the hashes of a consistency proof (RFC 9162, section
  /// 2.1.4.2).
  ///
  /// - Parameter path: the proof, after the old root if the old tree is perfect.
  private static func roots(
    old: TreeSize, new: TreeSize, from path: [Digest]
  ) throws(TransparencyError) -> (old: Digest, new: Digest) {
    guard let first = path.first else { throw inconsistent("the proof is empty") }
    var node = old.rawValue - 1
    var last = new.rawValue - 1
    while node & 1 == 1 {
      node >>= 1
      last >>= 1
    }
    var (older, newer) = (first, first)
    for hash in path.dropFirst() {
      guard last > 0 else {
        throw inconsistent("the proof has more hashes than the tree has levels")
      }
      if node & 1 == 1 || node == last {
        older = .node(hash, older)
        newer = .node(hash, newer)
        while node & 1 == 0, node != 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        newer = .node(newer, hash)
      }
      node >>= 1
      last >>= 1
    }
    guard last == 0 else { throw inconsistent("the proof has too few hashes") }
    return (older, newer)
  }

  /// The empty tree and equal sizes, where a proof has no hashes.
  private static func verifyWithoutProof(
    old: TreeSize, oldRoot: Digest, new: TreeSize, newRoot: Digest, _ proof: [Digest]
  ) throws(TransparencyError) {
    if old.isEmpty {
      guard proof.isEmpty else {
        throw inconsistent("nothing is to be proved about the empty tree")
      }
      guard oldRoot == .emptyTree, !new.isEmpty || newRoot == .emptyTree else {
        throw inconsistent("the empty tree has another root")
      }
      return
    }
    guard proof.isEmpty else { throw inconsistent("equal sizes need no proof") }
    guard oldRoot == newRoot else {
      throw inconsistent("two roots of one size: \(oldRoot.base64), \(newRoot.base64)")
    }
  }

  private static func inconsistent(_ message: String) -> TransparencyError {
    TransparencyError("proof.consistency", message)
  }
}
