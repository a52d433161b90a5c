import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import RecordFormats

/// What a record's JSON takes from its document, and what the log says in its place.
extension RecordView {
  /// The members that only the ledger gives. A document does not speak for the ledger, so its own
  /// members of these names are left out. They include members of other answers of the ledger.
  private static let ownMembers: Set<String> = Set(VerificationStatus.keys).union([
    "agent_actions", "as_of", "attestation_state", "attested", "author_claims", "candidates",
    "checkpoint", "claims", "event_summary", "events", "events_next", "inclusion", "links",
    "paper_claims", "position", "proof", "provenance", "standing", "standings", "state", "status",
    "storage_verified_until", "title_verified", "updated_at", "verification_status", "verified",
    "vouched_citation_signatures",
  ]).subtracting(["graph_snapshot"])

  /// The members that the document gives, without those that only the ledger gives.
  var documentMembers: JSONObject {
    guard let document else { return [:] }
    var json = document.removing(Array(Self.ownMembers))
    if let paper = json["paper"] { json["paper"] = paper.objectValue.map { .object(checked($0)) } }
    return json
  }

  /// The document's `paper` with the values of the canonical record, which the Pith Number confirms.
  private func checked(_ paper: JSONObject) -> JSONObject {
    var paper = paper
    let metadata = canonicalRecord["metadata"]
    for (member, confirmed) in [
      ("cross_cats", "cross_cats_sorted"), ("license", "license"), ("primary_cat", "primary_cat"),
      ("submitted_at", "submitted_at"),
    ] where paper[member] != nil {
      if let value = metadata?[confirmed] { paper[member] = value }
    }
    // The title is the document's own: the canonical record does not confirm it.
    paper["title_verified"] = titleVerified == false ? false : nil
    return paper
  }

  /// Replaces what a document says about claims of authorship by what the log says.
  func replaceClaims(in json: inout JSONObject) {
    let strong = Int64(status?.verificationStatus.strongAuthorClaims ?? 0)
    json["attestation_state"] = strong > 0 ? "author_attested" : "computed"
    json["paper_claims"] = .array(authorClaims.map(\.json))
    json["graph_snapshot"] = GraphClaims(claims: authorClaims, status: status?.verificationStatus)
      .replaced(in: json["graph_snapshot"])
  }

  /// The citations that the document's source knows, with where they come from, beside those that the
  /// log attests.
  func inboundCitations(_ source: JSON?, _ links: Links) -> JSON {
    var json = source?.objectValue ?? [:]
    for member in ["count", "internal_anchor_count"] where json[member]?.integerValue == nil {
      json[member] = 0
    }
    if json["sample"]?.arrayValue == nil { json["sample"] = [] }
    json["provenance"] = source?.objectValue == nil ? .null : provenance.map(\.json) ?? .null
    var attested = citations?.members(links) ?? ["citations": []]
    attested["count"] = .integer(Int64(status?.verificationStatus.citationSignatures ?? 0))
    attested["vouched_count"] = .integer(Int64(vouchedCitations))
    json["attested"] = .object(attested)
    return .object(json)
  }
}

/// The claims of authorship that the log attests, for the graph of a document.
struct GraphClaims {
  let claims: [RecordView.AuthorClaim]
  let status: VerificationStatus?

  /// The `graph_snapshot` of a document, with the log's own `author_claims` and with the attestations of
  /// its claims.
  func replaced(in graph: JSON?) -> JSON? {
    guard var graph = graph?.objectValue else { return graph }
    let own = graph["author_claims"]?.objectValue.map(counts)
    graph["author_claims"] = own.map { .object($0) }
    if var claims = graph["claims"]?.objectValue, let items = claims["items"]?.arrayValue {
      claims["items"] = .array(items.map(attested))
      graph["claims"] = .object(claims)
    }
    return .object(graph)
  }

  /// The counts of the log. The digest of the source is about the counts of the source.
  private func counts(_ source: JSONObject) -> JSONObject {
    let strong = Int64(status?.strongAuthorClaims ?? 0)
    let own: JSONObject = [
      "count": .integer(strong + Int64(status?.weakAuthorClaims ?? 0)),
      "strong_count": .integer(strong),
    ]
    var counts = source.keeping(["snapshot_sha256"])
    if counts["snapshot_sha256"] != nil, own.contains(where: { source[$0.key] != $0.value }) {
      counts["snapshot_sha256"] = .null
    }
    for (member, value) in own { counts[member] = value }
    return counts
  }

  /// A claim of the paper with its own attestation: `strong` or `weak` if an author attested it.
  private func attested(_ item: JSON) -> JSON {
    guard var claim = item.objectValue, claim["attestation"] != nil else { return item }
    let id = claim["claim_id"]?.stringValue
    let own = claims.filter { id != nil && $0.entry.event.body.target.claim == id }
    claim["attestation"] =
      own.contains(where: \.isStrong) ? "strong" : own.isEmpty ? "unclaimed" : "weak"
    return .object(claim)
  }
}

extension RecordView.Provenance {
  fileprivate var json: JSON {
    [
      "document_sha256": .string(documentDigest.hex), "position": .integer(position.rawValue),
      "recorded_at": .string(recordedAt.description),
    ]
  }
}

extension RecordView.AuthorClaim {
  /// An element of `paper_claims`.
  fileprivate var json: JSON {
    let body = entry.event.body
    return [
      "event_id": .string("sha256:" + entry.event.eventID.hex),
      "method": .string(payload.method.rawValue), "name": .string(payload.name),
      "orcid": .string(payload.orcid), "position": .integer(position.rawValue),
      "recorded_at": .string(entry.admission.recordedAt.description), "signer": body.signer.json,
      "standing": isStrong ? "strong" : "weak", "target": .string(body.target.text),
    ]
  }
}

extension JSONObject {
  /// The members with some names.
  func keeping(_ names: Set<String>) -> JSONObject {
    removing(keys.filter { !names.contains($0) })
  }
}
