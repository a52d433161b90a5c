public import CanonicalJSON
public import Encodings

/// `verification_status`: what is verified about one record, under exactly these keys.
public struct VerificationStatus: Sendable, Equatable {
  public var contentAddressed = false
  public var pithReceipt = false
  public var weakAuthorClaims: Int32 = 0
  public var strongAuthorClaims: Int32 = 0
  public var externallyAnchored = false
  public var storageVerified = false
  public var citationSignatures: Int32 = 0
  public var replicationRecords: Int32 = 0
  public var graphSnapshot = false
  public var referencesResolved = false
  public var formalLinksPresent = false

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

/// All that the projections keep of one record: a pure function of its events and the key timeline.
public struct RecordState: Sendable, Equatable {
  public var record: RecordID
  public var contentAddressed = false
  public var pithReceipt = false
  /// Whether there is a graph snapshot, and what the newest one says.
  public var graphSnapshot = false
  public var referenceCount: Int32 = 0
  public var resolvedWork: Int32 = 0
  public var formalEvidenceCount: Int32 = 0
  /// The sum over the record's groups.
  public var sums = GroupTotals()
  public var firstRecordedAt: Timestamp?
  public var lastRecordedAt: Timestamp?
  public var lastEventID: Digest?
  /// The last event folded for this record.
  public var position: Position = .beforeFirst
  public var unknownEvents: Int32 = 0

  public init(record: RecordID) { self.record = record }

  /// What an event changes whatever its group.
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

  /// - Parameters:
  ///   - storageVerifiedUntil: the latest over the record's groups.
  ///   - time: against which expiry is held, the one place where time enters.
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

  /// `event_summary`: `{}` while there is no attestation.
  public func eventSummary() -> JSONObject {
    guard let firstRecordedAt, let lastRecordedAt, let lastEventID else { return [:] }
    var byType: JSONObject = [:]
    var total: Int64 = 0
    for type in EventType.attestations {
      let first = Int(type.rawValue - 1) * 6
      let sum = sums.counts[first..<first + 6].reduce(0) { $0 + Int64($1) }
      guard sum > 0 else { continue }
      var counts: JSONObject = [:]
      for standing in Standing.allCases {
        counts[standing.name] = .integer(Int64(sums.counts[first + standing.rawValue]))
      }
      counts["total"] = .integer(sum)
      byType[type.name] = .object(counts)
      total += sum
    }
    return [
      "total": .integer(total), "by_type": .object(byType),
      "first_recorded_at": .string(firstRecordedAt.description),
      "last_recorded_at": .string(lastRecordedAt.description),
      "last_event_id": .string("sha256:" + lastEventID.hex),
      "equivocations": .integer(Int64(sums.equivocations)), "position": .integer(position.rawValue),
    ]
  }
}

/// A record's state with the storage of each of its groups, whose maximum cannot be kept by sums.
public struct FoldedRecord: Sendable, Equatable {
  public var state: RecordState
  /// By group: until when its storage counts. `nil` in an update means that it no longer does.
  public var storage: [Int64: Timestamp?]

  public init(state: RecordState, storage: [Int64: Timestamp?] = [:]) {
    self.state = state
    self.storage = storage
  }

  /// The latest over all groups that are in `storage`.
  public var storageVerifiedUntil: Timestamp? { storage.values.compactMap { $0 }.max() }

  /// Folds all events of one record, given by position: how replay computes it.
  public static func whole(_ events: [FoldEvent], _ timeline: KeyTimeline) -> FoldedRecord {
    var folded = FoldedRecord(state: RecordState(record: events.first?.record ?? .registry))
    // Sorted, not kept in a dictionary of arrays: most groups are of one event, and a log has millions.
    var members: [(group: Int64, index: Int)] = []
    members.reserveCapacity(events.count)
    let events = events.span
    for index in events.indices {
      folded.state.applyRecordLevel(events[index])
      if let group = events[index].foldGroup { members.append((group, index)) }
    }
    members.sort { $0 < $1 }
    let alone = GroupFold([], timeline)
    // The groups that share a signer, which are few.
    var linked: [Int] = []
    var start = 0
    while start < members.count {
      let group = members[start].group
      var end = start + 1
      while end < members.count, members[end].group == group { end += 1 }
      if (start..<end).contains(where: { events[members[$0].index].isLinked(timeline) }) {
        linked += members[start..<end].map(\.index)
      } else if end == start + 1 {
        let until = alone.addAlone(events[members[start].index], to: &folded.state.sums)
        if let until { folded.storage[group] = until }
      } else {
        folded.add(GroupFold(members[start..<end].map { events[$0.index] }, timeline))
      }
      start = end
    }
    if !linked.isEmpty { folded.add(GroupFold(linked.sorted().map { events[$0] }, timeline)) }
    return folded
  }

  private mutating func add(_ fold: GroupFold) {
    fold.add(to: &state.sums)
    for (group, until) in fold.storage { storage[group] = until }
  }

  /// Folds new events of one record onto its state: how the live projector computes it.
  ///
  /// - Parameters:
  ///   - old: events that the state includes already: of the groups that `new` is in, of those with an event
  ///     that means something else by `after`, and of all that ``FoldLinks`` by `after` brings to them. Each
  ///     group is there as a whole or not at all.
  ///   - new: later events, by position; it may be empty.
  ///   - before: the timeline that the state was folded with.
  public static func update(
    _ state: RecordState, old: [FoldEvent], new: [FoldEvent], before: KeyTimeline,
    after: KeyTimeline
  ) -> FoldedRecord {
    var folded = FoldedRecord(state: state)
    for event in new { folded.state.applyRecordLevel(event) }
    let fold = GroupFold(old + new.filter { $0.foldGroup != nil }, after)
    let earlier = GroupFold(old, before)
    folded.state.sums = folded.state.sums + (fold.contribution - earlier.contribution)
    for group in earlier.storage.keys { folded.storage[group] = .some(nil) }
    for (group, until) in fold.storage { folded.storage[group] = .some(until) }
    return folded
  }
}
