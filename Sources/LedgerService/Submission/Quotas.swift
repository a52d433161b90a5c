import CoreMetrics
import Encodings
public import LedgerDomain

/// Hourly quotas of clients and keys.
///
/// The operator and the shell have no quota. Every function throws a `Refusal` of code `tooMany` that
/// names the quota.
public final class Quotas: Sendable {
  private let limits: LedgerConfiguration.Limits
  private let bareActions: RateLimiter<ClientID>
  private let registrations: RateLimiter<ClientID>
  private let submissions: RateLimiter<ClientID>
  private let keySubmissions: RateLimiter<Digest128>
  private let evidence: RateLimiter<ClientID>
  private let keyEvidence: RateLimiter<Digest128>
  private let proofChecks: RateLimiter<ClientID>
  private let heavyReads: RateLimiter<ClientID>

  init(
    _ limits: LedgerConfiguration.Limits,
    metrics: ServiceMetrics = ServiceMetrics(NOOPMetricsHandler.instance)
  ) {
    self.limits = limits
    func limiter<Key>(_ check: String, _ what: String, unit: QuotaUse.Quota.Unit = .requests)
      -> RateLimiter<Key>
    {
      RateLimiter(check: check, what: what, unit: unit, refusals: metrics.quota(check))
    }
    bareActions = limiter("bare_action_limit", "bare actions of one client")
    registrations = limiter("key_registration_limit", "key registrations of one client")
    submissions = limiter("submission_limit", "submissions of one client")
    keySubmissions = limiter("key_submission_limit", "submissions signed by one key")
    evidence = limiter("evidence_limit", "bytes of evidence of one client", unit: .bytes)
    keyEvidence = limiter("key_evidence_limit", "bytes of evidence of one key", unit: .bytes)
    proofChecks = limiter("proof_check_limit", "checks of proofs for one client")
    heavyReads = limiter("heavy_read_limit", "bundles and past states for one client")
  }

  /// Counts a bare action and its evidence.
  func takeBareAction(_ client: ClientID, evidenceBytes: Int) throws(Refusal) {
    guard client != .shell else { return }
    try bareActions.take(from: client, perHour: limits.bareActionsPerHour)
    try takeEvidence(client, evidenceBytes)
  }

  /// Counts the registration of a key.
  func takeRegistration(_ client: ClientID) throws(Refusal) {
    guard client != .shell else { return }
    try registrations.take(from: client, perHour: limits.keyRegistrationsPerHour)
  }

  /// Counts a signed submission, before its signature is checked.
  func takeSubmission(_ client: ClientID) throws(Refusal) {
    guard client != .shell else { return }
    try submissions.take(from: client, perHour: limits.submissionsPerHour)
  }

  /// Notes what is left of a client's submissions, before the first of many.
  public func showSubmissions(_ client: ClientID) {
    guard client != .shell else { return }
    submissions.show(client, perHour: limits.submissionsPerHour)
  }

  /// Counts a submission with a valid signature for its key.
  ///
  /// A vouched key has a multiple of the quota, and its submissions do not count for its client.
  func takeVerified(
    _ client: ClientID, key: Digest128, isVouched: Bool, evidenceBytes: Int
  ) throws(Refusal) {
    guard client != .shell else { return }
    let factor = isVouched ? limits.vouchedKeyFactor : 1
    try keySubmissions.take(from: key, perHour: limits.submissionsPerKeyPerHour * factor)
    if evidenceBytes > 0 {
      try keyEvidence.take(
        Double(evidenceBytes), from: key, perHour: limits.evidenceBytesPerKeyPerHour * factor)
    }
    if isVouched {
      submissions.giveBack(to: client, perHour: limits.submissionsPerHour)
    } else {
      try takeEvidence(client, evidenceBytes)
    }
  }

  private func takeEvidence(_ client: ClientID, _ bytes: Int) throws(Refusal) {
    guard bytes > 0 else { return }
    try evidence.take(Double(bytes), from: client, perHour: limits.evidenceBytesPerHour)
  }

  /// Counts a check of a proof that stores nothing.
  ///
  /// Errors: `tooMany` with check `proof_check_limit`.
  public func takeProofCheck(_ client: ClientID) throws(Refusal) {
    guard client != .shell else { return }
    try proofChecks.take(from: client, perHour: limits.proofChecksPerHour)
  }

  /// Counts an expensive read: a bundle, or a past state.
  ///
  /// Errors: `tooMany` with check `heavy_read_limit`.
  public func takeHeavyRead(_ client: ClientID) throws(Refusal) {
    guard client != .shell else { return }
    try heavyReads.take(from: client, perHour: limits.heavyReadsPerHour)
  }
}
