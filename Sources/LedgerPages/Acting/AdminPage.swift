import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
import RecordFormats

/// The page for moderators and operators: what waits for a decision, and what needs attention.
public struct AdminPage: Page {
  public static let template = "admin"
  public let frame: PageFrame
  let words = BrowserWords.json(.moderationDecision)
  let log: String
  let replications: [Replication]
  let hasReplications: Bool
  let nextReplications: String?
  let keys: [UnvouchedKey]
  let hasKeys: Bool
  let nextKeys: String?
  let equivocations: [Equivocation]
  let hasEquivocations: Bool
  let nextEquivocations: String?
  let capacities: [FormField.Option]

  /// A replication report that no moderator has decided about.
  struct Replication: Sendable {
    let row: EventRow
    let eventPosition: String
    let eventID: String
    let subject: String
    let post: String
    let command: String
  }

  /// A registered key that nobody vouches for.
  struct UnvouchedKey: Sendable {
    let fingerprint: String
    let keyHref: String
    let keyName: String
    let signerID: String
    let signerType: String
    let options: [FormField.Option]
    let command: String
  }

  /// A record some of whose statements contradict each other.
  struct Equivocation: Sendable {
    let number: String
    let eventsHref: String
    let amount: String
  }

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - log: the origin of the ledger, which a decision names.
  ///   - replications: the reports that are pending.
  ///   - nextReplications: the cursor of further reports; `nil` if there are none.
  ///   - keys: registered keys that were never vouched for.
  ///   - equivocations: records with contradicting statements.
  ///
  /// Errors: a `Refusal` if an entry is not well-formed.
  public init(
    log: String, replications: [EventDetail], nextReplications: String?, keys: KeyPage,
    equivocations: EquivocationPage
  ) throws {
    var frame = PageFrame(
      title: "Moderation and operation", summary: "What waits for a moderator or the operator.")
    frame.scripts = ["admin.js"]
    self.frame = frame
    self.log = log
    self.replications = try replications.map(Self.replication)
    hasReplications = !replications.isEmpty
    self.nextReplications = nextReplications.map { "/admin?replications=\($0)" }
    let unvouched = keys.keys.filter { !$0.isRegistry }
    self.keys = unvouched.map(Self.key)
    hasKeys = !unvouched.isEmpty
    nextKeys = keys.next.map { "/admin?keys=\($0)" }
    self.equivocations = equivocations.records.map {
      Equivocation(
        number: $0.record.pithNumber.description,
        eventsHref: "/pith/\($0.record.pithNumber.suffix)/events",
        amount: Words.count(Int($0.count), "contradiction"))
    }
    hasEquivocations = !equivocations.records.isEmpty
    nextEquivocations = equivocations.next.map { "/admin?equivocations=\($0)" }
    capacities = Self.capacities(chosen: nil)
  }

  private static func capacities(chosen: SignerType?) -> [FormField.Option] {
    SignerType.allCases.filter { $0 != .registry }.map {
      FormField.Option(choice: $0.name, words: $0.name, isChosen: $0 == chosen)
    }
  }

  private static func replication(_ detail: EventDetail) throws -> Replication {
    let body = try Entry(bytes: detail.event.entry).event.body
    let suffix = if case .record(let number) = body.subject { number.suffix } else { "" }
    let position = detail.event.position.description
    return Replication(
      row: try EventRow(detail), eventPosition: position,
      eventID: "sha256:\(detail.event.eventID.hex)", subject: body.subjectText,
      post: "/pith/\(suffix)/action/\(EventType.moderationDecision.name)",
      command:
        "pithledger moderate \(suffix) \(position) approve --reason 'Your reason' --key moderator.key"
    )
  }

  private static func key(_ standing: KeyStanding) -> UnvouchedKey {
    let fingerprint = standing.key.fingerprint.hex
    return UnvouchedKey(
      fingerprint: fingerprint, keyHref: "/keys/\(fingerprint)", keyName: standing.key.keyID,
      signerID: standing.key.signerID, signerType: standing.key.signerType.name,
      options: capacities(chosen: standing.key.signerType),
      command: "pithledger key vouch \(fingerprint) --as \(standing.key.signerType.name)")
  }
}
