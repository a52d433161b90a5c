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

  /// Makes a row. An event of a type that this version does not know is described as one.
  ///
  /// Errors: a `JSONError` or a `Refusal` if the entry is not well-formed.
  public init(_ detail: EventDetail) throws {
    recorded = TimeWords(detail.event.recordedAt)
    position = detail.event.position.description
    href = "/events/sha256:\(detail.event.eventID.hex)"
    guard let body = try? Entry(bytes: detail.event.entry).event.body else {
      let event = try JSON.parse(
        detail.event.entry, limits: JSONLimits(maxBytes: Entry.maxBytes, maxDepth: 64))["event"]
      sentence = EventSentence.unknown(event?["event_type"]?.stringValue ?? "")
      signer =
        (try? Signer(event?["signer"] ?? .null)).map {
          SignerWords($0, isVouched: detail.isSignerVouched)
        } ?? SignerWords.unreadable
      (note, standing) = (nil, nil)
      let number = event?["subject_pith_number"]?.stringValue.flatMap { PithNumber($0) }
      recordHref = number.map { "/pith/\($0.suffix)" }
      recordName = number?.short
      return
    }
    sentence = EventSentence.text(body)
    note = ["note", "summary"].lazy.compactMap { body.payloadJSON[$0]?.stringValue }.first
    signer = SignerWords(body.signer, isVouched: detail.isSignerVouched)
    standing =
      body.type.isAttestation
      ? StandingWords(detail.standing, of: body.type, reason: detail.reason) : nil
    if case .record(let number) = body.subject {
      recordHref = "/pith/\(number.suffix)"
      recordName = number.short
    } else {
      recordHref = nil
      recordName = nil
    }
  }
}
