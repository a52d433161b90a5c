public import Encodings
public import LedgerDomain
import PostgresClient

/// The data that admission reads from the log before it checks a signed event about a record.
public struct AdmissionInputs: Sendable {
  /// The record.
  public let record: ResolvedRecord
  /// The event itself, if the log holds it already.
  public let stored: StoredEvent?
  /// The event that it refers to.
  public let referenced: FoldEvent?
  /// The events of the group that it would join, unless the group follows from `referenced`.
  public let group: [FoldEvent]
  /// Whether any record of the citing paper's name is the subject itself.
  public let citesItself: Bool
  /// Whether it is a citation whose citing paper has no other name here, in the log or in citations of the
  /// record by the same key.
  public let citesUnderOneName: Bool
  /// The head of the log.
  public let log: LogHead

  /// The group of a citation under one name, to which no other group is linked unless the signer has
  /// several keys; `nil` for other events.
  public var isolatedGroup: GroupAtAdmission? {
    citesUnderOneName ? GroupAtAdmission(size: log.size, events: group) : nil
  }
}

/// Reads the data of a submission: before admission for its checks, and after projection for its answer.
///
/// Requests that arrive at the same time share a query.
public struct SubmissionLookup: Sendable {
  private let queries: SubmissionQueries
  private let folds: FoldEventReader
  private let waiter: ProjectionWaiter

  init(readers: DatabasePool, folds: FoldEventReader, waiter: ProjectionWaiter) {
    queries = SubmissionQueries(readers: readers)
    self.folds = folds
    self.waiter = waiter
  }

  /// Reads the data for the admission of an event; `nil` if the record does not exist.
  ///
  /// - Parameters:
  ///   - number: the record that the event is about.
  ///   - id: the event's ID.
  ///   - referenced: the ID of the event that it refers to.
  ///   - group: the group that it would join.
  ///   - citing: the names of the paper that cites the record.
  ///   - citation: the key and the slot of a citation; `nil` for other events.
  public func admissionInputs(
    _ number: PithNumber, id: Digest, referenced: Digest?, group: Int64?, citing: [RecordName],
    citation: (key: Digest128, name: Digest128)?
  ) async throws -> AdmissionInputs? {
    try await queries.facts.answer(
      SubmissionQueries.FactsRequest(
        subject: number, id: id, referenced: referenced, group: group, citing: citing,
        citation: citation))
  }

  /// The events of a group as of now, with those of all groups linked to it.
  ///
  /// - Parameters:
  ///   - record: the record.
  ///   - group: the group, as the column of an event names it.
  ///   - timeline: the keys as of now.
  public func events(
    record: RecordID, group: Int64, _ timeline: KeyTimeline
  ) async throws -> LinkedEvents {
    let standing = try await queries.standings.answer(
      SubmissionQueries.StandingRequest(record: record, group: group))
    return try await folds.addingLinked(to: standing.group, record: record, timeline)
  }

  /// The row of a record, and the events of a group with those of all groups linked to it.
  ///
  /// - Parameters:
  ///   - position: an event of the group. The row includes it, if this process projected it a moment ago.
  ///   - record: the record.
  ///   - group: the group, as the column of an event names it.
  ///   - timeline: the keys as of that event, or later.
  public func standing(
    at position: Position, record: RecordID, group: Int64, _ timeline: KeyTimeline
  ) async throws -> (ProjectedState?, LinkedEvents) {
    if let known = await waiter.projected(position, record: record, group: group, timeline) {
      return known
    }
    let standing = try await queries.standings.answer(
      SubmissionQueries.StandingRequest(record: record, group: group))
    return (
      standing.projected,
      try await folds.addingLinked(to: standing.group, record: record, timeline)
    )
  }
}
