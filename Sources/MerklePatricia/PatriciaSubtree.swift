public import Encodings

/// Some keys of a Merkle Patricia tree with everything that a proof needs: all keys of a small tree, or those
/// with a common prefix.
///
/// The keys are in ascending order. Each inner node stands between two neighbouring keys, the last of its left
/// child and the first of its right child. So a subtree of n keys is three arrays, of n keys, n values and
/// n − 1 hashes: 96 bytes a key. The shape follows from the keys and is not stored.
public struct PatriciaSubtree: Sendable {
  /// The keys in ascending order.
  public private(set) var keys: [Digest] = []
  private var values: [Digest] = []
  /// The hash of the inner node between the keys at an index and the next.
  private var hashes: [Digest] = []

  /// Creates a subtree without keys.
  public init() {}

  /// Creates a subtree.
  ///
  /// - Parameter leaves: leaves in any order. The last of those with the same key counts.
  public init(_ leaves: some Sequence<PatriciaLeaf>) { update(leaves) }

  /// The number of keys.
  public var count: Int { keys.count }

  /// The number of bytes that keys, values and hashes take.
  public var byteCount: Int {
    (keys.capacity + values.capacity + hashes.capacity) * Digest.byteCount
  }

  /// The leaves in ascending order of their keys.
  public var leaves: [PatriciaLeaf] { zip(keys, values).map { PatriciaLeaf($0, $1) } }

  /// The hash of the subtree. `nil` without keys.
  public var root: Digest? {
    switch keys.count {
    case 0: nil
    case 1: leafHash(0)
    default: hashes[middle(of: 0..<keys.count).index - 1]
    }
  }

  /// The value of a key. `nil` if the subtree does not have the key.
  public func value(of key: Digest) -> Digest? {
    let index = lowerBound(key)
    return index < keys.count && keys[index] == key ? values[index] : nil
  }

  // MARK: Shape

  private func leafHash(_ index: Int) -> Digest { .patriciaLeaf(keys[index], values[index]) }

  /// The bit of the node over two or more keys, and the index of the first key of its right child.
  private func middle(of range: Range<Int>) -> (bit: UInt8, index: Int) {
    // Keys are distinct.
    let bit = keys[range.lowerBound].firstDifference(from: keys[range.upperBound - 1]) ?? 0
    var (low, high) = (range.lowerBound + 1, range.upperBound - 1)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle].bit(bit) { high = middle } else { low = middle + 1 }
    }
    return (bit, low)
  }

  private func hash(of range: Range<Int>) -> Digest {
    range.count == 1 ? leafHash(range.lowerBound) : hashes[middle(of: range).index - 1]
  }

  private func lowerBound(_ key: Digest) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Update

  /// Adds keys and replaces values, and computes the hashes on the way to them.
  ///
  /// - Parameter leaves: leaves in any order. The last of those with the same key counts.
  public mutating func update(_ leaves: some Sequence<PatriciaLeaf>) {
    let changes = Dictionary(leaves.map { ($0.key, $0.value) }) { $1 }.sorted { $0.key < $1.key }
    guard !changes.isEmpty else { return }
    let changed = merge(changes)
    _ = rehash(0..<keys.count, changed[...])
  }

  /// Puts leaves in their places, and returns the places in ascending order.
  ///
  /// An inner node of which no leaf changes stands between the same keys as before.
  private mutating func merge(_ changes: [(key: Digest, value: Digest)]) -> [Int] {
    var places: [Int] = []
    places.reserveCapacity(changes.count)
    var added = 0
    for change in changes {
      let index = lowerBound(change.key)
      let isKnown = index < keys.count && keys[index] == change.key
      places.append(index + added)
      if isKnown { values[index] = change.value } else { added += 1 }
    }
    guard added > 0 else { return places }
    var (newKeys, newValues, newHashes): ([Digest], [Digest], [Digest]) = ([], [], [])
    let total = keys.count + added
    newKeys.reserveCapacity(total)
    newValues.reserveCapacity(total)
    newHashes.reserveCapacity(total)
    var old = 0
    for (change, place) in zip(changes, places) {
      while newKeys.count < place {
        copy(old, &newKeys, &newValues, &newHashes)
        old += 1
      }
      if old < keys.count, keys[old] == change.key { old += 1 }
      newKeys.append(change.key)
      newValues.append(change.value)
      // The node between this key and the next has a changed leaf. Its hash is computed.
      newHashes.append(change.key)
    }
    while old < keys.count {
      copy(old, &newKeys, &newValues, &newHashes)
      old += 1
    }
    newHashes.removeLast()
    (keys, values, hashes) = (newKeys, newValues, newHashes)
    return places
  }

  private func copy(
    _ index: Int, _ keys: inout [Digest], _ values: inout [Digest], _ hashes: inout [Digest]
  ) {
    keys.append(self.keys[index])
    values.append(self.values[index])
    // A new key may follow. Then the node between has a changed leaf, and its hash is computed.
    hashes.append(index < self.hashes.count ? self.hashes[index] : self.keys[index])
  }

  /// Computes the hashes over changed leaves, and returns the hash of the range.
  private mutating func rehash(_ range: Range<Int>, _ changed: ArraySlice<Int>) -> Digest {
    if range.count == 1 { return leafHash(range.lowerBound) }
    let (bit, index) = middle(of: range)
    if changed.isEmpty { return hashes[index - 1] }
    let split = changed.firstIndex { $0 >= index } ?? changed.endIndex
    let left = rehash(range.lowerBound..<index, changed[..<split])
    let right = rehash(index..<range.upperBound, changed[split...])
    let hash = Digest.patriciaNode(left, right, bit: bit)
    hashes[index - 1] = hash
    return hash
  }

  // MARK: Proof

  /// The proof about a key: of presence if the subtree has the key, of absence otherwise.
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - upper: the steps from the root of the subtree to that of the tree.
  public func proof(of key: Digest, upper: [PatriciaProof.Step] = []) -> PatriciaProof {
    guard !keys.isEmpty else { return PatriciaProof(leaf: nil, steps: []) }
    var range = 0..<keys.count
    var steps: [PatriciaProof.Step] = []
    while range.count > 1 {
      let (bit, index) = middle(of: range)
      let (left, right) = (range.lowerBound..<index, index..<range.upperBound)
      let isRight = key.bit(bit)
      steps.append(PatriciaProof.Step(bit: bit, sibling: hash(of: isRight ? left : right)))
      range = isRight ? right : left
    }
    let index = range.lowerBound
    return PatriciaProof(
      leaf: PatriciaLeaf(keys[index], values[index]), steps: steps.reversed() + upper)
  }
}
