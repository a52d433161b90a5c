public import Encodings

/// The right edge of a growing tree in its smallest form: the root of each perfect subtree.
///
/// It has one hash for each bit that is set in the size, so that a list of a thousand million leaves takes 30.
/// A ``Frontier`` takes more, and knows the tiles too.
public struct CompactRange: Hashable, Sendable {
  /// The number of leaves.
  public private(set) var size: TreeSize
  /// The roots of the perfect subtrees, the largest first.
  public private(set) var hashes: [Digest]

  /// Creates the range of the empty tree.
  public init() {
    size = .zero
    hashes = []
  }

  /// Creates a range from its parts. Returns `nil` if the number of hashes does not match the size.
  public init?(size: TreeSize, hashes: [Digest]) {
    guard hashes.count == size.rawValue.nonzeroBitCount else { return nil }
    self.size = size
    self.hashes = hashes
  }

  /// Appends the hash of a leaf.
  public mutating func append(_ leaf: Digest) {
    var hash = leaf
    for _ in 0..<(~size.rawValue).trailingZeroBitCount {
      // Each bit that is set has a hash.
      if let left = hashes.popLast() { hash = .node(left, hash) }
    }
    hashes.append(hash)
    size = size.next
  }

  /// The root of the tree.
  public var root: Digest {
    guard var root = hashes.last else { return .emptyTree }
    for left in hashes.dropLast().reversed() { root = .node(left, root) }
    return root
  }
}
