import CanonicalJSON
public import LedgerDomain
public import LedgerStore
public import TransparencyLog

/// Reads records: their documents, their status now and in the past, and their graph.
public final class RecordQueries: Sendable {
  let store: LedgerStore
  let resolver: RecordResolver
  let documents: RecordDocuments
  let timeline: TimelineCache
  let configuration: LedgerConfiguration
  let pastStates: PastStates

  init(
    store: LedgerStore, resolver: RecordResolver, documents: RecordDocuments,
    timeline: TimelineCache, configuration: LedgerConfiguration, pastStates: PastStates
  ) {
    self.store = store
    self.resolver = resolver
    self.documents = documents
    self.timeline = timeline
    self.configuration = configuration
    self.pastStates = pastStates
  }

  /// Returns the record that a name designates, and the other records that have the same alias.
  ///
  /// - Parameter name: a Pith Number, a short form, an arXiv id or a DOI.
  ///
  /// Errors: `notFound`; `conflict` with the candidates if a short form is ambiguous.
  public func resolve(
    _ name: String
  ) async throws -> (record: ResolvedRecord, others: [ResolvedRecord]) {
    try await resolver.resolve(name)
  }

  // MARK: Status

  /// Returns the status of a record as of now.
  ///
  /// - Parameter atLeast: a position that the projections must include. The call waits for it at most
  ///   `Limits.projectionWait`.
  ///
  /// Errors: those of ``resolve(_:)``; `unavailable` if the projections lag behind; `malformed` if the log has no
  /// position `atLeast`.
  public func status(_ name: String, atLeast: Position? = nil) async throws -> StatusSnapshot {
    if let atLeast { try await wait(for: atLeast) }
    let parsed = try RecordName(name)
    let found = try await store.records.statuses(parsed)
    let record = try RecordResolver.best(of: found.map(\.record), for: parsed, name)
    guard let first = found.first, let projected = first.projected else {
      throw Refusal(
        .unavailable, check: "projection",
        "The projections do not include this record yet. Try again.")
    }
    return StatusSnapshot(
      record.pithNumber, projected, position: max(first.position, projected.state.position),
      at: configuration.clock())
  }

  /// Returns the status of a record after the first `size` events of the log.
  ///
  /// - Parameter atLeast: as in ``status(_:atLeast:)``.
  ///
  /// Errors: those of ``resolve(_:)``; `malformed` if the log has fewer events; `notFound` if the record is not among
  /// the first `size` events; `unavailable` if too many past states are being computed.
  public func status(
    _ name: String, asOf size: TreeSize, atLeast: Position? = nil
  ) async throws -> StatusSnapshot {
    if let atLeast { try await wait(for: atLeast) }
    let record = try await resolve(name).record
    let head = try await store.log.size()
    guard !size.isEmpty, size <= head else {
      throw Refusal(
        .malformed, check: "as_of", field: "as_of",
        "as_of is a number of events: at least 1, and at most \(head), the size of the log.")
    }
    let end = size.end
    guard record.record.firstPosition < end,
      let last = try await store.log.events(from: end.previous, limit: 1).first
    else {
      throw Refusal(
        .notFound, check: "as_of", "The record is not among the first \(size) events.")
    }
    return StatusSnapshot(
      record.pithNumber, try await pastStates.state(of: record.record, size: size),
      position: end.previous, at: last.recordedAt)
  }

  /// Returns the version of the projections. Statuses change only with the version and with time.
  public func projectionVersion() async throws -> ProjectionVersion {
    try await store.projections.version()
  }

  private func wait(for position: Position) async throws {
    let size = try await store.log.size()
    guard size.covers(position) else {
      throw Refusal(
        .malformed, check: "at_least", field: "at_least",
        "The log has \(size) events. Its last position is \(size.end.previous).")
    }
    guard
      try await store.projections.wait(for: position, timeout: configuration.limits.projectionWait)
    else {
      throw Refusal(
        .unavailable, check: "at_least",
        "The projections do not include position \(position) yet. Try again.")
    }
  }

  // MARK: Views

  /// Returns a record with its document, its newest events and its status.
  ///
  /// Errors: those of ``resolve(_:)``.
  public func view(_ name: String) async throws -> RecordView {
    try await view(resolve(name).record)
  }

  private func view(_ record: ResolvedRecord) async throws -> RecordView {
    let document = try await documents.document(of: record)
    let newest = try await store.log.events(
      record: record.record, limit: RecordView.maxEvents * 2, newestFirst: true)
    // Events that an import writes are part of the record, and not statements about it.
    let statements = newest.filter {
      ![.recordCreated, .aliasAdded, .graphSnapshot].contains($0.type)
    }.prefix(RecordView.maxEvents)
    let projected = try await store.projections.state(record: record.record)
    return RecordView(
      record: record, document: document?.json, titleVerified: document?.titleVerified,
      canonicalRecord: try await canonicalRecord(of: record, document),
      aliases: try await store.records.names(record: record.record).map {
        RecordView.Name(alias: $0.alias, isRetracted: $0.isRetracted)
      },
      events: Array(statements),
      hasMoreEvents: newest.count == RecordView.maxEvents * 2
        || statements.count == RecordView.maxEvents,
      status: projected.map {
        StatusSnapshot(
          record.pithNumber, $0, position: $0.state.position, at: configuration.clock())
      },
      createdAt: try await store.log.events(from: record.record.firstPosition, limit: 1).first?
        .recordedAt,
      updatedAt: newest.first?.recordedAt)
  }

  private func canonicalRecord(
    of record: ResolvedRecord, _ document: RecordDocument?
  ) async throws -> JSONObject {
    if let document { return document.canonical.json }
    guard
      let stored = try await store.log.events(from: record.record.firstPosition, limit: 1).first,
      case .recordCreated(let payload) = try Entry(bytes: stored.entry).event.body.payload
    else {
      throw Refusal(.unavailable, check: "log", "The record's first event cannot be read.")
    }
    return payload.canonical.json
  }

  /// Returns the newest graph snapshot of a record.
  ///
  /// Errors: those of ``resolve(_:)``; `notFound` if the record has no graph.
  public func graph(_ name: String) async throws -> GraphView {
    let record = try await resolve(name).record
    guard let stored = try await store.log.latestEvent(record: record.record, type: .graphSnapshot)
    else {
      throw Refusal(.notFound, check: "graph", "This record has no graph snapshot.")
    }
    return GraphView(
      pithNumber: record.pithNumber, position: stored.position,
      snapshot: try Entry(bytes: stored.entry).event.body.payloadJSON,
      document: try await documents.document(of: record)?.json["graph_snapshot"])
  }

  /// Returns a record with the standing of its newest attestations, at most ``EventQueries/pageSize``.
  ///
  /// Errors: those of ``resolve(_:)``.
  public func state(_ name: String) async throws -> RecordStateView {
    let record = try await resolve(name).record
    let view = try await view(record)
    let keys = try await timeline.current().timeline
    let newest = try await store.folds.newestAttestations(
      record: record.record, limit: EventQueries.pageSize)
    let fold = GroupFold(
      try await store.folds.events(
        record: record.record, groups: Set(newest.compactMap(\.foldGroup)), keys), keys)
    let standings = newest.map {
      RecordStateView.Standing(
        eventID: $0.eventID, type: $0.type, position: $0.position,
        isSignerVouched: keys.isVouched($0.signerKey, at: $0.position),
        standing: fold.standingName(of: $0.position))
    }
    let position = try await store.projections.position()
    let projected = try await store.projections.state(record: record.record)
    return RecordStateView(
      record: view, standings: standings, position: position,
      vouchedCitations: Int(projected?.state.sums.vouchedCitationEdges ?? 0))
  }
}
