import LedgerDomain
import LedgerStore

/// Reads from the store what the admission of an event depends on.
final class AdmissionReader: Sendable {
  let store: LedgerStore
  let documents: RecordDocuments
  let configuration: LedgerConfiguration

  init(
    store: LedgerStore, documents: RecordDocuments, configuration: LedgerConfiguration
  ) {
    self.store = store
    self.documents = documents
    self.configuration = configuration
  }

  /// The inputs of one event about a record, read in one round trip. `nil` if the ledger has no such
  /// record.
  func inputs(
    for event: SignedEvent, about number: PithNumber
  ) async throws -> AdmissionInputs? {
    let columns = event.foldEvent(
      .signedOnly(at: event.body.createdAt), position: .max, record: RecordID(createdAt: .first),
      referenced: nil)
    return try await store.submissions.admissionInputs(
      number, id: event.eventID, referenced: event.body.referencedEventID,
      group: columns.foldGroup, citing: event.body.citing,
      citation: columns.citation)
  }

  /// The facts about a record. The document, the graph and the aliases are read only for the event
  /// types that need them.
  func facts(of record: ResolvedRecord, for body: EventBody) async throws -> RecordFacts {
    var facts = RecordFacts(
      record: record.record, pithNumber: record.pithNumber, canonicalSHA256: record.canonicalSHA256)
    if body.type == .authorAttestation {
      facts.authorNames = try await documents.document(of: record)?.authorNames
    }
    if body.type == .replicationRecord || body.target.text.hasPrefix("claim:"),
      let snapshot = try await store.log.latestEvent(record: record.record, type: .graphSnapshot),
      case .graphSnapshot(let payload) = try Entry(bytes: snapshot.entry).event.body.payload
    {
      facts.claimIDs = Set(payload.claimIDs)
    }
    if body.type == .aliasRetracted {
      facts.aliases = Set(try await store.records.aliases(record: record.record))
    }
    if body.type == .timestampAnchor {
      facts.pendingBareAnchors = try await pendingBareAnchors(record)
    }
    return facts
  }

  /// The number of pending anchors without a submitter's signature, as of the newest event.
  private func pendingBareAnchors(_ record: ResolvedRecord) async throws -> Int {
    let newest = try await store.log.size().end.previous
    _ = try await store.projections.wait(
      for: newest, timeout: configuration.limits.projectionWait)
    return Int(
      try await store.projections.state(record: record.record)?.state.sums.pendingBareAnchors ?? 0)
  }

  /// The events of the fold group that a candidate would join.
  ///
  /// - Parameter inputs: the inputs, if they include the group.
  func group(
    of candidate: FoldEvent, event: SignedEvent, record: RecordID, inputs: AdmissionInputs?,
    _ timeline: KeyTimeline
  ) async throws -> LinkedEvents {
    guard let number = candidate.foldGroup else { return LinkedEvents() }
    if let inputs, inputs.citesUnderOneName, timeline.isOnlyKeyOfSigner(candidate.signerKey) {
      return LinkedEvents(inputs.group)
    }
    let own =
      if let inputs { inputs.group } else {
        try await store.folds.events(record: record, group: number)
      }
    var group = try await store.folds.addingLinked(
      to: own, and: candidate, record: record, timeline)
    // A claim that waits for the check of its token is in no group of its iD's.
    if candidate.flags.isSuperset(of: [.tokenClaim, .bare]),
      let token = event.body.payload.evidence,
      let waiting = try await store.folds.claim(by: token, record: record),
      waiting.foldGroup != number
    {
      group.events = (group.events + [waiting]).sorted { $0.position < $1.position }
    }
    return group
  }
}
