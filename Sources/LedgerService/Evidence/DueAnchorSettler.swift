import Encodings
import LedgerDomain
import LedgerStore
import Logging

/// One round of the job that settles anchors: checks those about which something changed, and expires
/// old ones.
final class DueAnchorSettler: Sendable {
  /// Anchors that are checked at the same time. A slow calendar delays only the anchors of its own group.
  private static let groupSize = 16

  let store: LedgerStore
  let reader: EvidenceReader
  let settler: AnchorSettler
  let recorder: CheckRecorder
  let configuration: LedgerConfiguration
  let logger: Logger

  init(
    store: LedgerStore, reader: EvidenceReader, settler: AnchorSettler, recorder: CheckRecorder,
    configuration: LedgerConfiguration, logger: Logger
  ) {
    self.store = store
    self.reader = reader
    self.settler = settler
    self.recorder = recorder
    self.configuration = configuration
    self.logger = logger
  }

  /// Checks the anchors that are due.
  ///
  /// - Returns: the outcomes of those that were checked.
  @discardableResult
  func settleDue(_ schedule: inout AnchorSchedule) async throws -> [AnchorOutcome] {
    try configuration.requireWriting()
    try await addNewAnchors(&schedule)
    let roots = try await store.trust.documents(.tsa).reduce(into: [UInt8]()) {
      $0 += Digest(hashing: $1).bytes
    }
    let known = try await store.trust.headers(at: schedule.heights)
    let due = schedule.due(
      at: .now, configuration.clock(), known: Set(known.keys), roots: Digest(hashing: roots))
    var outcomes: [AnchorOutcome] = []
    for start in stride(from: 0, to: due.count, by: Self.groupSize) {
      let group = due[start..<min(start + Self.groupSize, due.count)]
      for check in try await check(Array(group)) {
        outcomes += try await finish(check, &schedule)
      }
    }
    return outcomes
  }

  private func addNewAnchors(_ schedule: inout AnchorSchedule) async throws {
    let end = try await store.log.size().end
    while true {
      let batch = try await store.attestations.unsettledAnchors(from: schedule.scanned, limit: 500)
      for stored in batch { schedule.add(stored, at: .now) }
      if batch.count < 500 { break }
    }
    schedule.scanned(to: end)
  }

  private struct Check: Sendable {
    enum Result: Sendable {
      /// The check failed for a reason that does not concern the anchor, such as an outage.
      case skipped
      case settledAlready
      case checked(AnchorSettlement)
    }
    let position: Position
    let asked: Bool
    let result: Result
  }

  private func check(_ due: [(position: Position, asking: Bool)]) async throws -> [Check] {
    try await withThrowingTaskGroup(of: Check.self) { group in
      for anchor in due {
        group.addTask {
          Check(
            position: anchor.position, asked: anchor.asking,
            result: try await self.check(anchor.position, asking: anchor.asking))
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  private func check(_ position: Position, asking: Bool) async throws -> Check.Result {
    do {
      guard let stored = try await store.log.events(from: position, limit: 1).first,
        stored.position == position, let standing = try await reader.statement(of: stored),
        standing.isLive, standing.verdict == .pending
      else { return .settledAlready }
      return .checked(
        try await settler.settle(
          stored, asking: asking, missing: asking ? .fetchedAndTrusted : .ignored))
    } catch is CancellationError {
      throw CancellationError()
    } catch let refusal as Refusal where refusal.code == .unavailable {
      logger.warning("the anchor at position \(position) is checked later: \(refusal)")
      return .skipped
    } catch  where !LedgerStoreError.isUnavailability(error) {
      // An anchor that cannot be checked does not stop the others.
      logger.warning("the anchor at position \(position) was skipped: \(error)")
      return .skipped
    }
  }

  /// Updates the schedule after a check, and expires the anchor if its time is over.
  private func finish(
    _ check: Check, _ schedule: inout AnchorSchedule
  ) async throws -> [AnchorOutcome] {
    var outcomes: [AnchorOutcome] = []
    switch check.result {
    case .skipped: return []
    case .settledAlready: schedule.remove(check.position)
    case .checked(let settlement):
      schedule.note(
        settlement, at: check.position, asked: check.asked, .now, configuration.externalServices)
      outcomes.append(settlement.outcome)
    }
    if schedule.isExpired(check.position, at: configuration.clock()) {
      if let outcome = try await expire(check.position, schedule.pending[check.position]) {
        outcomes.append(outcome)
      }
      schedule.remove(check.position)
    }
    return outcomes
  }

  /// Records that an anchor without a submitter's signature has failed because nothing settled it in time.
  private func expire(
    _ position: Position, _ anchor: AnchorSchedule.Pending?
  ) async throws -> AnchorOutcome? {
    guard let anchor, let stored = try await store.log.events(from: position, limit: 1).first,
      stored.position == position,
      // Another process may have settled it since the check.
      try await reader.statement(of: stored)?.verdict == .pending
    else { return nil }
    let event = try Entry(bytes: stored.entry).event
    let reason =
      anchor.denials >= AnchorSchedule.denials
      ? "expired: no calendar that it names knows of it"
      : "expired: nothing settled it in time; the same proof can be sent again"
    try await recorder.record(.failed, reason, about: stored, of: reader.record(of: event))
    return AnchorOutcome(
      eventID: stored.eventID, subject: event.body.subject.text, state: .failed, detail: reason)
  }
}
