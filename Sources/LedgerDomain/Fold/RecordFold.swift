public import CanonicalJSON
public import Encodings

/// The projection `verification_status` of one record.
///
/// Specification: standing.md, section verification_status.
public struct VerificationStatus: Sendable, Equatable {
  /// `content_addressed`.
  public var contentAddressed = false
  /// `pith_receipt`.
  public var pithReceipt = false
  /// `weak_author_claims`.
  public var weakAuthorClaims: Int32 = 0
  /// `strong_author_claims`. `author_attested` is true if this is at least 1.
  public var strongAuthorClaims: Int32 = 0
  /// `externally_anchored`.
  public var externallyAnchored = false
  /// `storage_verified`, at the time for which the status was computed.
  public var storageVerified = false
  /// `citation_signatures`.
  public var citationSignatures: Int32 = 0
  /// `replication_records`.
  public var replicationRecords: Int32 = 0
  /// `graph_snapshot`.
  public var graphSnapshot = false
  /// `references_resolved`.
  public var referencesResolved = false
  /// `formal_links_present`.
  public var formalLinksPresent = false

  /// The keys of the specification.
  public static var keys: [String] { VerificationStatus().json.keys }

  /// The object with exactly the keys of the specification.
  public var json: JSONObject {
    [
      "content_addressed": .bool(contentAddressed), "pith_receipt": .bool(pithReceipt),
      "author_attested": .bool(strongAuthorClaims >= 1),
      "weak_author_claims": .integer(Int64(weakAuthorClaims)),
      "strong_author_claims": .integer(Int64(strongAuthorClaims)),
      "externally_anchored": .bool(externallyAnchored), "storage_verified": .bool(storageVerified),
      "citation_signatures": .integer(Int64(citationSignatures)),
      "replication_records": .integer(Int64(replicationRecords)),
      "graph_snapshot": .bool(graphSnapshot), "references_resolved": .bool(referencesResolved),
      "formal_links_present": .bool(formalLinksPresent),
    ]
  }
}

/// The state of one record from which both projections derive. It is a pure function of the
/// record's events and the key timeline.
public struct RecordState: Sendable, Equatable {
  /// The record.
  public var record: RecordID
  /// Whether a `record_created` is in the log whose canonical record was hashed on admission.
  public var contentAddressed = false
  /// Whether a `record_created` has a receipt by a trusted key.
  public var pithReceipt = false
  /// Whether a `graph_snapshot` is in the log.
  public var graphSnapshot = false
  /// The `reference_count` of the newest snapshot.
  public var referenceCount: Int32 = 0
  /// The `resolved_work` of the newest snapshot.
  public var resolvedWork: Int32 = 0
  /// The `formal_evidence_count` of the newest snapshot.
  public var formalEvidenceCount: Int32 = 0
  /// The sum of the totals of the record's groups.
  public var sums = GroupTotals()
  /// `recorded_at` of the first attestation.
  public var firstRecordedAt: Timestamp?
  /// `recorded_at` of the last attestation.
  public var lastRecordedAt: Timestamp?
  /// The event id of the last attestation.
  public var lastEventID: Digest?
  /// The position of the last event folded for this record.
  public var position: Position = .beforeFirst
  /// The number of events of unknown types.
  public var unknownEvents: Int32 = 0

  /// Makes the state of a record without events.
  public init(record: RecordID) { self.record = record }

  /// Applies the effects of an event that do not depend on its group.
  public mutating func applyRecordLevel(_ event: FoldEvent) {
    position = event.position
    switch event.type {
    case .recordCreated:
      if event.flags.contains(.contentAddressed) { contentAddressed = true }
      if event.flags.contains(.receiptVerified) { pithReceipt = true }
    case .graphSnapshot:
      graphSnapshot = true
      referenceCount = event.referenceCount
      resolvedWork = event.resolvedWork
      formalEvidenceCount = event.formalEvidenceCount
    case .unknown: unknownEvents += 1
    case let type where type.isAttestation:
      if firstRecordedAt == nil { firstRecordedAt = event.recordedAt }
      lastRecordedAt = event.recordedAt
      lastEventID = event.eventID
    default: break
    }
  }

  /// Computes `verification_status`.
  ///
  /// - Parameters:
  ///   - storageVerifiedUntil: the latest time until which storage counts, of all groups of the
  ///     record.
  ///   - time: the time with which expiry is compared. Nothing else in the fold depends on time.
  public func verificationStatus(
    storageVerifiedUntil: Timestamp?, at time: Timestamp
  ) -> VerificationStatus {
    VerificationStatus(
      contentAddressed: contentAddressed, pithReceipt: pithReceipt,
      weakAuthorClaims: sums.weakAuthors, strongAuthorClaims: sums.strongAuthors,
      externallyAnchored: sums.verifiedAnchors > 0,
      storageVerified: storageVerifiedUntil.map { $0 > time } ?? false,
      citationSignatures: sums.citationEdges, replicationRecords: sums.approvedReplications,
      graphSnapshot: graphSnapshot,
      referencesResolved: referenceCount > 0 && resolvedWork == referenceCount,
      formalLinksPresent: formalEvidenceCount > 0)
  }

  /// Computes `event_summary`, which is `{}` for a record without attestations.
  ///
  /// Specification: standing.md, section event_summary.
  public func eventSummary() -> JSONObject {
    guard let firstRecordedAt, let lastRecordedAt, let lastEventID else { return [:] }
    let (total, byType) = sums.countsByType
    return [
      "total": .integer(total), "by_type": .object(byType),
      "first_recorded_at": .string(firstRecordedAt.description),
      "last_recorded_at": .string(lastRecordedAt.description),
      "last_event_id": .string("sha256:" + lastEventID.hex),
      "equivocations": .integer(Int64(sums.equivocations)), "position": .integer(position.rawValue),
    ]
  }
}

/// The state of a record, with the storage of each of its groups. Storage is kept by group, because
/// a maximum cannot be updated by adding differences.
public struct FoldedRecord: Sendable, Equatable {
  /// The state.
  public var state: RecordState
  /// The time until which storage counts, by group. In an update, `nil` means that the group's
  /// storage no longer counts.
  public var storage: [Int64: Timestamp?]
  /// The citations of the record; in an update, those that are new or changed.
  public var citations: [FoldedCitation] = []
  /// The identities whose strong author claims stand, by group. In an update, the groups that change; an empty set means
  /// that the group no longer has any.
  public var strongAuthors: [Int64: Set<Digest128>] = [:]

  /// Makes a folded record.
  public init(state: RecordState, storage: [Int64: Timestamp?] = [:]) {
    self.state = state
    self.storage = storage
  }

  /// The latest time of all groups in ``storage``.
  public var storageVerifiedUntil: Timestamp? { storage.values.compactMap { $0 }.max() }

  /// Folds all events of one record, given by position. Replay uses this.
  ///
  /// - Parameters:
  ///   - events: the events of the record in the order of the log.
  ///   - context: the keys and names as of the last event, or later.
  public static func whole(_ events: [FoldEvent], _ context: FoldContext) -> FoldedRecord {
    var folded = FoldedRecord(state: RecordState(record: events.first?.record ?? .registry))
    // Sorting is cheaper than a dictionary of arrays, because most of the millions of groups have one event.
    var members: [(group: Int64, index: Int)] = []
    members.reserveCapacity(events.count)
    let events = events.span
    for index in events.indices {
      folded.state.applyRecordLevel(events[index])
      if let group = events[index].foldGroup { members.append((group, index)) }
    }
    members.sort { $0 < $1 }
    let joined = context.papers.joined(among: events)
    let alone = GroupFold([], context)
    // The events of linked groups, which are few.
    var linked: [Int] = []
    var start = 0
    while start < members.count {
      let group = members[start].group
      var end = start + 1
      while end < members.count, members[end].group == group { end += 1 }
      if (start..<end).contains(where: {
        events[members[$0].index].isLinked(context, joined)
      }) {
        linked += members[start..<end].map(\.index)
      } else if end == start + 1 {
        let result = alone.addAlone(events[members[start].index], to: &folded.state.sums)
        if let until = result.storageVerifiedUntil { folded.storage[group] = until }
        if let citation = result.citation { folded.citations.append(citation) }
      } else {
        folded.add(GroupFold(members[start..<end].map { events[$0.index] }, context))
      }
      start = end
    }
    if !linked.isEmpty {
      folded.add(GroupFold(linked.sorted().map { events[$0] }, context))
    }
    return folded
  }

  private mutating func add(_ fold: GroupFold) {
    fold.add(to: &state.sums)
    for (group, until) in fold.storage { storage[group] = until }
    citations += fold.citations
    strongAuthors.merge(fold.strongAuthors) { _, new in new }
  }

  /// Folds new events of one record into its state. The live projector uses this.
  ///
  /// - Parameters:
  ///   - state: the state of the record before the new events.
  ///   - old: events that the state includes already: those of the groups of `new`, those of the
  ///     groups with an event whose meaning differs under `after`, and those that ``FoldLinks``
  ///     finds for them under `before` or `after`. Each group is complete or absent.
  ///   - new: later events, by position; may be empty.
  ///   - before: the keys and names with which the state was folded.
  ///   - after: the keys and names as of the newest event.
  public static func update(
    _ state: RecordState, old: [FoldEvent], new: [FoldEvent], before: FoldContext,
    after: FoldContext
  ) -> FoldedRecord {
    var folded = FoldedRecord(state: state)
    for event in new { folded.state.applyRecordLevel(event) }
    let fold = GroupFold(old + new.filter { $0.foldGroup != nil }, after)
    let earlier = GroupFold(old, before)
    folded.state.sums = folded.state.sums + (fold.contribution - earlier.contribution)
    for group in earlier.storage.keys { folded.storage[group] = .some(nil) }
    for (group, until) in fold.storage { folded.storage[group] = .some(until) }
    let known = Dictionary(earlier.citations.map { ($0.position, $0) }) { $1 }
    folded.citations = fold.citations.filter { known[$0.position] != $0 }
    let (earlierAuthors, authors) = (earlier.strongAuthors, fold.strongAuthors)
    for group in Set(earlierAuthors.keys).union(authors.keys)
    where earlierAuthors[group] != authors[group] {
      folded.strongAuthors[group] = authors[group] ?? []
    }
    return folded
  }
}
