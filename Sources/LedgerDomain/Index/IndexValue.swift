public import CanonicalJSON
public import Encodings
public import TransparencyLog

/// The positions of a key of the index, as the tree commits to them: the edge of an RFC 6962 tree over the positions in
/// ascending order.
///
/// Specification: map.md, section Values.
public struct IndexedPositions: Hashable, Sendable {
  /// The tree over the positions.
  public private(set) var range: CompactRange

  /// The positions of a key that no event has.
  public init() { range = CompactRange() }

  /// Makes the positions from their stored form.
  public init(_ range: CompactRange) { self.range = range }

  /// Makes positions, given in ascending order.
  public init(_ positions: some Sequence<Position>) {
    self.init()
    for position in positions { append(position) }
  }

  /// The number of positions.
  public var count: Int64 { range.size.stored }

  /// The value of the key: the root of the tree.
  public var value: Digest { range.root }

  /// Adds a position, which is larger than the others.
  public mutating func append(_ position: Position) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8)
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: position.rawValue >> Int64(shift)))
    }
    range.append(.leaf(bytes))
  }
}

/// The status of a record as the index commits to it: the result of the fold, without what depends on the time at which it
/// is read.
///
/// Specification: map.md, section Values.
public struct IndexedStatus: Sendable, Equatable {
  /// The object `event_summary`. Empty for a record without attestations.
  public let eventSummary: JSONObject
  /// The position of the last event about the record.
  public let position: Position
  /// The time until which storage counts as verified; `nil` if none was.
  public let storageVerifiedUntil: Timestamp?
  /// The object `verification_status` without `storage_verified`.
  public let verificationStatus: JSONObject

  /// The member of `verification_status` that depends on time.
  public static let timeDependent = "storage_verified"

  /// Makes the status of a folded record.
  public init(_ state: RecordState, storageVerifiedUntil: Timestamp?) {
    eventSummary = state.eventSummary()
    position = state.position
    self.storageVerifiedUntil = storageVerifiedUntil
    verificationStatus =
      state.verificationStatus(
        storageVerifiedUntil: storageVerifiedUntil, at: Timestamp(microseconds: 0)
      ).json.removing([Self.timeDependent])
  }

  /// The object that is hashed.
  public var json: JSONObject {
    [
      "event_summary": .object(eventSummary), "position": .integer(position.rawValue),
      "storage_verified_until": storageVerifiedUntil.map { .string($0.description) } ?? .null,
      "verification_status": .object(verificationStatus),
    ]
  }

  /// The value of the key: SHA-256 of the canonical JSON.
  public var value: Digest { Digest(hashing: JSON.object(json).canonicalBytes()) }
}
