import Encodings
import TransparencyLog

/// A whole tree in memory, computed by the recursive definitions of RFC 6962, section 2.1.
struct SampleTree {
  let leaves: [Digest]

  /// Caches hashes of large subtrees, which many proofs contain.
  private final class Cache { var hashes: [Range<Int>: Digest] = [:] }
  private let cache = Cache()

  init(_ leaves: [Digest]) { self.leaves = leaves }

  private func hash(_ range: Range<Int>) -> Digest {
    if range.isEmpty { return .emptyTree }
    if range.count == 1 { return leaves[range.lowerBound] }
    if let known = cache.hashes[range] { return known }
    let split = range.lowerBound + Self.split(range.count)
    let hash = Digest.node(hash(range.lowerBound..<split), hash(split..<range.upperBound))
    if range.count >= 64 { cache.hashes[range] = hash }
    return hash
  }

  private static func split(_ count: Int) -> Int {
    var power = 1
    while power * 2 < count { power *= 2 }
    return power
  }

  func root(_ size: TreeSize) -> Digest { hash(0..<Int(size.rawValue)) }

  func inclusion(_ index: UInt64, _ size: TreeSize) -> [Digest] {
    path(Int(index), 0..<Int(size.rawValue))
  }

  private func path(_ index: Int, _ range: Range<Int>) -> [Digest] {
    if range.count == 1 { return [] }
    let split = range.lowerBound + Self.split(range.count)
    return index < split
      ? path(index, range.lowerBound..<split) + [hash(split..<range.upperBound)]
      : path(index, split..<range.upperBound) + [hash(range.lowerBound..<split)]
  }

  func consistency(_ old: TreeSize, _ new: TreeSize) -> [Digest] {
    old.isEmpty || old == new ? [] : subproof(Int(old.rawValue), 0..<Int(new.rawValue), true)
  }

  private func subproof(_ old: Int, _ range: Range<Int>, _ whole: Bool) -> [Digest] {
    if old == range.upperBound { return whole ? [] : [hash(range)] }
    let split = range.lowerBound + Self.split(range.count)
    return old <= split
      ? subproof(old, range.lowerBound..<split, whole) + [hash(split..<range.upperBound)]
      : subproof(old, split..<range.upperBound, false) + [hash(range.lowerBound..<split)]
  }
}
