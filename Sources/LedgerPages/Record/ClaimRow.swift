import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import LedgerStore
import RecordFormats

/// A claim of a paper, with what was said about it.
struct ClaimRow: Sendable {
  let id: String
  let text: String
  /// Where the source took the claim from, in words; `nil` if it does not say.
  let origin: String?
  let attempts: [Attempt]
  /// The names of those who claim to be the authors of this claim.
  let authors: [AuthorRow]

  /// An attempt to replicate the claim.
  struct Attempt: Sendable {
    let outcome: String
    let badge: Badge
    let href: String
  }

  /// The largest number of claims of a page.
  static let most = 50

  /// The claims that the document of a record lists.
  static func rows(
    _ document: JSONObject?, _ replications: [ReplicationRow], _ authors: [AuthorRow]
  ) -> [ClaimRow] {
    let items = document?["graph_snapshot"]?["claims"]?["items"]?.arrayValue ?? []
    return items.prefix(most).compactMap { item in
      guard let id = item["claim_id"]?.stringValue else { return nil }
      return ClaimRow(
        id: id, text: item["text"]?.stringValue ?? "", origin: origin(item["status"]?.stringValue),
        attempts: replications.filter { $0.claims.contains(id) }.map(\.attempt),
        authors: authors.filter { $0.claim == id })
    }
  }

  private static func origin(_ status: String?) -> String? {
    status == "machine_extracted" ? "extracted by a machine, not confirmed by an author" : status
  }
}

/// A replication record, with the event's row.
struct ReplicationRow: Sendable {
  let row: EventRow
  let claims: [String]
  let attempt: ClaimRow.Attempt

  init?(_ detail: EventDetail) throws {
    let body = try Entry(bytes: detail.event.entry).event.body
    guard case .replicationRecord(let payload) = body.payload else { return nil }
    row = try EventRow(detail)
    claims = payload.claimIDs
    attempt = ClaimRow.Attempt(
      outcome: Words.outcome(payload.outcome),
      badge: row.standing?.badge ?? Badge(detail.standing, .none), href: row.href)
  }
}

/// A claim of authorship that counts.
struct AuthorRow: Sendable {
  let name: String
  let iD: String
  let standing: StandingWords
  /// The claim of the paper that it is about; `nil` for the whole paper.
  let claim: String?
  let recorded: TimeWords
  let href: String
  let author: String

  init(_ claim: RecordView.AuthorClaim) {
    name = claim.payload.name
    iD = claim.payload.orcid
    standing = StandingWords(claim.isStrong ? "strong" : "weak", of: .authorAttestation)
    self.claim = claim.entry.event.body.target.claim
    recorded = TimeWords(claim.entry.admission.recordedAt)
    href = "/events/sha256:\(claim.entry.event.eventID.hex)"
    author = "/authors/\(iD)"
  }
}
