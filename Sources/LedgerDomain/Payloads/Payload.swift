public import CanonicalJSON
public import Encodings
import ProofFormats

/// What an event says in particular, by its type; a value exists only if its members are right.
public enum Payload: Sendable {
  case timestampAnchor(TimestampAnchor)
  case storageAttestation(StorageAttestation)
  case authorAttestation(AuthorAttestation)
  case citationSignature(CitationSignature)
  case replicationRecord(ReplicationRecord)
  case recordCreated(RecordCreated)
  case graphSnapshot(GraphSnapshot)
  case aliasAdded(Alias)
  case aliasRetracted(AliasRetracted)
  case anchorUpgraded(eventID: Digest, evidence: Digest)
  case checkRecorded(CheckRecorded)
  case moderationDecision(ModerationDecision)
  case eventWithdrawn(eventID: Digest, reason: String, evidence: Digest?)
  case keyRegistered(KeyRegistered)
  case keyVouched(KeyVouched)
  case keyRevoked(KeyRevoked)
  case vouchingWithdrawn(VouchingWithdrawn)

  public struct TimestampAnchor: Sendable {
    public enum Kind: String, Sendable, CaseIterable { case opentimestamps, rfc3161 }
    public let kind: Kind
    public let digest: Digest
    public let evidence: Digest
    public let supersedes: Digest?
  }

  public struct StorageAttestation: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
      case https, wayback, s3, ipfs, file
      case softwareHeritage = "software_heritage"
    }
    public enum Role: String, Sendable, CaseIterable {
      case document, other
      case canonicalRecord = "canonical_record"
    }
    public let kind: Kind
    public let role: Role
    public let location: String
    public let content: Digest
    public let sizeBytes: Int64
    public let observedAt: Timestamp
    public let expiresAt: Timestamp?
    public let evidence: Digest?
    public let supersedes: Digest?
  }

  public struct AuthorAttestation: Sendable {
    public enum Method: String, Sendable, CaseIterable {
      case keySignature = "key_signature"
      case orcidOIDC = "orcid_oidc"
    }
    public let method: Method
    public let name: String
    public let orcid: String
    /// Counted from 0 in the record's author list.
    public let authorIndex: Int64?
    public let evidence: Digest?
    public let supersedes: Digest?
    /// The signer_id of a key that stands for this iD.
    public var signerID: String { "https://orcid.org/" + orcid }
  }

  public struct CitationSignature: Sendable {
    public enum Relation: String, Sendable, CaseIterable {
      case supports, refutes, extends, replaces, compares, cites
      case usesMethod = "uses_method"
      case dependsOn = "depends_on"
    }
    public let citing: CitingRecord
    public let relation: Relation
    public let supersedes: Digest?
  }

  public struct ReplicationRecord: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
      case replication, falsification
      case formalBridge = "formal_bridge"
    }
    public enum Outcome: String, Sendable, CaseIterable {
      case replicated, inconclusive
      case partiallyReplicated = "partially_replicated"
      case notReplicated = "not_replicated"
    }
    public let id: String
    public let kind: Kind
    public let outcome: Outcome
    public let claimIDs: [String]
    public let supersedes: Digest?
  }

  public struct RecordCreated: Sendable {
    public let canonical: CanonicalRecord
    public let receipt: JSON?
    public let documentSHA256: Digest?
  }

  public struct GraphSnapshot: Sendable {
    public let documentSHA256: Digest
    public let claimIDs: [String]
    public let referenceCount: Int64
    public let resolvedWork: Int64
    public let formalEvidenceCount: Int64
  }

  public struct CheckRecorded: Sendable {
    public let eventID: Digest
    public let verdict: Verdict
    public let evidence: Digest?
  }

  public struct ModerationDecision: Sendable {
    public enum Decision: String, Sendable, CaseIterable { case approved, rejected }
    public let eventID: Digest
    public let decision: Decision
    public let log: String
  }

  public struct KeyRegistered: Sendable {
    /// 32 bytes.
    public let publicKey: [UInt8]
  }

  public struct KeyVouched: Sendable {
    public let fingerprint: Digest128
    public let signerID: String
    public let signerType: SignerType
    /// The person's name, where the issuer of the identity gave one.
    public let name: String?
    public let log: String
  }

  public struct VouchingWithdrawn: Sendable {
    public let fingerprint: Digest128
    public let log: String
  }

  public struct AliasRetracted: Sendable {
    public let alias: Alias
    public let log: String
  }

  public struct KeyRevoked: Sendable {
    public let fingerprint: Digest128
    public let compromisedFrom: Int64?
    public let log: String
  }

  /// The event this one names by `supersedes` or `event_id`.
  public var referencedEventID: Digest? {
    switch self {
    case .timestampAnchor(let p): p.supersedes
    case .storageAttestation(let p): p.supersedes
    case .authorAttestation(let p): p.supersedes
    case .citationSignature(let p): p.supersedes
    case .replicationRecord(let p): p.supersedes
    case .anchorUpgraded(let id, _): id
    case .checkRecorded(let p): p.eventID
    case .moderationDecision(let p): p.eventID
    case .eventWithdrawn(let id, _, _): id
    default: nil
    }
  }

  /// The name that is given to a record, or taken back.
  public var alias: Alias? {
    switch self {
    case .aliasAdded(let alias): alias
    case .aliasRetracted(let p): p.alias
    default: nil
    }
  }

  /// The bytes this payload rests on, which travel as evidence.
  public var evidence: Digest? {
    switch self {
    case .timestampAnchor(let p): p.evidence
    case .storageAttestation(let p): p.evidence
    case .authorAttestation(let p): p.evidence
    case .recordCreated(let p): p.documentSHA256
    case .graphSnapshot(let p): p.documentSHA256
    case .anchorUpgraded(_, let evidence): evidence
    case .checkRecorded(let p): p.evidence
    case .eventWithdrawn(_, _, let evidence): evidence
    default: nil
    }
  }

  /// Reads the payload of an event of this type, member by member.
  public init(_ type: EventType, _ json: JSON) throws(Refusal) {
    var m = try JSONObjectReader(json, "payload")
    func supersedes(_ m: inout JSONObjectReader) throws(Refusal) -> Digest? {
      m.optional("supersedes") == nil ? nil : try m.eventID("supersedes")
    }
    switch type {
    case .timestampAnchor:
      self = .timestampAnchor(
        TimestampAnchor(
          kind: try m.choice("anchor_kind", TimestampAnchor.Kind.allCases),
          digest: try m.digest("digest_sha256"), evidence: try m.digest("evidence_sha256"),
          supersedes: try supersedes(&m)))
    case .storageAttestation:
      let kind = try m.choice("storage_kind", StorageAttestation.Kind.allCases)
      let content = try m.digest("content_sha256")
      _ = try m.text("media_type", maxBytes: 100)
      let storage = StorageAttestation(
        kind: kind, role: try m.choice("content_role", StorageAttestation.Role.allCases),
        location: try Location.check(
          m.text("location", maxBytes: 2048), kind: kind, content: content),
        content: content, sizeBytes: try m.integer("size_bytes"),
        observedAt: try m.timestamp("observed_at"),
        expiresAt: try m.optionalTimestamp("expires_at"),
        evidence: try m.optionalDigest("evidence_sha256"), supersedes: try supersedes(&m))
      if let expires = storage.expiresAt, expires <= storage.observedAt {
        throw m.refusal("expires_at", "Later than observed_at.")
      }
      self = .storageAttestation(storage)
    case .authorAttestation:
      let author = AuthorAttestation(
        method: try m.choice("method", AuthorAttestation.Method.allCases),
        name: try m.text("name"), orcid: try m.text("orcid"),
        authorIndex: try m.optionalInteger("author_index", 0...99_999),
        evidence: try m.optionalDigest("evidence_sha256"), supersedes: try supersedes(&m))
      guard ORCID.isValid(author.orcid) else {
        throw m.refusal(
          "orcid", "An ORCID iD like 0000-0002-1825-0097, with its right check digit.")
      }
      guard (author.evidence != nil) == (author.method == .orcidOIDC) else {
        throw m.refusal("evidence_sha256", "There for orcid_oidc, and only there.")
      }
      self = .authorAttestation(author)
    case .citationSignature:
      let citation = CitationSignature(
        citing: try CitingRecord(&m),
        relation: try m.choice("relation", CitationSignature.Relation.allCases),
        supersedes: try supersedes(&m))
      _ = try m.optionalInteger("ref_index", 0...999_999)
      _ = try m.optionalText("note", maxBytes: 500)
      self = .citationSignature(citation)
    case .replicationRecord:
      let record = ReplicationRecord(
        id: try m.text("replication_id"),
        kind: try m.choice("kind", ReplicationRecord.Kind.allCases),
        outcome: try m.choice("outcome", ReplicationRecord.Outcome.allCases),
        claimIDs: try m.texts("claim_ids", maxCount: 256, maxBytes: 64),
        supersedes: try supersedes(&m))
      guard !record.claimIDs.isEmpty else { throw m.refusal("claim_ids", "At least one claim.") }
      _ = try m.optionalText("summary", maxBytes: 500)
      if let uri = try m.optionalText("artifact_uri", maxBytes: 2048) {
        try Location.checkURL(uri, field: "payload.artifact_uri")
      }
      _ = try m.optionalDigest("artifact_sha256")
      _ = try m.optionalText("environment", maxBytes: 500)
      self = .replicationRecord(record)
    case .recordCreated:
      let canonical = try CanonicalRecord(
        m.value("canonical_record"), field: "payload.canonical_record")
      guard try m.digest("canonical_sha256") == canonical.digest else {
        throw Refusal(
          .invalid, check: "canonical_sha256", field: "payload.canonical_sha256",
          "The canonical record hashes to \(canonical.digest.hex).")
      }
      self = .recordCreated(
        RecordCreated(
          canonical: canonical, receipt: m.optional("receipt"),
          documentSHA256: try m.optionalDigest("document_sha256")))
    case .graphSnapshot:
      self = .graphSnapshot(
        GraphSnapshot(
          documentSHA256: try m.digest("document_sha256"),
          claimIDs: try m.texts("claim_ids", maxCount: 500, maxBytes: 64),
          referenceCount: try m.integer("reference_count", 0...1_000_000),
          resolvedWork: try m.integer("resolved_work", 0...1_000_000),
          formalEvidenceCount: try m.integer("formal_evidence_count", 0...1_000_000)))
    case .aliasAdded:
      self = .aliasAdded(
        Alias(
          kind: try m.choice("alias_kind", Alias.Kind.allCases), value: try m.text("alias_value")))
    case .aliasRetracted:
      _ = try m.text("reason", maxBytes: 500)
      self = .aliasRetracted(
        AliasRetracted(
          alias: Alias(
            kind: try m.choice("alias_kind", Alias.Kind.allCases),
            value: try m.text("alias_value")),
          log: try m.text("log")))
    case .anchorUpgraded:
      self = .anchorUpgraded(
        eventID: try m.eventID("event_id"), evidence: try m.digest("evidence_sha256"))
    case .checkRecorded:
      let name = try m.text("verdict")
      guard let verdict = Verdict(name: name) else {
        throw m.refusal("verdict", "No such verdict.")
      }
      _ = try m.text("reason", maxBytes: 500)
      self = .checkRecorded(
        CheckRecorded(
          eventID: try m.eventID("event_id"), verdict: verdict,
          evidence: try m.optionalDigest("evidence_sha256")))
    case .moderationDecision:
      _ = try m.text("reason", maxBytes: 500)
      self = .moderationDecision(
        ModerationDecision(
          eventID: try m.eventID("event_id"),
          decision: try m.choice("decision", ModerationDecision.Decision.allCases),
          log: try m.text("log")))
    case .eventWithdrawn:
      self = .eventWithdrawn(
        eventID: try m.eventID("event_id"), reason: try m.text("reason", maxBytes: 500),
        evidence: try m.optionalDigest("evidence_sha256"))
    case .keyRegistered:
      guard try m.text("algorithm") == "ed25519" else {
        throw m.refusal("algorithm", "Only ed25519 is known.")
      }
      self = .keyRegistered(KeyRegistered(publicKey: try m.bytes("public_key_b64", count: 32)))
    case .keyVouched:
      let typeName = try m.text("signer_type")
      guard let type = SignerType(name: typeName) else {
        throw m.refusal("signer_type", "No such type of signer.")
      }
      guard ["registry", "orcid_oidc"].contains(try m.text("method")) else {
        throw m.refusal("method", "One of registry, orcid_oidc.")
      }
      self = .keyVouched(
        KeyVouched(
          fingerprint: try m.fingerprint("public_key_fingerprint"),
          signerID: try m.text("signer_id"), signerType: type, name: try m.optionalText("name"),
          log: try m.text("log")))
    case .vouchingWithdrawn:
      _ = try m.text("reason", maxBytes: 500)
      self = .vouchingWithdrawn(
        VouchingWithdrawn(
          fingerprint: try m.fingerprint("public_key_fingerprint"), log: try m.text("log")))
    case .keyRevoked:
      _ = try m.text("reason", maxBytes: 500)
      self = .keyRevoked(
        KeyRevoked(
          fingerprint: try m.fingerprint("public_key_fingerprint"),
          compromisedFrom: try m.optionalInteger("compromised_from_position"),
          log: try m.text("log")))
    case .unknown:
      throw Refusal(.invalid, check: "event_type", field: "event_type", "No such type of event.")
    }
    try m.finish()
  }
}

/// The record that cites, under one spelling.
public struct CitingRecord: Sendable, Equatable {
  public let recordName: RecordName
  /// `pith:…`, `arxiv:…` without version, or `doi:…` in lower case.
  public let normalised: String

  init(_ m: inout JSONObjectReader) throws(Refusal) {
    let pith = try m.optionalText("citing_pith_number")
    let arxiv = try m.optionalText("citing_arxiv")
    let doi = try m.optionalText("citing_doi")
    switch (pith, arxiv, doi) {
    case (let text?, nil, nil):
      guard let number = PithNumber(text) else {
        throw m.refusal("citing_pith_number", "Not a full Pith Number.")
      }
      recordName = .pithNumber(number)
      normalised = number.description
    case (nil, let text?, nil):
      let id = Alias.withoutVersion(text)
      guard case .alias(let kinds, _)? = try? RecordName(id), kinds.contains(.arxiv) else {
        throw m.refusal("citing_arxiv", "Not an arXiv id.")
      }
      recordName = .alias([.arxiv], id)
      normalised = "arxiv:" + id
    case (nil, nil, let text?):
      let doi = Alias(kind: .doi, value: text).folded
      guard doi.hasPrefix("10."), doi.contains("/") else {
        throw m.refusal("citing_doi", "Not a DOI.")
      }
      recordName = .alias([.doi], doi)
      normalised = "doi:" + doi
    default:
      throw m.refusal(
        "citing_pith_number", "Exactly one of citing_pith_number, citing_arxiv and citing_doi.")
    }
  }
}

/// Addresses that may stand in a signed payload for ever.
enum Location {
  /// Query parameters by which clouds grant access to whoever holds the address.
  static let credentials = [
    "signature", "sig", "awsaccesskeyid", "token", "access_token", "key", "x-amz-signature",
    "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential", "sv", "se",
  ]

  static func check(
    _ location: String, kind: Payload.StorageAttestation.Kind, content: Digest
  ) throws(Refusal) -> String {
    func refusal(_ message: String) -> Refusal {
      Refusal(.invalid, check: "location", field: "payload.location", message)
    }
    switch kind {
    case .file:
      guard location == "urn:sha256:" + content.hex else {
        throw refusal("A file's location is urn:sha256: and its content_sha256.")
      }
    case .softwareHeritage:
      guard location.hasPrefix("swh:1:cnt:"),
        Hex.decode(String(location.dropFirst(10)))?.count == 20
      else { throw refusal("A Software Heritage content identifier: swh:1:cnt: and 40 digits.") }
    case .ipfs:
      guard location.hasPrefix("ipfs://"), location.utf8.count > 10 else {
        throw refusal("An address that begins with ipfs://.")
      }
      try checkURL(location, field: "payload.location")
    case .https, .wayback, .s3:
      let prefixes =
        switch kind {
        case .wayback: ["https://web.archive.org/web/"]
        case .s3: ["s3://", "https://"]
        default: ["https://"]
        }
      guard prefixes.contains(where: { location.hasPrefix($0) && location != $0 }) else {
        throw refusal("An address that begins with \(prefixes.joined(separator: " or ")).")
      }
      try checkURL(location, field: "payload.location")
    }
    return location
  }

  /// Printable ASCII, without user info and without credentials in the query.
  static func checkURL(_ url: String, field: String) throws(Refusal) {
    func refusal(_ message: String) -> Refusal {
      Refusal(.invalid, check: "location", field: field, message)
    }
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw refusal("An address is printable ASCII without spaces.")
    }
    guard let scheme = url.firstRange(of: "://") else { throw refusal("An address with a scheme.") }
    let rest = url[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.isEmpty, !authority.contains("@") else {
      throw refusal("An address has a host, and no user name or password.")
    }
    guard let mark = rest.firstIndex(of: "?") else { return }
    for pair in rest[rest.index(after: mark)...].split(whereSeparator: { $0 == "&" || $0 == "#" }) {
      let name = pair.prefix { $0 != "=" }.lowercased()
      if credentials.contains(name) {
        throw refusal("What is signed is public for ever, so \(name) must not be in an address.")
      }
    }
  }
}
