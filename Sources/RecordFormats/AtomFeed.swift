import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore

/// The newest events about a record as an Atom feed.
///
/// An entry says what an event states when it is recorded. It does not change: what becomes of the event is told by
/// later entries, and by the event's page. Source: RFC 4287. Specification: formats.md, section Atom.
public struct AtomFeed: Sendable {
  /// The largest number of entries.
  public static let maxEntries = 50

  /// The feed as XML.
  public let xml: String

  /// Makes the feed of a record.
  ///
  /// - Parameters:
  ///   - paper: the paper that the record is about.
  ///   - events: the newest events about the record, the newest first.
  ///   - links: absolute addresses.
  ///
  /// Errors: a `Refusal` if an entry of the log is not well-formed.
  public init(_ paper: PaperDescription, events: EventPage, links: Links) throws {
    let entries = try events.events.prefix(Self.maxEntries).map { event in
      try Entry(bytes: event.entry).event.body.atomEntry(event, links)
    }
    let updated = events.events.first?.recordedAt ?? paper.submittedAt
    let address = links.part("feed.atom", of: paper.number)
    let parts =
      [
        XMLText.element("id", "urn:pithledger:events:\(paper.number)"),
        XMLText.element("title", "Statements about \(paper.heading)"),
        XMLText.element(
          "subtitle",
          "What is recorded about the paper, whether or not it is verified or still counts."
        ),
        XMLText.element("updated", updated.description),
        XMLText.empty(
          "link", [("rel", "self"), ("type", "application/atom+xml"), ("href", address)]),
        XMLText.empty(
          "link",
          [("rel", "alternate"), ("type", "text/html"), ("href", links.page(paper.number))]),
        XMLText.element("generator", "Pith Ledger"),
      ] + entries
    xml =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
      + "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n"
      + parts.joined(separator: "\n") + "\n</feed>\n"
  }
}

extension EventBody {
  fileprivate func atomEntry(_ event: StoredEvent, _ links: Links) -> String {
    let sentence = PlainText.oneLine(EventSentence.text(self))
    let note = ["note", "summary"].lazy.compactMap { self.payloadJSON[$0]?.stringValue }.first
    let isRegistry = signer.signerType == .registry
    let name =
      isRegistry
      ? "The registry of this ledger"
      : "Key \(signer.fingerprint.hex.prefix(8)), registered as \(PlainText.oneLine(signer.signerID))"
    let summary = [sentence, note.map { "The signer adds: \(PlainText.oneLine($0))" }]
      .compactMap { $0 }.joined(separator: " ")
    let author =
      XMLText.element("name", name) + XMLText.element("uri", links.key(signer.fingerprint))
    return [
      "<entry>", XMLText.element("id", "urn:pithledger:event:sha256:\(event.eventID.hex)"),
      XMLText.element("title", sentence),
      XMLText.element("updated", event.recordedAt.description),
      XMLText.element("published", event.recordedAt.description), "<author>\(author)</author>",
      XMLText.empty(
        "link",
        [("rel", "alternate"), ("type", "text/html"), ("href", links.event(event.eventID))]),
      XMLText.empty("category", [("term", event.type.name)]), XMLText.element("summary", summary),
      "</entry>",
    ].joined(separator: "\n")
  }
}
