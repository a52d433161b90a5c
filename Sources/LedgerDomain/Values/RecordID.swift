/// The subject of an event inside one log: a record, or the registry.
///
/// A record's identifier is the position of its first `record_created` event. Therefore an identifier
/// has a meaning in one log only; a ``PithNumber`` names a record everywhere. The type is trivial,
/// because replay copies millions of identifiers.
@frozen
public struct RecordID: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// The storage form: the position of the record's first event, or −1 for the registry.
  public var rawValue: Int64

  /// Makes an identifier from its storage form. The range is not checked.
  @inlinable
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// The record whose first event has this position.
  @inlinable
  public init(createdAt position: Position) { self.init(rawValue: position.rawValue) }

  /// The registry: the subject of events about keys and about checkpoints.
  public static let registry = RecordID(rawValue: -1)

  /// The position of the record's first event.
  @inlinable public var firstPosition: Position { Position(rawValue: rawValue) }

  /// Whether this is the registry and not a record.
  @inlinable public var isRegistry: Bool { rawValue < 0 }

  /// Compares the storage forms: the registry first, then records in the order of their creation.
  @inlinable
  public static func < (a: RecordID, b: RecordID) -> Bool { a.rawValue < b.rawValue }
}

extension RecordID: CustomStringConvertible {
  /// The storage form in decimal.
  public var description: String { String(rawValue) }
}
