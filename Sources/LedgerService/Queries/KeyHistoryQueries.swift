public import Encodings
public import LedgerDomain
import LedgerStore

/// A key with the times of what happened to it, and a page of what it signed.
public struct KeyHistory: Sendable {
  /// An event of the key's history.
  public struct Mark: Sendable {
    /// The event.
    public let eventID: Digest
    /// When the ledger recorded it.
    public let recordedAt: Timestamp

    /// Makes a mark.
    public init(eventID: Digest, recordedAt: Timestamp) {
      self.eventID = eventID
      self.recordedAt = recordedAt
    }
  }

  /// The key and its standing.
  public let standing: KeyStanding
  /// The events of the key's history by position. Of very many vouches only the newest are here.
  public let marks: [Position: Mark]
  /// A page of what the key signed, the newest first unless the filter says otherwise.
  public let signed: EventPage
  /// The events of the page with their standings.
  public let details: [EventDetail]

  /// Makes a history.
  public init(
    standing: KeyStanding, marks: [Position: Mark], signed: EventPage, details: [EventDetail]
  ) {
    self.standing = standing
    self.marks = marks
    self.signed = signed
    self.details = details
  }
}

/// Reads keys with their history.
public struct KeyHistoryQueries: Sendable {
  /// The largest number of vouches whose times are read.
  public static let maxVouches = 32
  /// The number of events in one page.
  public static let pageSize = 25

  let store: LedgerStore
  let keys: KeyQueries
  let events: EventQueries

  /// Reads a key.
  ///
  /// - Parameters:
  ///   - fingerprint: 32 hexadecimal digits.
  ///   - filter: what is selected.
  ///   - from: where the page of signed events begins; `nil` for the newest event.
  ///
  /// Errors: `notFound` for a key that is not registered; those of ``EventQueries/page(signedBy:_:from:cursor:limit:)``.
  public func key(
    _ fingerprint: String, _ filter: EventFilter, from: Position? = nil
  ) async throws -> KeyHistory {
    let standing = try await keys.key(fingerprint)
    let key = standing.key
    let vouches = key.vouches.suffix(Self.maxVouches)
    let positions =
      [key.registeredAt] + vouches.map(\.position) + vouches.compactMap(\.until)
      + [key.revokedAt, key.compromisedFrom].compactMap(\.self)
    let found = try await store.scanner.columns(at: Array(Set(positions)))
    let page = try await events.page(
      signedBy: key.fingerprint.hex, filter, from: from, limit: Self.pageSize)
    return KeyHistory(
      standing: standing,
      marks: Dictionary(
        found.map {
          ($0.position, KeyHistory.Mark(eventID: $0.eventID, recordedAt: $0.recordedAt))
        }, uniquingKeysWith: { first, _ in first }), signed: page,
      details: try await events.details(of: page.events))
  }
}
