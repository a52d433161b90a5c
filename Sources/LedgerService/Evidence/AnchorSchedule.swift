import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import Logging

/// What the settlement job remembers of the pending anchors between its rounds.
///
/// A proof is read and checked again only where something has changed: a header or a root is trusted that was
/// not, its calendars are due to be asked, or its time is up.
struct AnchorSchedule: Sendable {
  /// How often calendars must have denied a promise before it counts as unknown to them.
  static let denials = 3
  /// Anchors whose calendars are asked in one round at most.
  static let asksPerRound = 64

  struct Pending: Sendable, Equatable {
    let eventID: Digest
    var isNew = true
    /// Heights of the blocks whose headers would settle it.
    var heights: [Int64] = []
    var attempts = 0
    /// When its calendars, or the explorer, are asked again.
    var nextAsk: ContinuousClock.Instant
    /// How often in a row its calendars said that they do not know it.
    var denials = 0
    var expiresAt: Timestamp?
  }

  private(set) var pending: [Int64: Pending] = [:]
  /// Events below this position have been looked through.
  private(set) var scanned: Int64 = 0
  /// The trust in authorities that tokens were last checked with.
  private var roots: Digest?
  private let firstWait: Duration

  /// - Parameter firstWait: how long a calendar is not asked again after the first time; doubled after each
  ///   further one, up to six hours.
  init(firstWait: Duration = .seconds(60)) { self.firstWait = firstWait }

  mutating func add(_ stored: StoredEvent, at now: ContinuousClock.Instant) {
    pending[stored.position] = Pending(eventID: stored.eventID, nextAsk: now)
    scanned = stored.position + 1
  }

  /// Takes note that there is nothing more below a position.
  mutating func scanned(to position: Int64) { scanned = max(scanned, position) }

  /// All heights that some anchor waits for.
  var heights: [Int64] { Set(pending.values.lazy.flatMap(\.heights)).sorted() }

  /// Positions of the anchors that are to be looked at now, and whether their calendars are asked.
  ///
  /// - Parameters:
  ///   - known: heights among ``heights`` whose headers are trusted.
  ///   - roots: the digest of all trusted certificates.
  mutating func due(
    at now: ContinuousClock.Instant, _ clock: Timestamp, known: Set<Int64>, roots: Digest
  ) -> [(position: Int64, asking: Bool)] {
    let isTrustNew = self.roots != nil && self.roots != roots
    self.roots = roots
    let asking = Set(
      pending.filter { $0.value.nextAsk <= now }
        .sorted {
          // Those that their calendars know come before those that these have denied; else who waits longest.
          ($0.value.denials, $0.value.nextAsk, $0.key) < (
            $1.value.denials, $1.value.nextAsk, $1.key
          )
        }
        .prefix(Self.asksPerRound).map(\.key))
    return pending.filter { position, anchor in
      asking.contains(position) || anchor.isNew || (isTrustNew && anchor.heights.isEmpty)
        || anchor.expiresAt.map { $0 <= clock } ?? false
        || anchor.heights.contains(where: known.contains)
    }.keys.sorted().map { ($0, asking.contains($0)) }
  }

  mutating func remove(_ position: Int64) { pending[position] = nil }

  /// Takes note of a look at an anchor.
  mutating func note(
    _ settlement: Ledger.Settlement, at position: Int64, asked: Bool,
    _ now: ContinuousClock.Instant, _ services: LedgerConfiguration.ExternalServices
  ) {
    guard var anchor = pending[position] else { return }
    guard settlement.isPending else {
      pending[position] = nil
      return
    }
    anchor.isNew = false
    anchor.heights = settlement.heights
    if asked {
      anchor.attempts += 1
      anchor.nextAsk = now + min(firstWait * (1 << min(anchor.attempts - 1, 9)), .seconds(21_600))
      anchor.denials = settlement.isUnknown ? anchor.denials + 1 : 0
    }
    if settlement.expires {
      let life =
        anchor.denials >= Self.denials || settlement.isUnsettleable
        ? services.unknownPromiseLife
        : settlement.isPromised
          ? services.pendingAnchorLife : min(services.completeProofLife, services.pendingAnchorLife)
      anchor.expiresAt = settlement.lastChange.adding(seconds: Int64(life / .seconds(1)))
    }
    pending[position] = anchor
  }

  func isExpired(_ position: Int64, at clock: Timestamp) -> Bool {
    pending[position]?.expiresAt.map { $0 <= clock } ?? false
  }
}

extension Ledger {
  /// Settles the pending anchors about which something has changed, and expires unsigned ones whose time is up.
  ///
  /// - Returns: what became of those that were looked at.
  @discardableResult
  func settleDueAnchors(_ schedule: inout AnchorSchedule) async throws -> [AnchorOutcome] {
    try requireWriting()
    let size = try await store.log.size()
    while true {
      let batch = try await store.attestations.unsettledAnchors(from: schedule.scanned, limit: 500)
      for stored in batch { schedule.add(stored, at: .now) }
      if batch.count < 500 { break }
    }
    schedule.scanned(to: size)
    let roots = try await store.trust.documents(.tsa).reduce(into: [UInt8]()) {
      $0 += Digest(hashing: $1).bytes
    }
    let known = try await store.trust.headers(at: schedule.heights)
    let due = schedule.due(
      at: .now, now, known: Set(known.keys), roots: Digest(hashing: roots))
    var outcomes: [AnchorOutcome] = []
    // A few at a time: a calendar that is slow keeps the others' anchors waiting no longer than itself.
    for start in stride(from: 0, to: due.count, by: 16) {
      let part = due[start..<min(start + 16, due.count)]
      let settled = try await withThrowingTaskGroup(of: Settled.self) { group in
        for one in part {
          group.addTask { try await self.settleDue(one.position, asking: one.asking) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      for one in settled {
        switch one.result {
        case .left: continue
        case .settledAlready: schedule.remove(one.position)
        case .looked(let settlement):
          schedule.note(
            settlement, at: one.position, asked: one.asked, .now, configuration.externalServices)
          outcomes.append(settlement.outcome)
        }
        if schedule.isExpired(one.position, at: now) {
          if let outcome = try await expire(one.position, schedule.pending[one.position]) {
            outcomes.append(outcome)
          }
          schedule.remove(one.position)
        }
      }
    }
    return outcomes
  }

  private struct Settled: Sendable {
    enum Result: Sendable {
      /// It could not be dealt with now; nothing is known anew.
      case left
      case settledAlready
      case looked(Settlement)
    }
    let position: Int64
    let asked: Bool
    let result: Result
  }

  private func settleDue(_ position: Int64, asking: Bool) async throws -> Settled {
    func settled(_ result: Settled.Result) -> Settled {
      Settled(position: position, asked: asking, result: result)
    }
    do {
      guard let stored = try await store.log.events(from: position, limit: 1).first,
        stored.position == position, let standing = try await statement(stored), standing.isLive,
        standing.verdict == .pending
      else { return settled(.settledAlready) }
      return settled(
        .looked(
          try await settle(stored, asking: asking, missing: asking ? .askedAndKept : .left)))
    } catch is CancellationError {
      throw CancellationError()
    } catch let refusal as Refusal where refusal.code == .unavailable {
      logger.warning("the anchor at position \(position) is left for now: \(refusal)")
      return settled(.left)
    } catch  where !LedgerStoreError.isUnavailability(error) {
      // One anchor that cannot be dealt with keeps no other waiting.
      logger.warning("the anchor at position \(position) was left: \(error)")
      return settled(.left)
    }
  }

  /// Says of an unsigned anchor that nothing has come of it in all its time.
  private func expire(
    _ position: Int64, _ anchor: AnchorSchedule.Pending?
  ) async throws -> AnchorOutcome? {
    guard let anchor, let stored = try await store.log.events(from: position, limit: 1).first,
      stored.position == position,
      // Another process may have settled it in this very round.
      try await statement(stored)?.verdict == .pending
    else { return nil }
    let event = try Entry(bytes: stored.entry).event
    let reason =
      anchor.denials >= AnchorSchedule.denials
      ? "expired: no calendar that it names knows of it"
      : "expired: nothing has settled it in all its time; the same proof can be sent again"
    try await record(.failed, reason, about: stored, of: record(of: event))
    return AnchorOutcome(
      eventID: stored.eventID, subject: event.body.subject.text, outcome: "failed", detail: reason)
  }
}
