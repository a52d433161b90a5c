import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
import RecordFormats

/// An event as a row of a list. The template `event_row` shows it.
public struct EventRow: Sendable {
  /// What the event says, in a sentence.
  public let sentence: String
  /// The free text of the signer, such as a note; `nil` if there is none.
  public let note: String?
  /// When the ledger recorded the event.
  public let recorded: TimeWords
  /// Who signed it.
  public let signer: SignerWords
  /// The standing; `nil` for an event that has none.
  public let standing: StandingWords?
  /// The position in the log.
  public let position: String
  /// The page of the event.
  public let href: String
  /// The page of the record; `nil` for an event of the registry.
  public let recordHref: String?
  /// The Pith Number of the record, short; `nil` for an event of the registry.
  public let recordName: String?

  /// Makes a row.
  ///
  /// Errors: a `Refusal` if the entry is not well-formed.
  public init(_ detail: EventDetail) throws {
    let body = try Entry(bytes: detail.event.entry).event.body
    sentence = EventSentence.text(body)
    note = ["note", "summary"].lazy.compactMap { body.payloadJSON[$0]?.stringValue }.first
    recorded = TimeWords(detail.event.recordedAt)
    signer = SignerWords(body.signer, isVouched: detail.isSignerVouched)
    standing =
      body.type.isAttestation
      ? StandingWords(detail.standing, of: body.type, reason: detail.reason) : nil
    position = detail.event.position.description
    href = "/events/sha256:\(detail.event.eventID.hex)"
    if case .record(let number) = body.subject {
      recordHref = "/pith/\(number.suffix)"
      recordName = number.short
    } else {
      recordHref = nil
      recordName = nil
    }
  }
}
