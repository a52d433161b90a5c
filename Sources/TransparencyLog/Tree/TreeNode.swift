public import Encodings

/// The root of a perfect subtree: it covers the leaves from `index` · 2^`level`, 2^`level` of them.
public struct TreeNode: Hashable, Sendable {
  /// The height above the leaves, which have height 0.
  public let level: Int
  /// The number of nodes of this level to the left.
  public let index: UInt64

  /// Creates a node.
  public init(level: Int, index: UInt64) {
    self.level = level
    self.index = index
  }
}

/// The perfect subtrees, from the left, that make up one hash of a proof.
public typealias ProofElement = [TreeNode]

/// The nodes that make up the root and the proofs of a tree (RFC 6962, section 2.1).
public enum ProofLayout {
  /// The perfect subtrees of the leaves from `start` to before `end`.
  ///
  /// `start` is a multiple of the largest power of two in the range, as at each split of the tree's
  /// definition.
  public static func subtrees(from start: UInt64, to end: UInt64) -> ProofElement {
    var nodes: ProofElement = []
    var start = start
    while start < end {
      let level = 63 - (end - start).leadingZeroBitCount
      nodes.append(TreeNode(level: level, index: start >> UInt64(level)))
      start += 1 << UInt64(level)
    }
    return nodes
  }

  /// The subtrees whose hashes make up the root of the first `size` leaves.
  public static func root(size: TreeSize) -> ProofElement { subtrees(from: 0, to: size.rawValue) }

  /// The inclusion proof of a leaf among the first `size`, from its sibling up.
  ///
  /// Returns `nil` for a leaf that is not among them.
  public static func inclusion(index: UInt64, size: TreeSize) -> [ProofElement]? {
    guard size.covers(leaf: index) else { return nil }
    var path: [ProofElement] = []
    var start: UInt64 = 0
    var end = size.rawValue
    while end - start > 1 {
      let split = start + largestPower(below: end - start)
      if index < split {
        path.append(subtrees(from: split, to: end))
        end = split
      } else {
        path.append(subtrees(from: start, to: split))
        start = split
      }
    }
    return path.reversed()
  }

  /// The consistency proof between the first `old` and the first `new` leaves (section 2.1.2).
  ///
  /// Empty for equal sizes and for an old size of 0, which need no proof. Returns `nil` if
  /// the old size is larger.
  public static func consistency(old: TreeSize, new: TreeSize) -> [ProofElement]? {
    guard old <= new else { return nil }
    if old.isEmpty || old == new { return [] }
    let old = old.rawValue
    var path: [ProofElement] = []
    var start: UInt64 = 0
    var end = new.rawValue
    var isWhole = true
    while old != end {
      let split = start + largestPower(below: end - start)
      if old <= split {
        path.append(subtrees(from: split, to: end))
        end = split
      } else {
        path.append(subtrees(from: start, to: split))
        start = split
        isWhole = false
      }
    }
    if !isWhole { path.append(subtrees(from: start, to: end)) }
    return path.reversed()
  }

  /// The largest power of two that is less than a count of two or more.
  private static func largestPower(below count: UInt64) -> UInt64 {
    1 << UInt64(63 - (count - 1).leadingZeroBitCount)
  }

  /// Computes the hash of adjacent subtrees in order from the left. Without subtrees it is the hash of
  /// the empty tree.
  ///
  /// Errors: those of the closure, which returns the hash of a subtree.
  public static func hash(
    _ nodes: ProofElement, _ hash: (TreeNode) throws -> Digest
  ) rethrows -> Digest {
    guard let last = nodes.last else { return .emptyTree }
    return try nodes.dropLast().reversed().reduce(try hash(last)) { right, left in
      .node(try hash(left), right)
    }
  }
}
