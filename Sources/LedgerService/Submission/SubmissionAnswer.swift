public import CanonicalJSON
public import Encodings
public import LedgerDomain

/// The result of one submission: the position of its event, and the state of the record after it.
public struct SubmissionAnswer: Sendable {
  /// Whether this submission appended the event. `false` if the log held it already.
  public let created: Bool
  /// The SHA-256 that identifies the event.
  public let eventID: Digest
  /// The position of the event.
  public let position: Position
  /// The time at which the log recorded the event.
  public let recordedAt: Timestamp
  /// The standing that the fold gives: `strong`, `weak`, `verified`, `pending`, … `recorded` for events
  /// that are not attestations (`docs/specification/standing.md`).
  public let standing: String
  /// Why the standing is not higher, in a few words.
  public private(set) var reason: String?
  /// The Pith Number of the record. `nil` for an event about the registry.
  public let pithNumber: PithNumber?
  /// The record's `verification_status`. `nil` if the projections lag behind by more than
  /// `Limits.projectionWait`.
  public let verificationStatus: VerificationStatus?
  /// The record's `event_summary`. `nil` together with ``verificationStatus``.
  public let eventSummary: JSONObject?
  /// The signed receipt for position and entry (`docs/specification/log.md`). `nil` from a read-only
  /// process.
  public let receipt: String?

  /// The same answer with another reason.
  func giving(reason: String) -> SubmissionAnswer {
    var answer = self
    answer.reason = reason
    return answer
  }
}
