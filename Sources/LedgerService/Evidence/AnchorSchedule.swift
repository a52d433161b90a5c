import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import Logging

/// The state of the settlement job about pending anchors between its rounds.
///
/// An anchor is checked again only if something changed: a header or root became trusted, its calendars
/// are due to be asked, or it expires.
struct AnchorSchedule: Sendable {
  /// How many denials in a row make a pending attestation unknown to its calendars.
  static let denials = 3
  /// The largest number of anchors whose calendars are asked in one round.
  static let asksPerRound = 64

  struct Pending: Sendable, Equatable {
    let eventID: Digest
    var isNew = true
    /// Heights of the blocks whose headers would settle it.
    var heights: [Int64] = []
    var attempts = 0
    /// When its calendars, or the explorer, are asked again.
    var nextAsk: ContinuousClock.Instant
    /// How many times in a row its calendars did not know it.
    var denials = 0
    var expiresAt: Timestamp?
  }

  private(set) var pending: [Position: Pending] = [:]
  /// The events below this position have been read.
  private(set) var scanned: Position = .first
  /// The digest of the roots that tokens were last checked against.
  private var roots: Digest?
  private let firstWait: Duration

  /// - Parameter firstWait: the pause after the first request for an anchor. Doubles after each further
  ///   request, up to six hours.
  init(firstWait: Duration = .seconds(60)) { self.firstWait = firstWait }

  mutating func add(_ stored: StoredEvent, at now: ContinuousClock.Instant) {
    pending[stored.position] = Pending(eventID: stored.eventID, nextAsk: now)
    scanned = stored.position.next
  }

  /// Notes that all events below a position have been read.
  mutating func scanned(to position: Position) { scanned = max(scanned, position) }

  /// The block heights that pending anchors need.
  var heights: [Int64] { Set(pending.values.lazy.flatMap(\.heights)).sorted() }

  /// The positions of the anchors to check now, and whether their calendars are asked.
  ///
  /// - Parameters:
  ///   - known: heights among ``heights`` whose headers are trusted.
  ///   - roots: the digest of all trusted certificates.
  mutating func due(
    at now: ContinuousClock.Instant, _ clock: Timestamp, known: Set<Int64>, roots: Digest
  ) -> [(position: Position, asking: Bool)] {
    let isTrustNew = self.roots != nil && self.roots != roots
    self.roots = roots
    let asking = Set(
      pending.filter { $0.value.nextAsk <= now }
        .sorted {
          // Anchors with fewer denials come first, then those that have waited longest.
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

  mutating func remove(_ position: Position) { pending[position] = nil }

  /// Notes the result of a check.
  mutating func note(
    _ settlement: AnchorSettlement, at position: Position, asked: Bool,
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
        ? services.unknownAttestationLife
        : settlement.isAwaitingCalendar
          ? services.pendingAnchorLife : min(services.completeProofLife, services.pendingAnchorLife)
      anchor.expiresAt = settlement.lastChange.adding(seconds: Int64(life / .seconds(1)))
    }
    pending[position] = anchor
  }

  func isExpired(_ position: Position, at clock: Timestamp) -> Bool {
    pending[position]?.expiresAt.map { $0 <= clock } ?? false
  }
}
