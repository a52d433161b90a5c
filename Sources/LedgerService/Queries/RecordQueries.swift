import CanonicalJSON
public import Encodings
public import LedgerDomain
public import LedgerStore
public import TransparencyLog

/// Reads records: their documents, their status now and in the past, and their graph.
public final class RecordQueries: Sendable {
  let store: LedgerStore
  let resolver: RecordResolver
  let documents: RecordDocuments
  let citations: CitationQueries
  let timeline: TimelineCache
  let configuration: LedgerConfiguration
  let pastStates: PastStates

  init(
    store: LedgerStore, resolver: RecordResolver, documents: RecordDocuments,
    citations: CitationQueries,
    timeline: TimelineCache, configuration: LedgerConfiguration, pastStates: PastStates
  ) {
    self.store = store
    self.resolver = resolver
    self.documents = documents
    self.citations = citations
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
  /// - Parameters:
  ///   - name: the record, by any of its names.
  ///   - atLeast: a position that the projections must include. The call waits for it at most
  ///     `Limits.projectionWait`.
  ///
  /// Errors: those of ``resolve(_:)``; `unavailable` if the projections lag behind; `malformed` if the log has no
  /// position `atLeast`.
  public func status(_ name: String, atLeast: Position? = nil) async throws -> StatusSnapshot {
    if let atLeast { try await wait(for: atLeast) }
    let parsed = try RecordName(name)
    return try snapshot(try await store.records.statuses(parsed), for: parsed, name)
  }

  /// The status of the best of the records that a name finds.
  private func snapshot(
    _ found: [RecordWithStatus], for parsed: RecordName, _ name: String
  ) throws(Refusal) -> StatusSnapshot {
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

  /// The largest number of names in one request for statuses.
  public static let maxNames = 100

  /// Returns the statuses of several records, all as of one moment, in the order of their names. A name that designates
  /// no record has a refusal in the place of its status.
  ///
  /// - Parameters:
  ///   - names: the records, each by any of its names.
  ///   - atLeast: as in ``status(_:atLeast:)``.
  ///
  /// Errors: `malformed` with check `query` for no name or more than ``maxNames``; those of waiting for `atLeast`.
  public func statuses(
    _ names: [String], atLeast: Position? = nil
  ) async throws -> [(name: String, status: Result<StatusSnapshot, Refusal>)] {
    guard (1...Self.maxNames).contains(names.count) else {
      throw Refusal(
        .malformed, check: "query", field: "id", "Name 1 to \(Self.maxNames) records.")
    }
    if let atLeast { try await wait(for: atLeast) }
    let parsed = names.map { name in
      Result<RecordName, Refusal> { () throws(Refusal) in try RecordName(name) }
    }
    let known = parsed.compactMap { try? $0.get() }
    var found = try await store.records.statuses(known)[...]
    return zip(names, parsed).map { name, parsed in
      let status = parsed.flatMap { parsed in
        let records = found.popFirst() ?? []
        return Result<StatusSnapshot, Refusal> { () throws(Refusal) in
          try snapshot(records, for: parsed, name)
        }
      }
      return (name, status)
    }
  }

  /// Returns the status of a record as of a point of the log: after a number of events, or at a time.
  ///
  /// - Parameters:
  ///   - name: the record, by any of its names.
  ///   - point: a number of events, or a time.
  ///   - atLeast: as in ``status(_:atLeast:)``.
  ///
  /// Errors: those of ``status(_:asOf:atLeast:)``; `notFound` for a time before the first event.
  public func status(
    _ name: String, at point: LogPoint, atLeast: Position? = nil
  ) async throws -> StatusSnapshot {
    let size = try await point.size(in: store)
    if case .time(let time) = point, size.isEmpty {
      throw Refusal(
        .notFound, check: "as_of", field: "as_of", "The log had no event at \(time).")
    }
    return try await status(name, asOf: size, atLeast: atLeast)
  }

  /// Returns the status of a record after the first `size` events of the log.
  ///
  /// - Parameters:
  ///   - name: the record, by any of its names.
  ///   - size: the number of events.
  ///   - atLeast: as in ``status(_:atLeast:)``.
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

  /// Whether the ledger holds a document. It may have been erased since an answer was made from it.
  public func holdsDocument(_ digest: Digest) async throws -> Bool {
    try await store.evidence.holdsDocument(digest)
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
  /// - Parameters:
  ///   - name: the record, by any of its names.
  ///   - maxEvents: the largest number of events.
  ///   - maxClaims: the largest number of claims of authorship.
  ///
  /// Errors: those of ``resolve(_:)``.
  public func view(
    _ name: String, maxEvents: Int = RecordView.maxEvents,
    maxClaims: Int = RecordQueries.maxAuthorClaims
  ) async throws -> RecordView {
    try await view(resolve(name).record, maxEvents: maxEvents, maxClaims: maxClaims)
  }

  /// Returns a record as ``view(_:maxEvents:maxClaims:)`` does.
  func view(_ record: ResolvedRecord, maxEvents: Int, maxClaims: Int) async throws -> RecordView {
    let standing = try await documents.standing(of: record)
    let document: RecordDocument? =
      if let standing { try await documents.document(standing.digest) } else { nil }
    let newest = try await store.log.events(
      record: record.record, limit: maxEvents * 2, newestFirst: true)
    // Events that an import writes are part of the record, and not statements about it.
    let statements = newest.filter {
      ![.recordCreated, .aliasAdded, .graphSnapshot].contains($0.type)
    }.prefix(maxEvents)
    let projected = try await store.projections.state(record: record.record)
    return RecordView(
      record: record, document: document?.json, titleVerified: document?.titleVerified,
      canonicalRecord: try await canonicalRecord(of: record, document),
      aliases: try await store.records.names(record: record.record).map {
        RecordView.Name(alias: $0.alias, isRetracted: $0.isRetracted)
      },
      events: Array(statements),
      hasMoreEvents: newest.count == maxEvents * 2 || statements.count == maxEvents,
      status: projected.map {
        StatusSnapshot(
          record.pithNumber, $0, position: $0.state.position, at: configuration.clock())
      },
      createdAt: try await store.log.events(from: record.record.firstPosition, limit: 1).first?
        .recordedAt,
      updatedAt: newest.first?.recordedAt,
      provenance: document == nil
        ? nil
        : standing.map {
          RecordView.Provenance(
            documentDigest: $0.digest, position: $0.event.position, recordedAt: $0.event.recordedAt)
        },
      isDocumentMissing: document == nil && standing != nil,
      authorClaims: try await authorClaims(
        of: record.record, projected, limit: maxClaims),
      vouchedCitations: Int(projected?.state.sums.vouchedCitationEdges ?? 0),
      citations: try await citations.newest(
        of: record, .inbound, limit: RecordView.maxCitations))
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

  private func snapshot(of record: ResolvedRecord) async throws -> GraphView.Snapshot? {
    guard let newest = try await documents.snapshot(of: record) else { return nil }
    return GraphView.Snapshot(
      position: newest.event.position,
      payload: try Entry(bytes: newest.event.entry).event.body.payloadJSON,
      document: try await documents.document(newest.digest)?.json["graph_snapshot"])
  }

  /// Returns the newest graph snapshot of a record, and the newest citations that the log attests.
  ///
  /// Errors: those of ``resolve(_:)``; `notFound` if the record has neither.
  public func graph(_ name: String) async throws -> GraphView {
    let record = try await resolve(name).record
    let limit = GraphView.maxCitations
    async let inward = citations.newest(of: record, .inbound, limit: limit)
    async let outward = citations.newest(of: record, .outbound, limit: limit)
    let (inbound, outbound) = try await (inward, outward)
    let snapshot = try await snapshot(of: record)
    guard snapshot != nil || !inbound.citations.isEmpty || !outbound.citations.isEmpty else {
      throw Refusal(
        .notFound, check: "graph",
        "This record has no graph snapshot, and no citation of it or by it is attested.")
    }
    let projected = try await store.projections.state(record: record.record)
    return GraphView(
      pithNumber: record.pithNumber,
      snapshot: snapshot,
      inbound: inbound, outbound: outbound,
      authorClaims: try await authorClaims(of: record.record, projected),
      status: projected?.state.verificationStatus(
        storageVerifiedUntil: projected?.storageVerifiedUntil, at: configuration.clock()))
  }
}
