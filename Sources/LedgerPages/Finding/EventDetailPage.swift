import CanonicalJSON
import Encodings
import LedgerDomain
public import LedgerService
import LedgerStore
public import RecordFormats

/// One event: what it says, whether and why it counts, and what proves that it is in the log.
public struct EventDetailPage: Page {
  /// A check of admission.
  public struct CheckRow: Sendable {
    /// The name.
    public let name: String
    /// What the check is about.
    public let meaning: String
    /// The verdict.
    public let badge: Badge
  }

  /// An event that is connected with this one.
  public struct Related: Sendable {
    /// What the event says.
    public let text: String
    /// When it was recorded.
    public let recorded: TimeWords
    /// The page of the event.
    public let href: String
  }

  /// The chain of proof.
  public struct Chain: Sendable {
    /// The hash of the leaf.
    public let leaf: String
    /// The hashes of the inclusion proof.
    public let hashes: [String]
    /// How many hashes these are.
    public let hashCount: String
    /// The number of entries of the checkpoint.
    public let size: String
    /// The checkpoint with its signatures.
    public let note: String
    /// How many signatures the note has besides the log's.
    public let cosignatures: String
    /// The log's key.
    public let logKey: String
    /// The command that fetches the proof.
    public let fetchCommand: String
    /// The command that verifies the proof.
    public let verifyCommand: String
  }

  public static let template = "event"
  public let frame: PageFrame
  /// What the event says.
  public let row: EventRow
  /// What kind of event it is.
  public let kind: String
  /// The event id.
  public let eventID: String
  /// When the signer signed it, by the signer's clock; `nil` if it is not known.
  public let created: TimeWords?
  /// What it is about, in the words of the event.
  public let target: String
  /// The standing; `nil` for an event that has none.
  public let words: StandingWords?
  /// What its signer can do about it; `nil` if nothing can be done.
  public let actions: StatementActions?
  /// What is known about the key; `nil` if it is not registered.
  public let signingKey: KeyWords?
  /// The signed body with line breaks.
  public let pretty: String
  /// The exact bytes of the signed body.
  public let exact: String
  /// The signature in base64.
  public let signature: String
  /// The checks of admission.
  public let checks: [CheckRow]
  /// The time that a proof gave; `nil` if there is none.
  public let proven: TimeWords?
  /// The event that this one names.
  public let refersTo: Related?
  /// The events that name this one.
  public let referring: [Related]
  /// Whether there are ``referring`` events.
  public let hasReferring: Bool
  /// Whether more events name this one than are shown.
  public let hasMoreReferring: Bool
  /// The evidence that the event names, by address.
  public let evidence: [TextLink]
  /// Whether there is ``evidence``.
  public let hasEvidence: Bool
  /// The chain of proof; `nil` while no checkpoint covers the event.
  public let chain: Chain?
  /// Proofs of time over checkpoints that cover the event.
  public let anchors: [EventRow]
  /// Whether there are ``anchors``.
  public let hasAnchors: Bool
  /// The inclusion proof.
  public let proofHref: String
  /// The event as JSON.
  public let json: String

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - frame: the parts that every page has.
  ///   - dossier: the event with what the page shows beside it.
  ///   - links: absolute links, for commands that are pasted elsewhere.
  ///
  /// Errors: those of `EventRow`.
  public init(frame: PageFrame, _ dossier: EventDossier, _ links: Links) throws {
    let event = dossier.detail.event
    row = try EventRow(dossier.detail)
    actions = try StatementActions(dossier.detail)
    eventID = "sha256:\(event.eventID.hex)"
    let whole = try JSON.parse(
      event.entry, limits: JSONLimits(maxBytes: Entry.maxBytes, maxDepth: 64))["event"]
    let body = (whole?.objectValue ?? [:]).removing(["event_id", "evidence", "signature"])
    pretty = JSON.object(body).prettyString()
    exact = JSON.object(body).canonicalString()
    signature = whole?["signature"]?["signature_b64"]?.stringValue ?? ""
    kind = EventListPage.typeLabels.first { $0.value == event.type.name }?.label ?? "event"
    created = body["created_at"]?.stringValue.flatMap { Timestamp($0) }.map { TimeWords($0) }
    target = body["target"]?.stringValue ?? ""
    words = row.standing
    signingKey = dossier.key.map { KeyWords($0) }
    let admission = try? Entry(bytes: event.entry).admission
    checks = (admission?.checks ?? []).map(CheckRow.init)
    proven = admission?.provenAt.map { TimeWords($0) }
    refersTo = dossier.refersTo.map(Self.related)
    referring = dossier.referring.map(Self.related)
    hasReferring = !referring.isEmpty
    hasMoreReferring = dossier.hasMoreReferring
    // Identity tokens are never served.
    let hasToken = checks.contains { $0.name == "token_form" }
    evidence = hasToken ? [] : Self.evidence(body["payload"])
    hasEvidence = !evidence.isEmpty
    chain = dossier.proof.map { Chain($0, eventID: "sha256:\(event.eventID.hex)", links) }
    anchors = try dossier.anchors.map { try EventRow($0) }
    hasAnchors = !anchors.isEmpty
    proofHref = "/api/proof/\(eventID)"
    json = "/api/events/\(eventID)"
    var frame = frame
    frame.alternates.append(TypedLink(rel: "alternate", href: json, type: "application/json"))
    self.frame = frame
  }

  private static func related(_ event: StoredEvent) -> Related {
    let body = try? Entry(bytes: event.entry).event.body
    return Related(
      text: body.map(EventSentence.text) ?? EventSentence.unknown(event.type.name),
      recorded: TimeWords(event.recordedAt), href: Links().event(event.eventID))
  }

  /// The digests of evidence in a payload.
  private static func evidence(_ payload: JSON?) -> [TextLink] {
    ["evidence_sha256", "document_sha256"].compactMap { name in
      payload?[name]?.stringValue.flatMap { Digest(hex: $0) }.map {
        TextLink($0.hex, "/api/evidence/\($0.hex)")
      }
    }
  }
}

extension EventDetailPage.Chain {
  fileprivate init(_ proof: EventDossier.Proof, eventID: String, _ links: Links) {
    leaf = proof.leaf.hex
    hashes = proof.hashes.map(\.base64)
    hashCount = NumberWords.count(proof.hashes.count, "hash", "hashes")
    size = NumberWords.text(proof.size)
    note = proof.note
    let lines = proof.note.split(separator: "\n").filter { $0.hasPrefix("— ") }
    cosignatures = NumberWords.count(
      max(0, lines.count - 1), "further signature", "further signatures")
    logKey = proof.logKey
    fetchCommand =
      "curl -fsS \(Self.quoted("\(links.home)api/proof/\(eventID)")) -o entry.tlog-proof"
    verifyCommand =
      "pithledger verify proof entry.tlog-proof --log-key \(Self.quoted(proof.logKey))"
  }

  /// A text as one word of a shell.
  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: "'\\''") + "'"
  }
}

extension EventDetailPage.CheckRow {
  fileprivate init(_ check: Check) {
    name = check.name
    meaning = Self.meanings[check.name] ?? "A check that this page does not describe."
    badge =
      switch check.verdict {
      case .verified: Badge("holds", .good)
      case .pending: Badge("not decided then", .wait)
      case .failed: Badge("does not hold", .bad)
      case .gone, .changed, .erased: Badge(check.verdict.name, .bad)
      }
  }

  private static let meanings = [
    "signature": "The signature verifies under the signer's key.",
    "content_addressed": "The canonical record has the Pith Number.",
    "operator": "An operator of this ledger sent the record.",
    "pith_receipt": "The receipt is by a key that is trusted for receipts.",
    "proof_form": "The proof is well formed and about the digest.",
    "bitcoin": "The path ends at the merkle root of a block header that the operator trusts.",
    "settleable":
      "A calendar that the ledger asks, or a block that may exist, can complete the proof.",
    "token_signature": "The signature of the token verifies.",
    "token_chain": "The certificates of the token lead to a root that the operator trusts.",
    "token_form": "The identity token has the required claims.",
    "fetch": "The ledger fetched the location.",
    "content": "The bytes have the stated digest and length.",
    "cid": "The content identifier agrees with the bytes.",
    "swhid": "The Software Heritage identifier agrees with the bytes.",
    "memento": "The archive states when it captured the bytes.",
    "storage_provider": "A storage provider signed it, instead of a fetch.",
    "verified_name": "The name is the one that the issuer of the identity gave.",
    "author_name": "The name is in the author list of the paper.",
  ]
}
