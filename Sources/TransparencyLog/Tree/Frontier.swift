public import Encodings

/// The right edge of a growing tree: its size, and at each level the hashes of the tile not yet full.
///
/// It is sufficient to append leaves and to compute the root. A tree of a thousand million leaves has four
/// levels.
public struct Frontier: Sendable, Equatable {
  /// A tile that has become full and never changes again.
  public struct FullTile: Sendable, Equatable {
    /// The level of the tile.
    public let level: Int
    /// The index of the tile within its level.
    public let index: UInt64
    /// The 256 hashes.
    public let hashes: [Digest]
  }

  /// The number of leaves.
  public private(set) var size: TreeSize
  /// The hashes by level, fewer than 256 each.
  public private(set) var levels: [[Digest]]

  /// The edge of the empty tree.
  public init() {
    size = .zero
    levels = []
  }

  /// Creates the edge of a tree of this size.
  ///
  /// Errors: `tree.edge` if the number of hashes does not match the size.
  public init(size: TreeSize, levels: [[Digest]]) throws(TransparencyError) {
    var rest = size.rawValue
    for level in levels {
      guard level.count == Int(rest % UInt64(TilePath.fullWidth)) else {
        throw TransparencyError("tree.edge", "the edge of a tree of \(size) has other widths")
      }
      rest /= UInt64(TilePath.fullWidth)
    }
    guard rest == 0 else {
      throw TransparencyError("tree.edge", "the edge of a tree of \(size) has more levels")
    }
    self.size = size
    self.levels = levels
  }

  /// Appends a leaf, and passes each tile that it fills to the closure.
  public mutating func append(_ leaf: Digest, _ fill: (FullTile) -> Void) {
    var hash = leaf
    var level = 0
    var position = size.rawValue
    while true {
      if level == levels.count { levels.append([]) }
      levels[level].append(hash)
      guard levels[level].count == TilePath.fullWidth else { break }
      let tile = levels[level]
      levels[level].removeAll(keepingCapacity: true)
      position /= UInt64(TilePath.fullWidth)
      fill(FullTile(level: level, index: position, hashes: tile))
      hash = .over(tile)
      level += 1
    }
    size = size.next
  }

  /// The root of the whole tree.
  public var root: Digest {
    var root: Digest?
    for level in levels {
      for subtree in ProofLayout.subtrees(from: 0, to: UInt64(level.count)).reversed() {
        let start = Int(subtree.index << UInt64(subtree.level))
        let hash = Digest.over(level[start..<start + (1 << subtree.level)])
        root = root.map { .node(hash, $0) } ?? hash
      }
    }
    return root ?? .emptyTree
  }
}
