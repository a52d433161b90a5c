import Encodings
import LedgerDomain
import LedgerStore
import Logging

/// The state of the settlement job about pending claims between its rounds.
struct ClaimSchedule: Sendable {
  /// How many claims are tried again in a round although the available keys have not changed. A try may
  /// make the ledger fetch the issuer's keys.
  static let triesPerRound = 8

  fileprivate(set) var pending: [Position] = []
  /// The events below this position have been read.
  fileprivate var scanned: Position = .first
  fileprivate var generation: Digest?
}

/// Checks pending author claims again when the issuer's keys become available.
public final class ClaimSettler: Sendable {
  let store: LedgerStore
  let reader: EvidenceReader
  let evidence: EvidenceChecker
  let recorder: CheckRecorder
  let voucher: TokenVoucher
  let configuration: LedgerConfiguration
  let logger: Logger

  init(
    store: LedgerStore, reader: EvidenceReader, evidence: EvidenceChecker, recorder: CheckRecorder,
    voucher: TokenVoucher, configuration: LedgerConfiguration, logger: Logger
  ) {
    self.store = store
    self.reader = reader
    self.evidence = evidence
    self.recorder = recorder
    self.voucher = voucher
    self.configuration = configuration
    self.logger = logger
  }

  /// Checks every claim whose token could not be checked on arrival. The token's times are checked
  /// against the time of arrival.
  ///
  /// - Returns: how many claims were settled.
  ///
  /// Errors: a `Refusal` with check `read_only` in a read-only process; database errors.
  public func settleAll() async throws -> Int {
    var schedule = ClaimSchedule()
    return try await settleDue(&schedule)
  }

  /// Checks new claims. Checks all older ones if the available keys have changed, otherwise a few in turn.
  func settleDue(_ schedule: inout ClaimSchedule) async throws -> Int {
    try configuration.requireWriting()
    let new = try await newClaims(&schedule)
    // Without an audience no token can be checked.
    guard !configuration.externalServices.orcidAudiences.isEmpty else {
      schedule.pending += new
      return 0
    }
    let generation = try await evidence.issuer.generation()
    let tries =
      schedule.generation == generation ? ClaimSchedule.triesPerRound : schedule.pending.count
    schedule.generation = generation
    let old = schedule.pending.prefix(tries)
    schedule.pending.removeFirst(old.count)
    var settled = 0
    for position in old + new {
      try Task.checkCancellation()
      switch try await settle(position) {
      case .settled: settled += 1
      case .notPending: break
      case .pending: schedule.pending.append(position)
      }
    }
    return settled
  }

  private func newClaims(_ schedule: inout ClaimSchedule) async throws -> [Position] {
    let end = try await store.log.size().end
    var new: [Position] = []
    while true {
      let batch = try await store.attestations.unsettledClaims(from: schedule.scanned, limit: 500)
      new += batch.map(\.position)
      guard let last = batch.last else { break }
      schedule.scanned = last.position.next
    }
    schedule.scanned = max(schedule.scanned, end)
    return new
  }

  private enum ClaimOutcome { case settled, notPending, pending }

  private func settle(_ position: Position) async throws -> ClaimOutcome {
    do {
      guard let stored = try await store.log.events(from: position, limit: 1).first,
        stored.position == position, let standing = try await reader.statement(of: stored),
        !standing.isWithdrawn, standing.verdict == .pending
      else { return .notPending }
      return try await settle(stored) ? .settled : .pending
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      // A claim that cannot be checked does not stop the others.
      logger.warning("the claim at position \(position) was skipped: \(error)")
      return .pending
    }
  }

  private func settle(_ stored: StoredEvent) async throws -> Bool {
    let event = try Entry(bytes: stored.entry).event
    guard case .authorAttestation(let author) = event.body.payload, let digest = author.evidence,
      let token = try await store.evidence.tokenToSettle(digest),
      case .record(let number) = event.body.subject,
      let record = try await store.records.resolve(.pithNumber(number)).first
    else { return false }
    do {
      let finding = try await evidence.identity(token, at: stored.recordedAt)
      guard finding.verdict == .verified else { return false }
      try await recorder.record(
        .verified, "the token's signature is valid under the issuer's key", about: stored,
        of: record, finding: finding)
      try await voucher.vouchVerified(event, [digest: token])
    } catch let refusal as Refusal where refusal.code == .invalid {
      try await recorder.record(
        .failed, "\(refusal.check): \(refusal.message)", about: stored, of: record)
    }
    return true
  }
}
