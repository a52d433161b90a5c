public import Encodings

/// The upper part of a large Merkle Patricia tree: the nodes above subtrees of keys with a common prefix.
///
/// A tree of a million keys has 4,096 subtrees of some 250 keys. The crown has the hash of each; the subtrees
/// themselves may be elsewhere. An inner node stands where both halves below it have keys, so that the root
/// is that of one ``PatriciaSubtree`` with all keys.
public struct PatriciaCrown: Sendable {
  /// The number of bits of the common prefix.
  public static let prefixBits = 12
  /// The number of subtrees.
  public static let subtreeCount = 1 << prefixBits

  /// The hashes as a heap: the root at 1, the children of the node at i at 2i and 2i + 1, the subtrees last.
  private var nodes: [Digest?]

  /// Creates the crown of a tree without keys.
  public init() { nodes = Array(repeating: nil, count: 2 * Self.subtreeCount) }

  /// The index of the subtree that a key belongs to: the first bits of the key.
  public static func subtree(of key: Digest) -> Int { Int(key.words.0 >> UInt64(64 - prefixBits)) }

  /// The root of the whole tree.
  public var root: Digest { nodes[1] ?? .emptyPatriciaTree }

  /// The hash of a subtree. `nil` for one without keys.
  public func hash(ofSubtree index: Int) -> Digest? { nodes[Self.subtreeCount + index] }

  /// Replaces the hashes of subtrees, and computes those above them.
  ///
  /// - Parameter subtrees: indices from 0 to below ``subtreeCount``.
  public mutating func update(_ subtrees: [Int: Digest?]) {
    var level = Set<Int>()
    for (index, hash) in subtrees {
      nodes[Self.subtreeCount + index] = hash
      level.insert((Self.subtreeCount + index) / 2)
    }
    var bit = UInt8(Self.prefixBits)
    while !level.isEmpty, bit > 0 {
      bit -= 1
      for node in level {
        nodes[node] = Self.parent(nodes[2 * node], nodes[2 * node + 1], bit: bit)
      }
      level = Set(level.map { $0 / 2 })
    }
  }

  private static func parent(_ left: Digest?, _ right: Digest?, bit: UInt8) -> Digest? {
    guard let left, let right else { return left ?? right }
    return .patriciaNode(left, right, bit: bit)
  }

  /// The subtree in which a search for a key ends, and the steps from it to the root. `nil` if the tree has no
  /// keys.
  ///
  /// It is the subtree of the key, unless that has no keys.
  public func search(_ key: Digest) -> (subtree: Int, steps: [PatriciaProof.Step])? {
    guard nodes[1] != nil else { return nil }
    var node = 1
    var steps: [PatriciaProof.Step] = []
    for bit in 0..<UInt8(Self.prefixBits) {
      let (left, right) = (2 * node, 2 * node + 1)
      let (next, other) = key.bit(bit) ? (right, left) : (left, right)
      guard nodes[next] != nil else {
        node = other
        continue
      }
      node = next
      if let sibling = nodes[other] {
        steps.append(PatriciaProof.Step(bit: bit, sibling: sibling))
      }
    }
    return (node - Self.subtreeCount, steps.reversed())
  }
}
