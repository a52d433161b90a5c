import CanonicalJSON
import LedgerDomain

/// The words that scripts show for the answer to a submission: those of the pages.
enum BrowserWords {
  /// A JSON object with `standings`, badges by type of event and standing, and `status`, the members of a status in
  /// their order.
  static func json(_ types: EventType...) -> String {
    var standings: JSONObject = [:]
    for type in types { standings[type.name] = .object(self.standings(of: type)) }
    let words: JSON = [
      "standings": .object(standings),
      "status": .array(status.map { ["key": .string($0.key), "label": .string($0.label)] }),
    ]
    return String(decoding: words.canonicalBytes(), as: UTF8.self)
  }

  private static func standings(of type: EventType) -> JSONObject {
    var words: JSONObject = [:]
    for name in names(of: type) {
      let standing = StandingWords(name, of: type)
      words[name] = [
        "meaning": .string(type.isAttestation ? standing.meaning : "It is in the log."),
        "text": .string(standing.badge.text), "tone": .string(standing.badge.tone),
      ]
    }
    return words
  }

  /// The standings that an event of a type can have.
  private static func names(of type: EventType) -> [String] {
    let counting =
      switch type {
      case .authorAttestation: ["strong", "weak", "pending"]
      case .citationSignature: ["verified"]
      case .replicationRecord: ["approved", "pending"]
      case .timestampAnchor, .storageAttestation: ["verified", "pending"]
      default: ["recorded"]
      }
    return type.isAttestation
      ? counting + ["rejected", "revoked", "superseded", "withdrawn"] : counting
  }

  /// The members of `verification_status` that a statement may change, and then the others.
  private static let status: [(key: String, label: String)] = [
    ("externally_anchored", "Time proven"), ("storage_verified", "Stored copy"),
    ("author_attested", "Claimed by an author"), ("strong_author_claims", "Strong author claims"),
    ("weak_author_claims", "Weak author claims"), ("citation_signatures", "Signed citations"),
    ("replication_records", "Approved replications"),
    ("content_addressed", "Identifier matches its content"), ("pith_receipt", "Registry receipt"),
    ("graph_snapshot", "Claims and references listed"),
    ("references_resolved", "References resolved"), ("formal_links_present", "Formal links"),
  ]
}
