import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import TestSupport
import Testing

/// The options of `attest`, and the names that they take.
@Suite("Attestations from the shell", .privateServer())
struct AttestCommandTests {
  /// The options for members of payloads that have another name, or that follow from other options.
  private static let options: [String: [String: [String]]] = [
    "timestamp": [
      "anchor_kind": ["ots", "tsr", "calendar", "tsa"], "digest_sha256": [],
      "evidence_sha256": ["ots", "tsr"],
    ],
    "storage": [
      "storage_kind": ["kind", "file"], "content_role": ["role"], "content_sha256": ["sha256"],
      "size_bytes": ["size"], "evidence_sha256": ["evidence"],
    ],
    "author": ["method": ["key", "token"], "evidence_sha256": ["token"]],
    "citation": [
      "citing_pith_number": ["by"], "citing_arxiv": ["by"], "citing_doi": ["by"],
    ],
  ]
  private static let types = [
    "timestamp": "timestamp_anchor", "storage": "storage_attestation",
    "author": "author_attestation", "citation": "citation_signature",
    "replication": "replication_record",
  ]

  /// The members of the payload of a type, as docs/specification/events.md lists them.
  private static func members(_ type: String) throws -> [String] {
    let page = String(
      decoding: try Fixtures.project("docs/specification/events.md"), as: UTF8.self)
    let row = try #require(
      page.split(separator: "\n").first {
        $0.hasPrefix("| `\(type)` |") && $0.contains("supersedes")
      })
    let cell = String(row.split(separator: "|")[1])
    // Values of a member are in parentheses.
    return cell.replacing(/\([^)]*\)/, with: "").matches(of: /`([a-z0-9_]+)`/).map { String($0.1) }
      .filter { $0 != "orcid_oidc" }
  }

  @Test("Each member of each payload has an option", arguments: types.keys.sorted())
  func flags(_ command: String) async throws {
    let tree = try await CommandTree.read()
    let attest = try #require(tree.subcommands?.first { $0.commandName == "attest" })
    let names = try #require(attest.subcommands?.first { $0.commandName == command }).optionNames
    let members = try Self.members(Self.types[command] ?? "")
    #expect(members.count >= 4, "\(members)")
    for member in members {
      let own = member.replacing("_", with: "-")
      for option in Self.options[command]?[member] ?? [own] {
        #expect(names.contains(option), "\(command): --\(option) for \(member)")
      }
    }
  }

  private func payload(_ test: LedgerUnderTest, _ arguments: [String]) async throws -> JSON {
    let answer = try await test.pithledger(arguments)
    #expect(answer.status == 0, "\(arguments): \(answer.errors)")
    let json = try JSON.parse(Array(answer.output.utf8.filter { $0 != 0x0A }))
    let position = Position(rawValue: try #require(json["position"]?.integerValue))
    let stored = try await test.ledger.events.page(from: position, limit: 1).events
    return .object(try Entry(bytes: try #require(stored.first).entry).event.body.payloadJSON)
  }

  @Test("What the options say is in the signed payload")
  func payloads() async throws {
    try await withLedger { test in
      let key = try await test.key("flags")
      let file = test.ledger.configuration.dataDirectory + "/flags.key"
      try key.write(to: file)
      let number = LedgerUnderTest.number
      let cited = try await payload(
        test,
        [
          "attest", "citation", number, "--by", "2605.21642", "--relation", "extends",
          "--ref-index", "17", "--note", "section 3", "--key", file,
        ])
      #expect(
        cited == [
          "citing_arxiv": "2605.21642", "note": "section 3", "ref_index": 17, "relation": "extends",
        ])
      let digest = Digest(hashing: [1]).hex
      let run = try await payload(
        test,
        [
          "attest", "replication", number, "--replication-id", "r1", "--kind", "falsification",
          "--outcome", "inconclusive", "--claim-ids", "C1,C2", "--summary", "s", "--artifact-uri",
          "https://example.org/run", "--artifact-sha256", digest, "--environment", "linux",
          "--key", file,
        ])
      #expect(
        run == [
          "artifact_sha256": .string(digest), "artifact_uri": "https://example.org/run",
          "claim_ids": ["C1", "C2"], "environment": "linux", "kind": "falsification",
          "outcome": "inconclusive", "replication_id": "r1", "summary": "s",
        ])
      let author = try await payload(
        test,
        [
          "attest", "author", number, "--name", "Zhuang Liu", "--orcid", Fixtures.sampleORCID,
          "--author-index", "1", "--key", file,
        ])
      #expect(author["author_index"] == 1)
    }
  }

  @Test("--by takes every name of a record, and --supersedes every name of an event")
  func names() async throws {
    try await withLedger { test in
      // The sample is the citing paper; a bare record is cited.
      let bare = try await test.bareRecord()
      let key = try await test.key("names")
      let file = test.ledger.configuration.dataDirectory + "/names.key"
      try key.write(to: file)
      let full = LedgerUnderTest.number
      let suffix = String(full.split(separator: ":")[2])
      var last: String?
      for (index, name) in [
        full, full.lowercased(), suffix, suffix.lowercased(), String(suffix.prefix(8)),
        "pith:" + suffix.prefix(12), String(suffix.prefix(16)), "2412.14164", "arXiv:2412.14164",
      ].enumerated() {
        var arguments = [
          "attest", "citation", bare, "--by", name, "--relation", "cites", "--note", "\(index)",
          "--key", file,
        ]
        if let last { arguments += ["--supersedes", last] }
        let answer = try await test.pithledger(arguments)
        #expect(answer.status == 0, "\(name): \(answer.errors)")
        let json = try JSON.parse(Array(answer.output.utf8.filter { $0 != 0x0A }))
        let id = try #require(json["event_id"]?.stringValue)
        let position = try #require(json["position"]?.integerValue)
        // The whole id, the id without its prefix, the position, and the beginning of the id.
        let hex = String(id.dropFirst(7))
        let short = "sha256:" + hex.prefix(8 + index)
        last = [id, hex, "\(position)", short][index % 4]
        let stored = try await test.ledger.events.page(
          from: Position(rawValue: position), limit: 1
        ).events
        let body = try Entry(bytes: try #require(stored.first).entry).event.body
        #expect(body.payloadJSON["citing_pith_number"] == .string(full), "\(name)")
      }
      // What names nothing, or is no name.
      for (name, check) in [
        ("ABCDEFGH", "identifier"), ("nonsense", "identifier"), ("not a name", "identifier"),
      ] {
        let answer = try await test.pithledger([
          "attest", "citation", bare, "--by", name, "--relation", "cites", "--key", file,
        ])
        #expect(answer.status == 2 && answer.errors.contains(check), "\(name): \(answer.errors)")
        #expect(answer.errors.contains("--by"), "\(answer.errors)")
      }
      for (name, check) in [
        ("99999", "position"), ("sha256:00000000", "event_id"), ("sha256:12", "event_id"),
        ("xyzxyzxyz", "event_id"),
      ] {
        let answer = try await test.pithledger([
          "attest", "citation", bare, "--by", full, "--relation", "uses_method", "--key", file,
          "--supersedes", name,
        ])
        #expect(answer.status == 2 && answer.errors.contains(check), "\(name): \(answer.errors)")
        #expect(answer.errors.contains("--supersedes"), "\(answer.errors)")
      }
      // A withdrawal takes the same names.
      let events = try await test.ledger.events.page(of: bare, limit: 1000).events
      let newest = try #require(events.last { $0.type == .citationSignature })
      let end = try await test.pithledger([
        "withdraw", bare, "\(newest.position)", "--reason", "done", "--key", file,
      ])
      #expect(end.status == 0, "\(end.errors)")
      try await test.replayAgrees()
    }
  }
}
