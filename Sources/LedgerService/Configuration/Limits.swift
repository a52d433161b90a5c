import CanonicalJSON

extension LedgerConfiguration {
  /// Quotas of clients and keys, and the sizes of submissions.
  public struct Limits: Sendable {
    /// Bare actions of a client in an hour.
    public var bareActionsPerHour = 60
    /// Key registrations of a client in an hour.
    public var keyRegistrationsPerHour = 20
    /// Signed submissions of a client in an hour, except those of vouched keys.
    public var submissionsPerHour = 100_000
    /// Submissions signed by one key in an hour.
    public var submissionsPerKeyPerHour = 10_000
    /// Bytes of evidence of a client in an hour, except with submissions of vouched keys.
    public var evidenceBytesPerHour = 256 << 20
    /// Bytes of evidence with the submissions of one key in an hour.
    public var evidenceBytesPerKeyPerHour = 128 << 20
    /// The factor by which the quotas of a vouched key are higher.
    public var vouchedKeyFactor = 10
    /// Checks of proofs without a submission for a client in an hour.
    public var proofChecksPerHour = 600
    /// Reads of bundles and of past states by a client in an hour.
    public var heavyReadsPerHour = 3600
    /// Bytes of one submission, evidence in base64 included.
    public var submissionBytes = 12 << 20
    /// Bytes of an imported document.
    public var documentBytes = 4 << 20
    /// How long an answer waits until the projections include the event.
    public var projectionWait: Duration = .seconds(5)

    /// The defaults.
    public init() {}

    /// The limits for the JSON of one submission.
    var submission: JSONLimits { JSONLimits(maxBytes: submissionBytes, maxDepth: 64) }

    /// Raises every quota to the maximum, for benchmarks and tests.
    public mutating func unlimited() {
      bareActionsPerHour = Setting.maxNumber
      keyRegistrationsPerHour = Setting.maxNumber
      submissionsPerHour = Setting.maxNumber
      submissionsPerKeyPerHour = Setting.maxNumber
      evidenceBytesPerHour = Setting.maxNumber
      evidenceBytesPerKeyPerHour = Setting.maxNumber
      proofChecksPerHour = Setting.maxNumber
      heavyReadsPerHour = Setting.maxNumber
    }
  }
}
