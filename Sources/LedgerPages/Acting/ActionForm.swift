import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import LedgerStore
import RecordFormats

/// The form for one kind of statement: its fields, and the command that does the same.
struct ActionForm: Sendable {
  let type: EventType
  let heading: String
  let explanation: String
  let formHeading: String
  let fields: [FormField]
  /// Whether a key of the browser signs. Otherwise the evidence proves the statement, and the ledger signs.
  let isSigned: Bool
  let script: String
  /// The words after `pithledger`, and the record.
  let command: String
  let commandNote: String

  /// Values that the fields begin with: those of the statement that is superseded, or none.
  struct Prefill: Sendable {
    let payload: JSONObject
    let supersedes: String
    let target: String

    /// A member as text; nothing if it is absent.
    func text(_ member: String) -> String {
      if let number = payload[member]?.integerValue { return String(number) }
      return payload[member]?.stringValue ?? ""
    }

    /// Choices, of which the member's value is taken.
    func options(_ member: String, _ choices: [(String, String)]) -> [FormField.Option] {
      choices.map {
        FormField.Option(choice: $0.0, words: $0.1, isChosen: text(member) == $0.0)
      }
    }
  }

  /// The command of the shell for a record.
  private static func command(_ words: String, _ number: PithNumber, _ options: String) -> String {
    "pithledger attest \(words) \(number.suffix) \(options)"
  }

  private static let keyNote =
    "Make a key file first and register it, as on the page Your key. Put your own values in."

  // MARK: Fields that several forms have

  private static func target(_ facts: ActionFacts, _ prefill: Prefill) -> FormField {
    let parts =
      [("record", "The whole record"), ("graph", "Its list of claims and references")]
      + facts.claims.map { ("claim:\($0.id)", "Claim \($0.id)") }
    return FormField(
      "target", "Part of the record",
      .choice(
        parts.map {
          FormField.Option(choice: $0.0, words: $0.1, isChosen: $0.0 == prefill.target)
        }), faults: "target")
  }

  private static func supersedes(_ prefill: Prefill) -> FormField {
    FormField(
      "supersedes", "Replaces my earlier statement", .line(),
      help: "The event_id of your own statement that this one takes the place of.",
      entry: prefill.supersedes, member: "supersedes")
  }

  // MARK: The five attestations

  static func timestamp(_ facts: ActionFacts) -> ActionForm {
    let number = facts.record.pithNumber
    return ActionForm(
      type: .timestampAnchor, heading: "Prove when this record existed",
      explanation:
        "A proof of time shows that this record existed at a time, without trust in this ledger: an OpenTimestamps proof (.ots) "
        + "that ends in the Bitcoin chain, or a token of a timestamp authority (RFC 3161). It must be about the SHA-256 of the "
        + "canonical record, \(facts.record.canonicalSHA256.hex).",
      formHeading: "The proof",
      fields: [
        .init(
          "proof", "File with the proof", .file,
          help: "An .ots file, or a token or response of an authority (.tsr). It becomes public.",
          faults: "evidence payload.evidence_sha256 payload.anchor_kind", isRequired: true)
      ],
      isSigned: false, script: "attest-timestamp.js",
      command: command("timestamp", number, "--ots record.ots"),
      commandNote:
        "For a token of an authority use --tsr FILE. With --calendar or --tsa and an address, the program asks for the proof itself."
    )
  }

  static func storage(_ facts: ActionFacts) -> ActionForm {
    let roles = [
      ("document", "A document of the paper"), ("canonical_record", "The canonical record"),
      ("other", "Something else (does not count as a copy)"),
    ]
    let kinds = [
      ("https", "A web address"), ("file", "Upload the file to this ledger"),
      ("wayback", "A capture of the Wayback Machine"), ("s3", "An object in S3"),
      ("ipfs", "IPFS"), ("software_heritage", "Software Heritage"),
    ]
    let none = Prefill(payload: [:], supersedes: "", target: "record")
    return ActionForm(
      type: .storageAttestation, heading: "Say where the bytes are kept",
      explanation:
        "The ledger fetches the location now and again later, and compares the bytes with the hash. What cannot be fetched is refused.",
      formHeading: "The stored copy",
      fields: [
        .init(
          "storage_kind", "Where", .choice(none.options("storage_kind", kinds)),
          member: "storage_kind"),
        .init(
          "file", "A copy of the file on this computer", .file,
          help: "It is hashed in this browser. Only an upload sends it.",
          faults: "evidence payload.evidence_sha256"),
        .init(
          "location", "Location", .line(maxLength: 2048),
          help: "An address without a password or a signature in it. It is public and permanent.",
          member: "location", isRequired: true),
        .init(
          "content_sha256", "SHA-256 of the bytes", .line(maxLength: 64),
          help: "64 hexadecimal digits.", member: "content_sha256", isRequired: true),
        .init("size_bytes", "Number of bytes", .integer, member: "size_bytes", isRequired: true),
        .init(
          "content_role", "What the bytes are", .choice(none.options("content_role", roles)),
          member: "content_role"),
        .init(
          "media_type", "Media type", .line(maxLength: 100), entry: "application/octet-stream",
          member: "media_type", isRequired: true),
      ],
      isSigned: false, script: "attest-storage.js",
      command: command(
        "storage", facts.record.pithNumber, "--file paper.pdf --media-type application/pdf"),
      commandNote:
        "For a copy elsewhere use --kind, --location, --sha256 and --size in the place of --file.")
  }

  static func author(_ facts: ActionFacts, _ prefill: Prefill) -> ActionForm {
    ActionForm(
      type: .authorAttestation, heading: "Claim to be an author",
      explanation:
        "A claim is strong if your iD is confirmed, by a sign-in with ORCID or by a key that the ledger vouches for, and the name that "
        + "comes with it is in the author list of the paper. Any other claim is weak, and says why.",
      formHeading: "Your claim",
      fields: [
        .init(
          "name", "Your name, as the paper has it",
          .line(suggestions: Array((facts.authorNames ?? []).prefix(200))),
          entry: prefill.text("name"), member: "name", isRequired: true),
        .init(
          "orcid", "Your ORCID iD", .line(maxLength: 19),
          help: "Such as 0000-0002-1825-0097. A sign-in with ORCID fills it in.",
          entry: prefill.text("orcid"), member: "orcid", isRequired: true),
        .init(
          "author_index", "Place in the author list", .integer, help: "The first author is 0.",
          entry: prefill.text("author_index"), member: "author_index"),
        target(facts, prefill), supersedes(prefill),
      ],
      isSigned: true, script: "attest-author.js",
      command: command(
        "author", facts.record.pithNumber,
        "--name 'Your Name' --orcid 0000-0002-1825-0097 --key you.key"), commandNote: keyNote)
  }

  static func citation(_ facts: ActionFacts, _ prefill: Prefill) -> ActionForm {
    let relations = CitationSignature.Relation.allCases.map {
      ($0.rawValue, "It \(Words.relation($0)) this paper")
    }
    let citing = CitingRecord.members.map(prefill.text).first { !$0.isEmpty } ?? ""
    return ActionForm(
      type: .citationSignature, heading: "Sign a citation",
      explanation:
        "You sign that another paper cites this one, and how. The ledger checks your signature. It does not read the citing paper.",
      formHeading: "The citation",
      fields: [
        .init(
          "citing", "The citing paper", .line(),
          help: "An arXiv identifier, a DOI, or a whole Pith Number.", entry: citing,
          faults:
            "payload.citing_arxiv payload.citing_doi payload.citing_pith_number", isRequired: true),
        .init(
          "relation", "How it cites this paper", .choice(prefill.options("relation", relations)),
          member: "relation"),
        .init(
          "ref_index", "Number in its list of references", .integer,
          entry: prefill.text("ref_index"), member: "ref_index"),
        .init(
          "note", "Note", .text(maxLength: 500), help: "At most 500 bytes, public and permanent.",
          entry: prefill.text("note"), member: "note"),
        target(facts, prefill), supersedes(prefill),
      ],
      isSigned: true, script: "attest-citation.js",
      command: command(
        "citation", facts.record.pithNumber, "--by 2605.21642 --relation extends --key you.key"),
      commandNote: keyNote)
  }

  static func replication(_ facts: ActionFacts, _ prefill: Prefill) -> ActionForm {
    let chosen = Set(
      (prefill.payload["claim_ids"]?.arrayValue ?? []).compactMap(\.stringValue))
    let claims = facts.claims.map {
      FormField.Option(choice: $0.id, words: $0.text ?? "", isChosen: chosen.contains($0.id))
    }
    let kinds = ReplicationRecord.Kind.allCases.map { ($0.rawValue, Words.kind($0)) }
    let outcomes = ReplicationRecord.Outcome.allCases.map { ($0.rawValue, Words.outcome($0)) }
    return ActionForm(
      type: .replicationRecord, heading: "Report a replication",
      explanation:
        "You sign that you tried to replicate claims of this paper, and what came out. The report counts when a moderator has approved it.",
      formHeading: "The attempt",
      fields: [
        .init("claim_ids", "Claims", .checks(claims), member: "claim_ids", isRequired: true),
        .init("kind", "Kind", .choice(prefill.options("kind", kinds)), member: "kind"),
        .init(
          "outcome", "Outcome", .choice(prefill.options("outcome", outcomes)), member: "outcome"),
        .init(
          "replication_id", "Your name for the attempt", .line(),
          help: "You need it to correct the report later.",
          entry: prefill.text("replication_id"), member: "replication_id", isRequired: true),
        .init(
          "summary", "Summary", .text(maxLength: 500),
          help: "At most 500 bytes, public and permanent.",
          entry: prefill.text("summary"), member: "summary"),
        .init(
          "environment", "Environment", .line(maxLength: 500),
          help: "What you used: machine, versions.", entry: prefill.text("environment"),
          member: "environment"),
        .init(
          "artifact_uri", "Address of what you made", .line(maxLength: 2048),
          entry: prefill.text("artifact_uri"), member: "artifact_uri"),
        .init(
          "artifact", "That file, to hash it", .file,
          help: "It is hashed in this browser, and not sent.", faults: "evidence"),
        .init(
          "artifact_sha256", "Its SHA-256", .line(maxLength: 64),
          entry: prefill.text("artifact_sha256"), member: "artifact_sha256"),
        supersedes(prefill),
      ],
      isSigned: true, script: "attest-replication.js",
      command: command(
        "replication", facts.record.pithNumber,
        "--id run-1 --claims \(facts.claims.first?.id ?? "C1") --outcome replicated --key you.key"),
      commandNote: keyNote)
  }
}
