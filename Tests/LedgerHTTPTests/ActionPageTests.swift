import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

/// The forms with which people make statements in a browser.
@Suite("Forms of statements", .privateServer())
struct ActionPageTests {
  private static let path = "/pith/\(LedgerUnderTest.number)/attest"
  private static let hostile =
    "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</title>"

  @Test("There is a form for each statement, which also says how the shell does it")
  func forms() async throws {
    try await withService { test, client in
      let digest = try await test.ledger.records.resolve(LedgerUnderTest.number).record
        .canonicalSHA256.hex
      for (kind, type, script) in [
        ("timestamp", "timestamp_anchor", "attest-timestamp.js"),
        ("storage", "storage_attestation", "attest-storage.js"),
        ("author", "author_attestation", "attest-author.js"),
        ("citation", "citation_signature", "attest-citation.js"),
        ("replication", "replication_record", "attest-replication.js"),
      ] {
        let page = try await RecordPageTests.page(client, "\(Self.path)/\(kind)")
        #expect(page.status == 200, "\(kind)")
        #expect(page.headers[.contentSecurityPolicy]?.contains("script-src 'self'") == true)
        let suffix = LedgerUnderTest.number.suffix(26)
        for words in [
          "MetaMorph", "data-subject=\"\(LedgerUnderTest.number)\"",
          "data-post=\"/pith/\(suffix)/action/\(type)\"", "data-sha256=\"\(digest)\"",
          "/\(script)\"></script>", "<noscript>", "pithledger attest \(kind) \(suffix)",
        ] { #expect(page.html.contains(words), "\(kind): \(words)") }
        #expect(!page.html.contains("id=\"sign-in\""), "\(kind): no sign-in is configured")
      }
      let replication = try await RecordPageTests.page(client, "\(Self.path)/replication")
      for claim in ["C1", "C2", "C3", "C4"] {
        #expect(replication.html.contains("type=\"checkbox\" value=\"\(claim)\""))
      }
      for page in ["/your-key", "/orcid"] {
        #expect(try await RecordPageTests.page(client, page).status == 200)
      }
      let orcid = try await RecordPageTests.page(client, "/orcid?error=access_denied&state=x")
      #expect(orcid.headers[.cacheControl] == "no-store")
      #expect(!orcid.html.contains("access_denied"), "only the browser reads the answer")
    }
  }

  @Test("A sign-in is offered where a client is configured, and by no other form")
  func signIn() async throws {
    func configure(_ configuration: inout LedgerConfiguration) {
      configuration.externalServices.orcidIssuer = "https://issuer.example"
      configuration.externalServices.orcidClientID = "APP-\"<1>"
    }
    try await withLedger(configure: configure) { test in
      try await test.serving { client in
        let author = try await RecordPageTests.page(client, "\(Self.path)/author")
        #expect(author.html.contains("id=\"sign-in\""))
        #expect(
          author.html.contains(
            "data-orcid-authorize=\"https://issuer.example/oauth/authorize\""))
        #expect(author.html.contains("data-orcid-client=\"APP-&quot;&lt;1&gt;\""))
        let citation = try await RecordPageTests.page(client, "\(Self.path)/citation")
        #expect(!citation.html.contains("id=\"sign-in\""))
      }
    }
  }

  @Test("The client of the pages is one whose tokens are accepted")
  func clientIsAudience() throws {
    func services(_ environment: [String: String]) throws -> LedgerConfiguration.ExternalServices {
      try LedgerConfiguration.fromEnvironment(dataDirectory: "/nowhere", environment: environment)
        .externalServices
    }
    let alone = try services(["PITHLEDGER_ORCID_CLIENT_ID": "APP-1"])
    #expect(alone.orcidClientID == "APP-1" && alone.orcidAudiences == ["APP-1"])
    let both = try services([
      "PITHLEDGER_ORCID_CLIENT_ID": "APP-1", "PITHLEDGER_ORCID_AUDIENCES": "APP-2, APP-1",
    ])
    #expect(both.orcidAudiences == ["APP-2", "APP-1"])
    #expect(try services([:]).orcidClientID == nil)
  }

  @Test("A form that replaces a statement is filled with it, and shows its text as text")
  func prefilled() async throws {
    try await withService { test, client in
      let key = try await test.key(Self.hostile, Self.hostile, .replicator)
      let citation = try await test.submit(
        .citationSignature,
        [
          "citing_doi": "10.1000/<b>&\"'", "note": .string(Self.hostile), "ref_index": 12,
          "relation": "refutes",
        ], by: key, target: "claim:C2")
      let report = try await test.submit(
        .replicationRecord,
        [
          "claim_ids": ["C3"], "environment": .string(Self.hostile), "kind": "falsification",
          "outcome": "not_replicated", "replication_id": .string(Self.hostile),
          "summary": .string(Self.hostile),
        ], by: key)
      for (kind, answer, words) in [
        (
          "citation", citation,
          [
            "value=\"12\"", "<option value=\"refutes\" selected>",
            "<option value=\"claim:C2\" selected>", "10.1000/&lt;b&gt;&amp;&quot;&#39;",
          ]
        ),
        (
          "replication", report,
          [
            "value=\"C3\" checked", "<option value=\"falsification\" selected>",
            "<option value=\"not_replicated\" selected>",
          ]
        ),
      ] {
        let id = "sha256:\(answer.eventID.hex)"
        let form = try await RecordPageTests.page(client, "\(Self.path)/\(kind)?supersedes=\(id)")
        let withdrawal = try await RecordPageTests.page(
          client, "\(Self.path)/withdraw?event=\(id)")
        for words in words + ["value=\"\(id)\""] {
          #expect(form.html.contains(words), "\(kind): \(words)")
        }
        #expect(withdrawal.html.contains("data-signer=\"\(key.signer.fingerprint.hex)\""))
        #expect(withdrawal.html.contains("data-event=\"\(id)\""))
        for page in [form, withdrawal] {
          #expect(page.status == 200)
          #expect(!page.html.contains("<script>alert") && !page.html.contains("<img"))
          #expect(page.html.contains("&lt;script&gt;alert(1)"))
        }
      }
    }
  }

  @Test("A document's text is shown as text in every form")
  func hostileDocument() async throws {
    try await withLedger(sample: false) { test in
      var document = try #require(
        JSON.parse(Fixtures.project(Fixtures.sample)).objectValue)
      var paper = try #require(document["paper"]?.objectValue)
      paper["title"] = .string(Self.hostile)
      paper["authors_text"] = .string(Self.hostile)
      document["paper"] = .object(paper)
      var graph = try #require(document["graph_snapshot"]?.objectValue)
      var claims = try #require(graph["claims"]?.objectValue)
      claims["items"] = .array(
        try #require(claims["items"]?.arrayValue).map { item in
          var item = item.objectValue ?? [:]
          item["text"] = .string(Self.hostile)
          return .object(item)
        })
      graph["claims"] = .object(claims)
      document["graph_snapshot"] = .object(graph)
      _ = try await test.ledger.documentImporter.importDocument(
        JSON.object(document).canonicalBytes(), client: .shell, operatorAuthorised: true)
      try await test.serving { client in
        for kind in ["timestamp", "storage", "author", "citation", "replication"] {
          let page = try await RecordPageTests.page(client, "\(Self.path)/\(kind)")
          #expect(page.status == 200, "\(kind)")
          #expect(!page.html.contains("<script>alert"), "\(kind)")
          #expect(!page.html.contains("<img"), "\(kind)")
          #expect(page.html.contains("{{7*7}}"), "\(kind): a template is not text of a paper")
        }
      }
    }
  }

  @Test("What has no form is refused")
  func refusals() async throws {
    try await withService { test, client in
      let other = try await test.bareRecord()
      let key = try await test.key("k")
      let citation = try await test.cite("10.1000/1", by: key)
      let id = "sha256:\(citation.eventID.hex)"
      let unknown = "sha256:\(String(repeating: "0", count: 64))"
      for (uri, status) in [
        ("/pith/ZZZZZZZZ/attest/citation", 404), ("\(Self.path)/nonsense", 404),
        ("\(Self.path)/citation?colour=red", 400), ("\(Self.path)/withdraw", 400),
        ("\(Self.path)/citation?target=nonsense", 422),
        ("\(Self.path)/citation?supersedes=%3Cb%3E", 400),
        ("\(Self.path)/citation?supersedes=\(unknown)", 404),
        ("\(Self.path)/withdraw?event=\(unknown)", 404),
        ("/pith/\(other)/attest/withdraw?event=\(id)", 400),
        ("/pith/\(other)/attest/citation?supersedes=\(id)", 400),
      ] { #expect(try await RecordPageTests.page(client, uri).status == status, "\(uri)") }
      let bare = try await RecordPageTests.page(client, "/pith/\(other)/attest/replication")
      #expect(bare.status == 200 && bare.html.contains("knows no claims of this paper"))
      #expect(!bare.html.contains("id=\"attest\""))
    }
  }

  @Test("What the ledger signed for somebody is not withdrawn by a form without an identity token")
  func withdrawals() async throws {
    try await withService { test, client in
      let bytes = Array("a file".utf8)
      let digest = Digest(hashing: bytes).hex
      let body: JSON = [
        "evidence": .object([digest: .string(Base64.encode(bytes))]),
        "payload": [
          "content_role": "document", "content_sha256": .string(digest),
          "evidence_sha256": .string(digest), "location": .string("urn:sha256:" + digest),
          "media_type": "text/plain", "size_bytes": .integer(Int64(bytes.count)),
          "storage_kind": "file",
        ],
      ]
      let stored = try await client.execute(
        uri: "/pith/\(LedgerUnderTest.number)/action/storage_attestation", method: .post,
        headers: .json, body: ByteBuffer(bytes: body.canonicalBytes())
      ) { try $0.json() }
      let id = try #require(stored["event_id"]?.stringValue)
      let page = try await RecordPageTests.page(client, "\(Self.path)/withdraw?event=\(id)")
      #expect(page.status == 200 && page.html.contains("Only the operator can withdraw it"))
      #expect(!page.html.contains("id=\"attest\""))
      let key = try await test.key("k")
      let citation = try await test.cite("10.1000/1", by: key)
      let event = "sha256:\(citation.eventID.hex)"
      _ = try await test.submit(
        .eventWithdrawn, ["event_id": .string(event), "reason": "wrong"], by: key)
      let again = try await RecordPageTests.page(client, "\(Self.path)/withdraw?event=\(event)")
      #expect(again.html.contains("withdrawn already"))
    }
  }

  @Test("A list of keys can be asked for one key, also for one that nobody registered")
  func oneKey() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      func keys(_ fingerprint: String) async throws -> (Int, JSON) {
        try await client.execute(uri: "/api/keys?fingerprint=\(fingerprint)", method: .get) {
          (Int($0.status.code), try $0.json())
        }
      }
      let known = try await keys(key.signer.fingerprint.hex)
      #expect(known.1["keys"]?.arrayValue?.count == 1)
      #expect(known.1["keys"]?.arrayValue?.first?["standing"] == "live")
      let unknown = try await keys(String(repeating: "0", count: 32))
      #expect(unknown.0 == 200 && unknown.1["keys"] == [])
      #expect(try await keys("x").0 == 400)
    }
  }
}
