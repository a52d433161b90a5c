public import CanonicalJSON
import Encodings
public import LedgerDomain

/// What an event says, as a sentence without its subject: the reader knows which paper or key it is about.
public enum EventSentence {
  /// The sentence for an event.
  public static func text(_ body: EventBody) -> String {
    switch body.payload {
    case .timestampAnchor(let payload): anchor(payload, body.target)
    case .storageAttestation(let payload): storage(payload)
    case .authorAttestation(let payload):
      payload.method == .orcidOIDC
        ? "\(payload.name) claims to be an author, signed in with ORCID."
        : "\(payload.name) (ORCID iD \(payload.orcid)) claims to be an author."
    case .citationSignature(let payload):
      "\(Words.paper(body.payloadJSON)) \(Words.relation(payload.relation)) this paper."
    case .replicationRecord(let payload):
      "\(Words.kind(payload.kind)) of \(claims(payload.claimIDs)): \(Words.outcome(payload.outcome))."
    case .recordCreated: "The record was added to this ledger."
    case .graphSnapshot: "A snapshot of the paper's claims and references was recorded."
    case .aliasAdded(let payload):
      "The record got the name \(payload.added.value) (\(payload.added.kind.words))."
    case .aliasRetracted(let payload):
      "The name \(payload.retracted.value) (\(payload.retracted.kind.words)) was retracted: \(reason(body))"
    case .anchorUpgraded: "A complete proof of time replaces a pending one."
    case .checkRecorded(let payload):
      "A statement was checked again: \(payload.verdict.name). \(Words.sentence(reason(body)))"
    case .moderationDecision(let payload):
      "A moderator \(payload.decision.rawValue) a replication report: \(reason(body))"
    case .eventWithdrawn: "A statement was withdrawn: \(reason(body))"
    default: key(body)
    }
  }

  /// The sentence for an event of a type that this version does not know.
  public static func unknown(_ type: String) -> String {
    "An event of the type \(type), which this version of the program does not know."
  }

  private static func key(_ body: EventBody) -> String {
    switch body.payload {
    case .keyRegistered:
      "A key was registered as \(body.signer.signerType.name) by \(body.signer.signerID)."
    case .keyVouched: "The registry vouches for the name of a key."
    case .vouchingWithdrawn: "The registry no longer vouches for a key: \(reason(body))"
    case .keyRevoked: "A key was revoked: \(reason(body))"
    default: body.type.name
    }
  }

  private static func reason(_ body: EventBody) -> String {
    body.payloadJSON["reason"]?.stringValue ?? ""
  }

  private static func anchor(_ payload: TimestampAnchor, _ target: Target) -> String {
    let what =
      target.checkpoint.map { "the log's first \($0) entries" } ?? "this record"
    return switch payload.kind {
    case .opentimestamps: "A proof of time for \(what) through OpenTimestamps (Bitcoin)."
    case .rfc3161: "A proof of time for \(what) by a timestamp authority (RFC 3161)."
    }
  }

  private static func storage(_ payload: StorageAttestation) -> String {
    let what =
      switch payload.role {
      case .canonicalRecord: "The canonical record"
      case .document: "A document of the paper"
      case .other: "Other bytes"
      }
    return payload.kind == .file
      ? "\(what) (\(payload.sizeBytes) bytes) is stored by this ledger."
      : "\(what) (\(payload.sizeBytes) bytes) was stored at \(payload.location)."
  }

  private static func claims(_ ids: [String]) -> String {
    let shown = ids.prefix(8).joined(separator: ", ")
    let more = ids.count > 8 ? " and \(ids.count - 8) more" : ""
    return (ids.count == 1 ? "claim " : "claims ") + shown + more
  }
}

/// Members of payloads in words.
public enum Words {
  /// A clause as a sentence.
  public static func sentence(_ clause: String) -> String {
    guard let first = clause.first else { return clause }
    return first.uppercased() + clause.dropFirst() + (clause.hasSuffix(".") ? "" : ".")
  }

  /// How a paper relates to the one that it cites, as a verb.
  public static func relation(_ relation: CitationSignature.Relation) -> String {
    switch relation {
    case .supports: "supports"
    case .refutes: "refutes"
    case .extends: "extends"
    case .usesMethod: "uses a method of"
    case .dependsOn: "depends on"
    case .replaces: "replaces"
    case .compares: "is compared with"
    case .cites: "cites"
    }
  }

  /// A citing paper, by the name that the payload of a citation gives.
  public static func paper(_ payload: JSONObject) -> String {
    if let id = payload["citing_arxiv"]?.stringValue { return "arXiv:\(id)" }
    if let doi = payload["citing_doi"]?.stringValue { return "doi:\(doi)" }
    return payload["citing_pith_number"]?.stringValue ?? "A paper"
  }

  /// The kind of a replication report.
  public static func kind(_ kind: ReplicationRecord.Kind) -> String {
    switch kind {
    case .replication: "Replication"
    case .falsification: "Attempt to falsify"
    case .formalBridge: "Formal bridge"
    }
  }

  /// The outcome of a replication report.
  public static func outcome(_ outcome: ReplicationRecord.Outcome) -> String {
    switch outcome {
    case .replicated: "replicated"
    case .partiallyReplicated: "partially replicated"
    case .notReplicated: "not replicated"
    case .inconclusive: "inconclusive"
    }
  }

  /// A number with a noun, in the singular or the plural.
  public static func count(_ count: Int, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun == "person" ? "people" : noun + "s")"
  }
}

extension EventType {
  /// The events of the type, in words.
  public var words: String {
    switch self {
    case .timestampAnchor: "proofs of time"
    case .storageAttestation: "statements about copies"
    case .authorAttestation: "claims of authorship"
    case .citationSignature: "citations"
    case .replicationRecord: "replication reports"
    case .recordCreated: "additions of records"
    case .graphSnapshot: "snapshots of claims and references"
    case .aliasAdded: "new names"
    case .aliasRetracted: "retracted names"
    case .anchorUpgraded: "completed proofs of time"
    case .checkRecorded: "repeated checks"
    case .moderationDecision: "decisions of moderators"
    case .eventWithdrawn: "withdrawals"
    case .keyRegistered: "registrations of keys"
    case .keyVouched: "vouches for keys"
    case .vouchingWithdrawn: "withdrawn vouches"
    case .keyRevoked: "revocations of keys"
    case .unknown: "events of an unknown type"
    }
  }
}

extension Alias.Kind {
  /// The kind of name in words.
  public var words: String {
    switch self {
    case .arxiv: "arXiv"
    case .arxivVersion: "arXiv, with version"
    case .doi: "DOI"
    case .pithShort8, .pithShort12, .pithShort16: "short Pith Number"
    }
  }
}
