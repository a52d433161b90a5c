import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
import RecordFormats

/// One key: whose it is, what is known about that, and what it signed.
public struct KeyDetailPage: Page {
  /// A moment of the key's history.
  public struct Moment: Sendable {
    /// What happened.
    public let text: String
    /// The position in the log.
    public let position: String
    /// When; `nil` if it was not read.
    public let time: TimeWords?
    /// The page of the event; `nil` if it was not read.
    public let href: String?
  }

  public static let template = "key"
  public let frame: PageFrame
  /// The key in words.
  public let key: KeyWords
  /// The public key in base64.
  public let publicKey: String
  /// What happened to the key, in the order of the log.
  public let moments: [Moment]
  /// How many vouches are not among the ``moments``; `nil` for none.
  public let left: String?
  /// What the key signed.
  public let rows: [EventRow]
  /// Whether there are ``rows``.
  public let hasRows: Bool
  /// The choices of a type.
  public let types: [SelectOption]
  /// The links to other pages.
  public let pager: Pager
  /// The same as JSON.
  public let json: String

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - frame: the parts that every page has.
  ///   - history: the key with the events that it signed.
  ///   - type: the chosen type; `nil` for any.
  ///   - isFirst: whether it is the first page of the list.
  ///
  /// Errors: those of `EventRow`.
  public init(frame: PageFrame, _ history: KeyHistory, type: String?, isFirst: Bool) throws {
    let key = history.standing.key
    self.key = KeyWords(history.standing)
    publicKey = Base64.encode(key.publicKey)
    moments = Self.moments(history)
    let hidden = key.vouches.count - KeyHistoryQueries.maxVouches
    left = hidden > 0 ? NumberWords.count(hidden, "older vouch", "older vouches") : nil
    rows = try history.details.map { try EventRow($0) }
    hasRows = !rows.isEmpty
    types = SelectOption.all(EventListPage.typeLabels, chosen: type ?? "")
    pager = Pager(
      "/keys/\(key.fingerprint.hex)", type.map { [("type", $0)] } ?? [], isFirst: isFirst,
      next: history.signed.next.map { ("from", $0.description) })
    json = "/api/keys/\(key.fingerprint.hex)"
    var frame = frame
    frame.alternates.append(TypedLink(rel: "alternate", href: json, type: "application/json"))
    self.frame = frame
  }

  private static func moments(_ history: KeyHistory) -> [Moment] {
    let key = history.standing.key
    var moments: [(Position, String)] = [
      (key.registeredAt, "The key was registered. The event is signed with the key itself.")
    ]
    for vouch in key.vouches.suffix(KeyHistoryQueries.maxVouches) {
      let name = vouch.name.map { " and to the name \($0)" } ?? ""
      let capacity = vouch.type.name.replacing("_", with: " ")
      moments.append(
        (
          vouch.position,
          "The registry vouched, as \(capacity), that the key belongs to \(key.signerID)\(name)."
        ))
      if let until = vouch.until {
        moments.append((until, "The registry took back the vouch of position \(vouch.position)."))
      }
    }
    if let revoked = key.revokedAt {
      let since = key.compromisedFrom.map {
        " What it signed from position \($0) on lost its standing."
      }
      moments.append((revoked, "The key was revoked.\(since ?? "")"))
    }
    return moments.sorted { $0.0 < $1.0 }.map { position, text in
      let mark = history.marks[position]
      return Moment(
        text: text, position: position.description, time: mark.map { TimeWords($0.recordedAt) },
        href: mark.map { Links().event($0.eventID) })
    }
  }
}
