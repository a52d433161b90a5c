import CanonicalJSON
import Encodings
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

@testable import LedgerHTTP

@Suite("The HTTP interface", .privateServer())
struct HTTPTests {
  static let number = LedgerUnderTest.number

  @Test("A key made by another program registers itself and signs a citation")
  func anotherProgram() async throws {
    try await withService { test, client in
      let port = try #require(client.port)
      let report = try JSON.parse(
        await python(
          String(decoding: Fixtures.project("Tests/LedgerHTTPTests/signer.py"), as: UTF8.self),
          ["http://127.0.0.1:\(port)", Self.number]))
      #expect(report["registered"] == 201)
      #expect(report["before"] == 0 && report["after"] == 1)
      #expect(report["first"] == 201 && report["again"] == 200)
      #expect(report["first_position"] == report["again_position"])
      #expect(report["altered"]?.arrayValue?.allSatisfy { $0 == 422 } == true, "\(report)")
      #expect(report["altered"]?.arrayValue?.count ?? 0 > 5)
      #expect(report["size_before"] == report["size_after"], "a refused one leaves nothing")
      #expect(report["prepared"] == true, "prepare shows the bytes that were signed")
      try await test.replayAgrees()
    }
  }

  @Test("Errors are problem documents that name the check and the member")
  func problems() async throws {
    try await withService { _, client in
      func problem(
        _ method: HTTPRequest.Method, _ uri: String, _ body: String = "",
        headers: HTTPFields = .json
      ) async throws -> (Int, String, JSON) {
        try await client.execute(
          uri: uri, method: method, headers: headers, body: ByteBuffer(string: body)
        ) { response in
          (response.status.code, response.headers[.contentType] ?? "", try response.json())
        }
      }
      let cases: [(HTTPRequest.Method, String, String, Int, String)] = [
        (.get, "/pith/ZZZZZZZZ", "", 404, "identifier"),
        (.get, "/api/pith-number/\(Self.number)/status.json?as_of=x", "", 400, "query"),
        (.get, "/api/pith-number/\(Self.number)/status.json?as_of=99999", "", 400, "as_of"),
        (.get, "/api/pith-number/\(Self.number)/status.json?at_least=99999", "", 400, "at_least"),
        (.post, "/pith/\(Self.number)/action/nonsense", "{}", 404, "action"),
        (.post, "/pith/\(Self.number)/action/citation_signature", "{", 400, "json"),
        (
          .post, "/pith/\(Self.number)/action/citation_signature", "{\"payload\":{}}", 422,
          "signature"
        ),
        (.post, "/api/events", "{\"payload\":{},\"x\":1}", 400, "signature"),
        (.post, "/api/events", "[1.5]", 400, "json"),
        (.post, "/api/records", "{\"canonical_record\":{}}", 422, "member"),
        (.get, "/nothing/here", "", 404, "path"),
      ]
      for (method, uri, body, status, check) in cases {
        let (code, type, json) = try await problem(method, uri, body)
        #expect(code == status, "\(uri) \(json)")
        #expect(type == "application/problem+json", "\(uri)")
        #expect(json["status"] == .integer(Int64(status)), "\(uri)")
        #expect(json["check"]?.stringValue?.hasPrefix(check) == true, "\(uri) \(json)")
        #expect(json["detail"]?.stringValue?.isEmpty == false, "\(uri)")
      }
    }
  }

  @Test("Evidence is served with headers that prevent a browser from interpreting it")
  func evidence() async throws {
    try await withService { _, client in
      let bytes = Array("<script>alert(1)</script>".utf8)
      let digest = Digest(hashing: bytes).hex
      let body: JSON = [
        "evidence": .object([digest: .string(Base64.encode(bytes))]),
        "payload": [
          "content_role": "other", "content_sha256": .string(digest),
          "evidence_sha256": .string(digest), "location": .string("urn:sha256:" + digest),
          "media_type": "text/html", "size_bytes": .integer(Int64(bytes.count)),
          "storage_kind": "file",
        ],
      ]
      let posted = try await client.execute(
        uri: "/pith/\(Self.number)/action/storage_attestation", method: .post, headers: .json,
        body: ByteBuffer(bytes: body.canonicalBytes())
      ) { $0.status }
      #expect(posted == .created)
      try await client.execute(uri: "/api/evidence/\(digest)", method: .get) { response in
        #expect(Array(response.body.readableBytesView) == bytes)
        #expect(response.headers[.contentType] == "application/octet-stream")
        #expect(response.headers[.xContentTypeOptions] == "nosniff")
        #expect(response.headers[.contentDisposition] == "attachment")
        #expect(response.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
      }
      for (name, status) in [(String(repeating: "0", count: 64), 404), ("x", 400)] {
        let answer = try await client.execute(uri: "/api/evidence/\(name)", method: .get) { $0 }
        #expect(answer.status.code == status)
      }
    }
  }

  @Test("Malformed and misdirected proofs are refused by the check that fails")
  func refusedProofs() async throws {
    try await withService { test, client in
      let digest = try await test.ledger.records.resolve(Self.number).record.canonicalSHA256.hex
      let size = try await test.ledger.health().size
      func check(_ kind: String, _ bytes: [UInt8]) async throws -> (Int, String) {
        let body: JSON = [
          "evidence": .object([Digest(hashing: bytes).hex: .string(Base64.encode(bytes))]),
          "payload": [
            "anchor_kind": .string(kind), "digest_sha256": .string(digest),
            "evidence_sha256": .string(Digest(hashing: bytes).hex),
          ],
        ]
        return try await client.execute(
          uri: "/pith/\(Self.number)/action/timestamp_anchor", method: .post, headers: .json,
          body: ByteBuffer(bytes: body.canonicalBytes())
        ) { ($0.status.code, try $0.json()["check"]?.stringValue ?? "") }
      }
      for (kind, refusals) in [
        ("opentimestamps", try ExpectedRefusal.proofs()), ("rfc3161", try ExpectedRefusal.tokens()),
      ] {
        for item in refusals {
          let (status, check) = try await check(kind, item.bytes)
          #expect(status == 422, "\(item.file)")
          #expect(
            check == item.check
              || item.check == "ots." && check.hasPrefix("ots.")
                && check != "ots.digest",
            "\(item.file): \(check)")
        }
      }
      #expect(try await test.ledger.health().size == size, "nothing of them is stored")
    }
  }

  @Test("A submission beyond the size limit is refused, whatever its contents")
  func tooLarge() async throws {
    try await withLedger { test in
      // Encoding takes a while on a busy machine, and the service closes connections that send nothing.
      let bytes = [UInt8](repeating: 7, count: test.ledger.configuration.limits.submissionBytes)
      let digest = Digest(hashing: bytes).hex
      let body: JSON = [
        "evidence": .object([digest: .string(Base64.encode(bytes))]),
        "payload": [
          "content_role": "other", "content_sha256": .string(digest),
          "evidence_sha256": .string(digest), "location": .string("urn:sha256:" + digest),
          "media_type": "text/plain", "size_bytes": .integer(Int64(bytes.count)),
          "storage_kind": "file",
        ],
      ]
      let encoded = ByteBuffer(bytes: body.canonicalBytes())
      let size = try await test.ledger.health().size
      try await test.serving { client in
        let answer = try await client.execute(
          uri: "/pith/\(Self.number)/action/storage_attestation", method: .post, headers: .json,
          body: encoded
        ) { $0 }
        #expect(answer.status.code == 413)
        #expect(answer.headers[.contentType] == "application/problem+json")
      }
      #expect(try await test.ledger.health().size == size)
    }
  }

  @Test("The record, its events, the log and the keys read as documented")
  func reading() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      _ = try await test.cite("10.1000/1", by: key)
      func get(_ uri: String) async throws -> JSON {
        try await client.execute(uri: uri, method: .get) { response in
          #expect(response.status == .ok, "\(uri)")
          return try response.json()
        }
      }
      for name in ["4OXKXQ4P", "4oxkxq4pbccp", Self.number, "2412.14164", "2412.14164v1"] {
        #expect(try await get("/pith/\(name).json")["pith_number"] == .string(Self.number))
      }
      let status = try await get("/api/pith-number/4OXKXQ4P/status.json")
      #expect(status["verification_status"]?.objectValue?.count == 12)
      #expect(status["verification_status"]?["pith_receipt"] == true)
      let events = try await get("/api/pith-number/4OXKXQ4P/events.json?limit=2")
      #expect(events["events"]?.arrayValue?.count == 2 && events["next"] != nil)
      #expect(try await get("/api/events?from=0&limit=1")["events"]?.arrayValue?.count == 1)
      #expect(try await get("/api/keys")["keys"]?.arrayValue?.count == 2)
      let one = try await get("/api/keys/\(key.signer.fingerprint.hex)")
      #expect(one["is_registry"] == false)
      #expect(try await get("/pith/4OXKXQ4P/state.json")["pith_number"] == .string(Self.number))
      let bundle = try await get("/pith/4OXKXQ4P/bundle.json")
      #expect(bundle["events"]?.arrayValue?.count ?? 0 > 3)
      #expect(try await get("/readyz")["status"] == "ready")
      for (uri, place) in [
        ("/paper/4OXKXQ4P", "/pith/"), ("/api/pith-number/resolve?arxiv=2412.14164", "/pith/"),
      ] {
        let response = try await client.execute(uri: uri, method: .get) { $0 }
        #expect(response.status == .found)
        #expect(response.headers[.location]?.contains(place) == true)
      }
    }
  }

  @Test(
    "Lines are answered in their order, valid and invalid, also if they depend on each other")
  func lines() async throws {
    try await withService { test, client in
      guard let pith = PithNumber(Self.number) else { return }
      var lines: [String] = []
      let key = KeyFile(
        key: SigningKey(), keyID: "k", signerID: "urn:bulk", signerType: .author)
      func add(_ type: EventType, _ payload: JSONObject, _ subject: Subject, _ target: String)
        throws
        -> SignedEvent
      {
        let event = try key.key.sign(
          EventBody.make(
            type: type, payload: payload, signer: key.signer, subject: subject, target: target,
            createdAt: .now))
        lines.append(JSON.object(event.json).canonicalString())
        return event
      }
      // The first line registers the key that signs all later lines.
      _ = try add(
        .keyRegistered,
        [
          "algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.key.publicKey)),
        ], .registry, "key:\(key.signer.fingerprint.hex)")
      var last: SignedEvent?
      for index in 0..<600 {
        if index % 50 == 7 { lines.append("{\"broken\":\(index)") }
        last = try add(
          .citationSignature, ["citing_doi": .string("10.1000/\(index)"), "relation": "cites"],
          .record(pith), "record")
      }
      let older = try #require(last)
      _ = try add(
        .eventWithdrawn,
        ["event_id": .string("sha256:" + older.eventID.hex), "reason": "an error"], .record(pith),
        "record")
      let body = lines.joined(separator: "\n") + "\n\n"
      let answers = try await client.execute(
        uri: "/api/events", method: .post, headers: [.contentType: "application/x-ndjson"],
        body: ByteBuffer(string: body)
      ) { response in
        try response.body.readableBytesView.split(separator: 0x0A).map { try JSON.parse(Array($0)) }
      }
      #expect(answers.count == lines.count)
      #expect(answers.map { $0["line"]?.integerValue } == (1...lines.count).map { Int64($0) })
      for (line, answer) in zip(lines, answers) {
        if line.hasPrefix("{\"broken\"") {
          #expect(answer["status"] == 400)
        } else {
          let event = try JSON.parse(Array(line.utf8))
          #expect(answer["created"] == true, "\(answer)")
          #expect(answer["event_id"] == event["event_id"])
        }
      }
      #expect(try await test.state().status["citation_signatures"] == 599)
      try await test.replayAgrees()
    }
  }

  @Test("The stream sends each event once, and resumes at the last event")
  func stream() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      var seen: [Position] = []
      let writer = Task {
        for index in 0..<50 { _ = try await test.cite("10.1000/\(index)", by: key) }
      }
      let size = try await test.ledger.health().size
      let feed = LogFeed(test.ledger.events)
      for try await item in feed.stream(from: size.end.advanced(by: -2)) {
        guard let item else { continue }
        seen.append(item.position)
        if seen.count == 30 { break }
      }
      for try await item in feed.stream(from: seen[29].next) {
        guard let item else { continue }
        seen.append(item.position)
        if seen.count == 52 { break }
      }
      try await writer.value
      #expect(seen == Array(size.end.advanced(by: -2)..<size.end.advanced(by: 50)))
    }
  }

  @Test("A client without the operator's token can import only a bare canonical record")
  func operators() async throws {
    try await withLedger(sample: false) { test in
      let document = try Fixtures.project(Fixtures.sample)
      await #expect(throws: Refusal(.forbidden, check: "operator", "")) {
        try await test.ledger.documentImporter.importDocument(
          document, client: ClientID("192.0.2.1"), operatorAuthorised: false)
      }
      let canonical = try #require(JSON.parse(document)["canonical_record"])
      let bare: JSON = ["canonical_record": canonical]
      let answer = try await test.ledger.documentImporter.importDocument(
        bare.canonicalBytes(), client: ClientID("192.0.2.1"), operatorAuthorised: false)
      #expect(answer.created && answer.verificationStatus?.json["pith_receipt"] == false)
      let whole = try await test.ledger.documentImporter.importDocument(
        document, client: .shell, operatorAuthorised: true)
      #expect(whole.created && whole.verificationStatus?.json["pith_receipt"] == true)
      try await test.replayAgrees()
    }
  }
}
