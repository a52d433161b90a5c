public import CanonicalJSON
public import Encodings
public import LedgerDomain

/// The result of one submission: where its event is in the log, and what it changed.
public struct SubmissionAnswer: Sendable {
  /// Whether this submission appended the event. `false` if the log held it already.
  public let created: Bool
  public let eventID: Digest
  public let position: Position
  public let recordedAt: Timestamp
  /// The standing that the fold gives: `strong`, `weak`, `verified`, `pending`, … `recorded` for events that are not
  /// attestations.
  public let standing: String
  /// Why the standing is not higher, in a few words.
  public let reason: String?
  /// `nil` for an event about the registry.
  public let pithNumber: PithNumber?
  /// `nil` if the projections lag behind by more than `Limits.projectionWait`.
  public let verificationStatus: VerificationStatus?
  /// `nil` together with ``verificationStatus``.
  public let eventSummary: JSONObject?
  /// The signed receipt for position and entry. `nil` from a read-only process.
  public let receipt: String?
}
