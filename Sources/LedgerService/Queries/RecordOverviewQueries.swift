import LedgerDomain
import LedgerStore

/// A record with what its page shows: the newest statements of each type, with their standings.
public struct RecordOverview: Sendable {
  /// The largest number of events, statements of one type, and citations of one direction.
  public static let maxItems = 10

  /// The record, with its newest citations and claims of authorship.
  public let view: RecordView
  /// The newest events of ``view``, with their standings.
  public let events: [EventDetail]
  /// The newest verified citations by the record's paper.
  public let outbound: CitationPage
  /// The newest proofs of time.
  public let anchors: [EventDetail]
  /// The newest statements about storage.
  public let storage: [EventDetail]
  /// The newest replication records.
  public let replications: [EventDetail]
}

/// Reads records for their pages. The cost does not grow with the number of a record's events.
public struct RecordOverviewQueries: Sendable {
  let store: LedgerStore
  let records: RecordQueries
  let citations: CitationQueries
  let events: EventQueries

  /// Returns a record with its newest statements.
  ///
  /// Errors: those of ``RecordQueries/resolve(_:)``.
  public func overview(_ name: String) async throws -> RecordOverview {
    let record = try await records.resolve(name).record
    let most = RecordOverview.maxItems
    async let viewed = records.view(record, maxEvents: most, maxClaims: most)
    async let outbound = citations.newest(of: record, .outbound, limit: most)
    async let anchors = newest(.timestampAnchor, of: record, limit: most)
    async let storage = newest(.storageAttestation, of: record, limit: most)
    async let replications = newest(.replicationRecord, of: record, limit: most)
    let view = try await viewed
    return RecordOverview(
      view: view, events: try await events.details(of: view.events),
      outbound: try await outbound, anchors: try await anchors, storage: try await storage,
      replications: try await replications)
  }

  private func newest(
    _ type: EventType, of record: ResolvedRecord, limit: Int
  ) async throws -> [EventDetail] {
    try await events.details(
      of: store.log.newestEvents(record: record.record, type: type, limit: limit))
  }
}
