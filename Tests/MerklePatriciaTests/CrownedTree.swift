import Encodings
import MerklePatricia

/// A tree as a service keeps it: a crown over subtrees.
struct CrownedTree {
  private(set) var subtrees: [Int: PatriciaSubtree] = [:]
  private(set) var crown = PatriciaCrown()

  init(_ leaves: [PatriciaLeaf]) { update(leaves) }

  var root: Digest { crown.root }

  mutating func update(_ leaves: [PatriciaLeaf]) {
    var roots: [Int: Digest?] = [:]
    for (index, changes) in Dictionary(
      grouping: leaves, by: { PatriciaCrown.subtree(of: $0.key) })
    {
      subtrees[index, default: PatriciaSubtree()].update(changes)
      roots[index] = subtrees[index]?.root
    }
    crown.update(roots)
  }

  func proof(of key: Digest) -> PatriciaProof {
    guard let (subtree, steps) = crown.search(key) else {
      return PatriciaProof(leaf: nil, steps: [])
    }
    return (subtrees[subtree] ?? PatriciaSubtree()).proof(of: key, upper: steps)
  }
}
