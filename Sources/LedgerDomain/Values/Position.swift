public import TransparencyLog

/// The position of an entry in the log, counted from 0.
///
/// Positions have no gaps. The storage form is a signed 64-bit integer; ``rawValue`` gives it to
/// SQL, JSON and other code that does not know this type. The type is trivial, because replay
/// copies millions of positions. Specification: log.md, section Entry.
@frozen
public struct Position: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// The storage form.
  public var rawValue: Int64

  /// Makes a position from its storage form. The range is not checked.
  @inlinable
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// The position of the first entry.
  public static let first = Position(rawValue: 0)

  /// The position before the first entry: the last position of an empty log.
  public static let beforeFirst = Position(rawValue: -1)

  /// A position after every entry that a log can have.
  public static let max = Position(rawValue: .max)

  /// The position of the entry that is this leaf of the log's tree.
  @inlinable public init(leaf index: UInt64) { self.init(rawValue: Int64(clamping: index)) }

  /// The index of the entry's leaf in the log's tree.
  @inlinable public var leafIndex: UInt64 { UInt64(clamping: rawValue) }

  /// The position after this one.
  @inlinable public var next: Position { Position(rawValue: rawValue + 1) }

  /// The position before this one.
  @inlinable public var previous: Position { Position(rawValue: rawValue - 1) }

  /// Compares the storage forms.
  @inlinable
  public static func < (a: Position, b: Position) -> Bool { a.rawValue < b.rawValue }
}

extension Position: Strideable {
  /// The number of entries from this position to another.
  @inlinable
  public func distance(to other: Position) -> Int { Int(other.rawValue - rawValue) }

  /// The position this number of entries later.
  @inlinable
  public func advanced(by count: Int) -> Position { Position(rawValue: rawValue + Int64(count)) }
}

extension TreeSize {
  /// The position after the last entry that the tree covers.
  public var end: Position { Position(leaf: rawValue) }

  /// Reports whether the tree covers the entry at a position.
  public func covers(_ position: Position) -> Bool {
    position >= .first && covers(leaf: position.leafIndex)
  }
}

extension Position: ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Makes a position from a literal.
  @inlinable
  public init(integerLiteral value: Int64) { self.init(rawValue: value) }

  /// The position in decimal.
  public var description: String { String(rawValue) }
}
