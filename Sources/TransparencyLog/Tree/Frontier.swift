public import Encodings

/// The right edge of a growing tree: its size, and at each level the hashes of the tile not yet full.
///
/// It is all that is needed to append leaves and to know the root; a thousand million leaves have four
/// levels.
public struct Frontier: Sendable, Equatable {
  /// A tile that has become full, and so never changes again.
  public struct FullTile: Sendable, Equatable {
    public let level: Int
    public let index: UInt64
    /// 256 of them.
    public let hashes: [Digest]
  }

  public private(set) var size: UInt64
  /// By level, fewer than 256 hashes each.
  public private(set) var levels: [[Digest]]

  public init() {
    size = 0
    levels = []
  }

  /// The edge of a tree of this size.
  ///
  /// Errors: `tree.edge` where the hashes are not as many as the size asks for.
  public init(size: UInt64, levels: [[Digest]]) throws(TransparencyError) {
    var rest = size
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

  /// Appends a leaf, and hands over each tile that it fills.
  public mutating func append(_ leaf: Digest, _ fill: (FullTile) -> Void) {
    var hash = leaf
    var level = 0
    var position = size
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
    size += 1
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
