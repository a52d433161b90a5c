public import Encodings
import LedgerDomain
import LedgerStore
import Logging

/// The result of checking one pending anchor.
public struct AnchorOutcome: Sendable {
  /// The state of the anchor after the check.
  public enum State: String, Sendable {
    /// The check gave a final verdict, which is recorded in the log.
    case verified, failed
    /// A calendar completed the proof. The block's header is not trusted yet.
    case upgraded
    /// Nothing decides the anchor yet.
    case pending
  }

  /// The SHA-256 that identifies the anchor's event.
  public let eventID: Digest
  /// A Pith Number, or `pith:registry` for a proof over a checkpoint.
  public let subject: String
  /// The state after the check.
  public let state: State
  /// The reason for the state, as text for a person.
  public let detail: String
}

/// The result of checking one pending anchor, from which the schedule derives the next check.
struct AnchorSettlement: Sendable {
  var outcome: AnchorOutcome
  /// Heights of the blocks whose headers would settle it.
  var heights: [Int64] = []
  /// Whether its calendars were asked and none of them knows its commitment.
  var isUnknown = false
  /// Whether a configured calendar may complete it. If not, the proof is complete, and its owner can
  /// send it again.
  var isAwaitingCalendar = false
  /// Whether admission found that no configured service could settle it.
  var isUnsettleable = false
  /// The time of the anchor or of its newest upgrade.
  var lastChange: Timestamp
  /// Whether it expires: it was sent without a signature and is about a record.
  var expires = false

  var isPending: Bool { outcome.state == .pending || outcome.state == .upgraded }
}

/// Reads pending anchors.
protocol AnchorSource: Sendable {
  /// Anchors without a final verdict by position, from a position on.
  func unsettledAnchors(from: Position, limit: Int) async throws -> [StoredEvent]
  /// Reads what the settlement of an anchor needs.
  func load(_ stored: StoredEvent) async throws -> PendingAnchor
}

extension AnchorReader: AnchorSource {}

/// Checks proofs of time.
protocol ProofChecker: Sendable {
  /// Checks a proof against the trusted headers or roots.
  ///
  /// Errors: a `Refusal` for a proof that is provably false.
  func proof(
    _ kind: TimestampAnchor.Kind, _ bytes: [UInt8], of digest: Digest?,
    missing: BlockHeaders.Missing
  ) async throws -> Finding
  /// The result of executing an OpenTimestamps proof.
  func executed(_ bytes: [UInt8]) async throws -> ExecutedProof
  /// Whether a proof has a pending attestation of a configured calendar.
  func isAwaitingCalendar(_ proof: ExecutedProof) -> Bool
}

extension EvidenceChecker: ProofChecker {}

/// Completes pending OpenTimestamps proofs.
protocol ProofCompleter: Sendable {
  /// Asks the configured calendars of a proof about it.
  func upgrade(_ bytes: [UInt8]) async throws -> ProofUpgrader.Upgrade
}

extension ProofUpgrader: ProofCompleter {}

/// Appends the results of checks of anchors.
protocol AnchorCheckWriter: CheckWriter {
  /// Appends an `anchor_upgraded` event with a more complete proof.
  func recordUpgrade(
    _ proof: [UInt8], of anchor: StoredEvent, record: ResolvedRecord?, finding: Finding
  ) async throws
}

extension CheckRecorder: AnchorCheckWriter {}

/// Checks pending anchors against the current trust configuration and completes their proofs.
public final class AnchorSettler: Sendable {
  let anchors: any AnchorSource
  let evidence: any ProofChecker
  let upgrader: any ProofCompleter
  let recorder: any AnchorCheckWriter
  let configuration: LedgerConfiguration
  let logger: Logger

  init(
    anchors: any AnchorSource, evidence: any ProofChecker, upgrader: any ProofCompleter,
    recorder: any AnchorCheckWriter, configuration: LedgerConfiguration, logger: Logger
  ) {
    self.anchors = anchors
    self.evidence = evidence
    self.upgrader = upgrader
    self.recorder = recorder
    self.configuration = configuration
    self.logger = logger
  }

  /// Checks every pending anchor. An anchor that cannot be checked is logged and skipped.
  ///
  /// - Parameter mayAsk: whether the calendars of an anchor may be asked. `nil` asks none.
  ///
  /// Errors: a `Refusal` with check `read_only` in a read-only process; database errors.
  public func settleAll(mayAsk: ((Digest) -> Bool)? = nil) async throws -> [AnchorOutcome] {
    try configuration.requireWriting()
    var outcomes: [AnchorOutcome] = []
    var next: Position = .first
    while true {
      let batch = try await anchors.unsettledAnchors(from: next, limit: 100)
      guard let last = batch.last else { return outcomes }
      next = last.position.next
      for stored in batch {
        try Task.checkCancellation()
        do {
          let asking = mayAsk?(stored.eventID) ?? false
          outcomes.append(
            try await settle(stored, asking: asking, missing: .fetchedAndTrusted).outcome)
        } catch let refusal as Refusal where refusal.code == .unavailable {
          throw refusal
        } catch is CancellationError {
          throw CancellationError()
        } catch {
          // An anchor that cannot be checked does not stop the others.
          logger.warning("the anchor at position \(stored.position) was skipped: \(error)")
        }
      }
    }
  }

  /// Checks one pending anchor and records the verdict, if there is one.
  ///
  /// - Parameters:
  ///   - asking: whether its calendars are asked.
  ///   - missing: what is done about headers that are not trusted yet.
  func settle(
    _ stored: StoredEvent, asking: Bool, missing: BlockHeaders.Missing
  ) async throws -> AnchorSettlement {
    let anchor = try await anchors.load(stored)
    var settlement = anchor.settlement
    guard let bytes = anchor.proof else {
      settlement.outcome = anchor.outcome(.pending, "the proof's bytes were erased")
      return settlement
    }
    do {
      var finding = try await evidence.proof(
        anchor.payload.kind, bytes, of: nil, missing: missing)
      if anchor.payload.kind == .opentimestamps {
        let proof = try await evidence.executed(bytes)
        settlement.heights = proof.heights
        settlement.isAwaitingCalendar = evidence.isAwaitingCalendar(proof)
        if finding.verdict == .pending, asking,
          let upgraded = try await upgrade(anchor, bytes, missing, &settlement)
        {
          finding = upgraded
        }
      }
      guard finding.verdict == .verified else {
        settlement.outcome = anchor.outcome(
          settlement.outcome.state, finding.missing ?? settlement.outcome.detail)
        return settlement
      }
      let reason = Self.reason(anchor.payload.kind, finding)
      try await recorder.record(
        .verified, reason, about: stored, of: anchor.record, finding: finding, report: nil)
      settlement.outcome = anchor.outcome(.verified, reason)
    } catch let refusal as Refusal where refusal.code == .invalid {
      try await recorder.record(
        .failed, "\(refusal.check): \(refusal.message)", about: stored, of: anchor.record,
        finding: nil, report: nil)
      settlement.outcome = anchor.outcome(.failed, refusal.message)
    }
    return settlement
  }

  /// Asks the calendars of an anchor and records what they add.
  ///
  /// - Returns: the finding about the upgraded proof. `nil` if there is none.
  private func upgrade(
    _ anchor: PendingAnchor, _ bytes: [UInt8], _ missing: BlockHeaders.Missing,
    _ settlement: inout AnchorSettlement
  ) async throws -> Finding? {
    let upgrade = try await upgrader.upgrade(bytes)
    settlement.isUnknown = upgrade.isUnknown
    guard let proof = upgrade.proof,
      let finding = await usableFinding(proof, missing, anchor.stored)
    else { return nil }
    try await recorder.recordUpgrade(
      proof, of: anchor.stored, record: anchor.record, finding: finding)
    settlement.heights = try await evidence.executed(proof).heights
    settlement.lastChange = configuration.clock()
    settlement.outcome = anchor.outcome(
      .upgraded, "complete; the block's header is not trusted yet")
    return finding
  }

  /// The finding about an upgraded proof. `nil` if it is refused: a calendar's wrong answer does not
  /// make the anchor false.
  private func usableFinding(
    _ proof: [UInt8], _ missing: BlockHeaders.Missing, _ stored: StoredEvent
  ) async -> Finding? {
    do {
      return try await evidence.proof(.opentimestamps, proof, of: nil, missing: missing)
    } catch {
      logger.warning(
        "the calendars' addition to the anchor at position \(stored.position) is refused: \(error)")
      return nil
    }
  }

  private static func reason(_ kind: TimestampAnchor.Kind, _ finding: Finding) -> String {
    let when = finding.provenAt.map { " at \($0)" } ?? ""
    return kind == .rfc3161
      ? "the token's chain ends at a trusted root; it existed\(when)"
      : "the proof ends at a trusted block header; it existed\(when)"
  }
}
