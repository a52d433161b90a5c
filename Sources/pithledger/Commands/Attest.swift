import ArgumentParser
import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import VerifyCommands

struct Attest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Submit an attestation about a record.",
    discussion: "Every attestation is public and permanent.",
    subcommands: [Timestamp.self, Storage.self, Author.self, Citation.self, Replication.self])

  /// The arguments of every attestation.
  struct About: ParsableArguments {
    @Argument(help: "The record: a Pith Number, its short form, an arXiv id or a DOI.") var record:
      String
    @Option(help: "The part of the record: record, graph, or a claim such as claim:C1.")
    var target = "record"
    @Option(
      help:
        "The statement that this statement replaces: its event_id, the first digits of it, or its position."
    ) var supersedes: String?
    @Option(
      help:
        "The key file to sign with. Without it, the registry key signs a statement that proves itself.",
      completion: .file()) var key: String?

    /// Submits a payload: signed, if a key is given, otherwise bare.
    ///
    /// - Parameter content: makes the payload and its evidence.
    func submit(
      _ type: EventType, common: Common,
      _ content: (any LedgerAccess) async throws -> (payload: JSONObject, evidence: [[UInt8]])
    ) async throws {
      try await common.withAccess(writes: true) { ledger in
        var (payload, evidence) = try await content(ledger)
        if let supersedes {
          let id = try await ledger.eventID(supersedes, field: "--supersedes")
          payload["supersedes"] = .string("sha256:" + id.hex)
        }
        let statement = Statement(
          type: type, payload: payload, record: record, target: target, evidence: evidence)
        let answer =
          if let key {
            try await ledger.submit(statement, by: KeyFile(path: key))
          } else {
            try await ledger.submit(bare: statement)
          }
        common.show(SubmissionOutput(json: answer))
      }
    }
  }

  struct Timestamp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Attest that the record's digest existed at a time.",
      discussion: "The proof is read from a file, or requested from calendars or an authority.",
      examples: [
        "pithledger attest timestamp 4OXKXQ4P --ots proof.ots"
      ])
    @OptionGroup var common: Common
    @OptionGroup var about: About
    @Option(help: "A file with an OpenTimestamps proof.", completion: .file()) var ots: String?
    @Option(help: "A file with an RFC 3161 token or response.", completion: .file()) var tsr:
      String?
    @Option(
      parsing: .upToNextOption,
      help: "The OpenTimestamps calendars to request a proof from. `anchors upgrade` completes it.")
    var calendar: [String] = []
    @Option(help: "The URL of an RFC 3161 timestamp authority to request a token from.") var tsa:
      String?

    func validate() throws {
      guard [ots != nil, tsr != nil, !calendar.isEmpty, tsa != nil].count(where: { $0 }) == 1 else {
        throw ValidationError("Give one of --ots, --tsr, --calendar and --tsa.")
      }
    }

    func run() async throws {
      try await about.submit(.timestampAnchor, common: common) { ledger in
        let digest = try await ledger.digest(of: about.record)
        let proof =
          if let file = ots ?? tsr {
            try read(file)
          } else {
            try await requestProof(digest, by: ledger.timestampRequester)
          }
        return (
          [
            "anchor_kind": tsr == nil && tsa == nil ? "opentimestamps" : "rfc3161",
            "digest_sha256": .string(digest.hex),
            "evidence_sha256": .string(Digest(hashing: proof).hex),
          ], [proof]
        )
      }
    }

    /// Requests a proof from the machine of the command.
    private func requestProof(
      _ digest: Digest, by requester: TimestampRequester
    ) async throws -> [UInt8] {
      if let tsa { return try await requester.requestToken(over: digest, authority: tsa) }
      return try await requester.requestProof(over: digest, calendars: calendar)
    }
  }

  struct Storage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Attest that bytes are stored at a location.",
      discussion:
        "The ledger stores an uploaded file itself. It fetches any other location to check it.",
      examples: [
        "pithledger attest storage 4OXKXQ4P --file paper.pdf --media-type application/pdf"
      ])
    @OptionGroup var common: Common
    @OptionGroup var about: About
    @Option(help: "A file to upload.", completion: .file()) var file: String?
    @Option(
      help: "The role of the bytes: canonical_record, document or other.",
      completion: .list(["canonical_record", "document", "other"])) var role =
      "document"
    @Option(help: "The media type of the bytes.") var mediaType = "application/octet-stream"
    @Option(help: "The kind of the location: https, wayback, s3, ipfs or software_heritage.")
    var kind: String?
    @Option(help: "The location of the bytes.") var location: String?
    @Option(help: "The SHA-256 of the bytes, in hexadecimal.") var sha256: String?
    @Option(help: "The number of bytes.", transform: wholeNumber()) var size: Int64?
    @Option(
      help:
        "The time at which the bytes were there (RFC 3339). The default for a statement with --key is now."
    ) var observedAt: String?
    @Option(help: "The time at which the statement expires (RFC 3339).") var expiresAt: String?
    @Option(help: "A file with evidence, such as a report of a fetch.", completion: .file())
    var evidence: String?

    func validate() throws {
      guard
        file != nil
          || (kind != nil && location != nil && sha256 != nil && size != nil)
      else {
        throw ValidationError("Give --file, or --kind, --location, --sha256 and --size.")
      }
      guard file == nil || evidence == nil else {
        throw ValidationError("--evidence is not for --file: the file is its own evidence.")
      }
    }

    func run() async throws {
      try await about.submit(.storageAttestation, common: common) { _ in
        var payload: JSONObject = ["content_role": .string(role), "media_type": .string(mediaType)]
        var proofs: [[UInt8]] = []
        if let file {
          let bytes = try read(file)
          let digest = Digest(hashing: bytes).hex
          payload["storage_kind"] = "file"
          payload["location"] = .string("urn:sha256:" + digest)
          payload["content_sha256"] = .string(digest)
          payload["evidence_sha256"] = .string(digest)
          payload["size_bytes"] = .integer(Int64(bytes.count))
          proofs = [bytes]
        } else {
          payload["storage_kind"] = .string(kind ?? "")
          payload["location"] = .string(location ?? "")
          payload["content_sha256"] = .string(sha256 ?? "")
          payload["size_bytes"] = .integer(size ?? 0)
        }
        if let evidence {
          let bytes = try read(evidence)
          payload["evidence_sha256"] = .string(Digest(hashing: bytes).hex)
          proofs = [bytes]
        }
        if let observedAt {
          payload["observed_at"] = .string(observedAt)
        } else if about.key != nil {
          payload["observed_at"] = .string(LedgerDomain.Timestamp.now.description)
        }
        if let expiresAt { payload["expires_at"] = .string(expiresAt) }
        return (payload, proofs)
      }
    }
  }

  struct Author: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Attest that you are an author of the paper.",
      examples: [
        "pithledger attest author 4OXKXQ4P --name 'Shengbang Tong' --orcid 0000-0002-1825-0097 --key author.key"
      ])
    @OptionGroup var common: Common
    @OptionGroup var about: About
    @Option(help: "Your name, as it is written in the paper.") var name: String
    @Option(help: "Your ORCID iD.") var orcid: String
    @Option(
      name: [.customLong("author-index"), .customLong("index")],
      help: "Your index in the list of authors, counted from 0.",
      transform: wholeNumber(0...99_999)) var index: Int64?
    @Option(help: "A file with an ORCID id_token, to use instead of a key.", completion: .file())
    var token: String?

    func validate() throws {
      guard token != nil || about.key != nil else {
        throw ValidationError("Give --key or --token.")
      }
    }

    func run() async throws {
      try await about.submit(.authorAttestation, common: common) { _ in
        var payload: JSONObject = [
          "method": token == nil ? "key_signature" : "orcid_oidc", "name": .string(name),
          "orcid": .string(orcid),
        ]
        if let index { payload["author_index"] = .integer(index) }
        var evidence: [[UInt8]] = []
        if let token {
          let bytes = try readToken(token)
          payload["evidence_sha256"] = .string(Digest(hashing: bytes).hex)
          evidence = [bytes]
        }
        return (payload, evidence)
      }
    }
  }

  struct Citation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Attest that another paper cites the record, and in which relation.",
      examples: [
        "pithledger attest citation 4OXKXQ4P --by 10.1000/182 --relation extends --key author.key"
      ])
    @OptionGroup var common: Common
    @OptionGroup var about: About
    @Option(
      name: .customLong("by"),
      help: "The citing paper: a Pith Number, its short form, an arXiv id or a DOI.")
    var citing: String
    @Option(
      help: ArgumentHelp(
        "The relation: supports, refutes, extends, uses_method, depends_on, replaces, compares "
          + "or cites."),
      completion: .list([
        "supports", "refutes", "extends", "uses_method", "depends_on", "replaces", "compares",
        "cites",
      ]))
    var relation: String
    @Option(
      help: "The number of the reference in the citing paper.", transform: wholeNumber(0...999_999))
    var refIndex: Int64?
    @Option(help: "A note of at most 500 bytes. It is public and permanent.") var note: String?

    func run() async throws {
      try await about.submit(.citationSignature, common: common) { ledger in
        let citing = try await ledger.citingPaper(citing)
        var payload: JSONObject = ["relation": .string(relation)]
        payload[citing.member] = .string(citing.value)
        if let refIndex { payload["ref_index"] = .integer(refIndex) }
        if let note { payload["note"] = .string(note) }
        return (payload, [])
      }
    }
  }

  struct Replication: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Attest the outcome of a replication.",
      examples: [
        "pithledger attest replication 4OXKXQ4P --id run-1 --outcome replicated --claims C1 --key replicator.key"
      ])
    @OptionGroup var common: Common
    @OptionGroup var about: About
    @Option(
      name: [.customLong("id"), .customLong("replication-id")],
      help: "Your identifier of this replication.") var id: String
    @Option(help: "The kind: replication, falsification or formal_bridge.") var kind = "replication"
    @Option(
      help: "The outcome: replicated, partially_replicated, not_replicated or inconclusive.",
      completion: .list(["replicated", "partially_replicated", "not_replicated", "inconclusive"]))
    var outcome: String
    @Option(
      name: [.customLong("claims"), .customLong("claim-ids")],
      help: "The claims, separated by commas, such as C1,C2.") var claims: String
    @Option(help: "A summary of at most 500 bytes. It is public and permanent.") var summary:
      String?
    @Option(help: "The address of what the replication produced, at most 2048 bytes.")
    var artifactUri: String?
    @Option(help: "The SHA-256 of what the replication produced, in hexadecimal.")
    var artifactSha256: String?
    @Option(help: "The environment, at most 500 bytes. It is public and permanent.")
    var environment: String?

    func run() async throws {
      try await about.submit(.replicationRecord, common: common) { _ in
        var payload: JSONObject = [
          "claim_ids": .array(claims.split(separator: ",").map { .string(String($0)) }),
          "kind": .string(kind), "outcome": .string(outcome), "replication_id": .string(id),
        ]
        if let summary { payload["summary"] = .string(summary) }
        if let artifactUri { payload["artifact_uri"] = .string(artifactUri) }
        if let artifactSha256 { payload["artifact_sha256"] = .string(artifactSha256) }
        if let environment { payload["environment"] = .string(environment) }
        return (payload, [])
      }
    }
  }
}
