public import LedgerDomain
public import LedgerStore

/// Reads events page by page: those of one record, or those of the whole log.
public struct EventQueries: Sendable {
  /// The largest number of events in one page.
  public static let pageSize = 1000

  let store: LedgerStore
  let resolver: RecordResolver

  /// Returns a page of one record's events, ascending by position.
  ///
  /// - Parameters:
  ///   - name: a Pith Number, a short form, an arXiv id or a DOI.
  ///   - from: the lowest position of the page.
  ///   - limit: the largest number of events, brought into 1...`pageSize`.
  ///
  /// Errors: those of ``RecordQueries/resolve(_:)``.
  public func page(
    of name: String, from: Position = .first, limit: Int = 100
  ) async throws -> EventPage {
    let record = try await resolver.resolve(name).record
    let limit = max(1, min(limit, Self.pageSize))
    return EventPage(
      pithNumber: record.pithNumber,
      events: try await store.log.events(record: record.record, from: from, limit: limit),
      limit: limit)
  }

  /// Returns a page of the log, ascending by position.
  ///
  /// - Parameters:
  ///   - from: the lowest position of the page.
  ///   - limit: the largest number of events, brought into 1...`pageSize`.
  public func page(from: Position = .first, limit: Int = 100) async throws -> EventPage {
    let limit = max(1, min(limit, Self.pageSize))
    return EventPage(
      pithNumber: nil, events: try await store.log.events(from: from, limit: limit), limit: limit)
  }
}

/// Successive events of one record or of the log.
public struct EventPage: Sendable {
  /// The record that the events are about. `nil` for a page of the log.
  public let pithNumber: PithNumber?
  /// The events, ascending by position.
  public let events: [StoredEvent]
  /// The largest number of events that the page may have.
  public let limit: Int

  /// Makes a page.
  public init(pithNumber: PithNumber?, events: [StoredEvent], limit: Int) {
    self.pithNumber = pithNumber
    self.events = events
    self.limit = limit
  }

  /// The lowest position of the next page. `nil` if this page is not full.
  public var next: Position? {
    events.count == limit ? events.last.map { $0.position.next } : nil
  }
}
