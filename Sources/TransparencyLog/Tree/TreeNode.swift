public import Encodings

/// The root of a perfect subtree: it covers the leaves from `index` · 2^`level`, 2^`level` of them.
public struct TreeNode: Hashable, Sendable {
  /// Height above the leaves, which are at 0.
  public let level: Int
  public let index: UInt64

  public init(level: Int, index: UInt64) {
    self.level = level
    self.index = index
  }
}

/// One hash of a proof, as the perfect subtrees that it is made of, from the left.
public typealias ProofElement = [TreeNode]

/// Which nodes of a tree make up its root and its proofs (RFC 6962, section 2.1).
public enum ProofLayout {
  /// The perfect subtrees of the leaves from `start` to before `end`.
  ///
  /// `start` is a multiple of the largest power of two in the range, as it is wherever the tree's
  /// definition splits.
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

  /// The subtrees whose hashes make the root of the first `size` leaves.
  public static func root(size: UInt64) -> ProofElement { subtrees(from: 0, to: size) }

  /// The inclusion proof of a leaf among the first `size`, from its sibling up.
  ///
  /// `nil` for a leaf that is not among them.
  public static func inclusion(index: UInt64, size: UInt64) -> [ProofElement]? {
    guard index < size else { return nil }
    var path: [ProofElement] = []
    var start: UInt64 = 0
    var end = size
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
  /// Empty for equal sizes and for an old size of 0, about which there is nothing to prove. `nil` where
  /// the old size is the larger.
  public static func consistency(old: UInt64, new: UInt64) -> [ProofElement]? {
    guard old <= new else { return nil }
    if old == 0 || old == new { return [] }
    var path: [ProofElement] = []
    var start: UInt64 = 0
    var end = new
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

  /// The hash of neighbouring subtrees, from the left; that of the empty tree for none.
  public static func hash(
    _ nodes: ProofElement, _ hash: (TreeNode) throws -> Digest
  ) rethrows -> Digest {
    guard let last = nodes.last else { return .emptyTree }
    return try nodes.dropLast().reversed().reduce(try hash(last)) { right, left in
      .node(try hash(left), right)
    }
  }
}
