/// The number of leaves of a Merkle tree, which is the number of entries of the log that it covers.
///
/// A tree of size `n` covers the leaves 0 to `n − 1`. Source: RFC 9162, section 2.1 (`tree_size`).
@frozen
public struct TreeSize: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// The number of leaves.
  public var rawValue: UInt64

  /// Creates a size from a number of leaves.
  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The size of the tree of an empty log.
  public static let zero = TreeSize(rawValue: 0)

  /// Whether the tree has no leaves.
  @inlinable public var isEmpty: Bool { rawValue == 0 }

  /// Reports whether the tree has a leaf with this index.
  @inlinable
  public func covers(leaf index: UInt64) -> Bool { index < rawValue }

  /// The size of the tree with this many leaves more; fewer for a negative number.
  @inlinable
  public func advanced(by count: Int) -> TreeSize {
    TreeSize(rawValue: rawValue.advanced(by: count))
  }

  /// The smallest size of a tree that has a leaf beyond this tree.
  @inlinable public var next: TreeSize { advanced(by: 1) }

  /// Compares the numbers of leaves.
  @inlinable
  public static func < (a: TreeSize, b: TreeSize) -> Bool { a.rawValue < b.rawValue }
}

extension TreeSize {
  /// Creates a size from its storage form. A negative number gives the size 0.
  @inlinable
  public init(stored value: Int64) { self.init(rawValue: UInt64(clamping: value)) }

  /// The storage form: a signed 64-bit integer, as in SQL and JSON. A larger size, which no stored log
  /// has, gives the largest integer.
  @inlinable public var stored: Int64 { Int64(clamping: rawValue) }
}

extension TreeSize: ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Creates a size from an integer literal.
  @inlinable
  public init(integerLiteral value: UInt64) { self.init(rawValue: value) }

  /// Reads a size in plain decimal. Returns `nil` for a sign, a leading zero or any other character,
  /// since each size has one spelling in checkpoints, targets and addresses.
  public init?(_ text: some StringProtocol) {
    guard let value = Decimal.parse(text) else { return nil }
    self.init(rawValue: value)
  }

  /// The size in plain decimal.
  public var description: String { String(rawValue) }
}
