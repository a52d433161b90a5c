import CanonicalJSON
import Encodings
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

@testable import LedgerHTTP

@Suite("Conditional and partial reads", .privateServer())
struct ReadTests {
  private static let number = LedgerUnderTest.number

  private static func get(
    _ client: any TestClientProtocol, _ uri: String, _ headers: HTTPFields = [:],
    method: HTTPRequest.Method = .get
  ) async throws -> TestResponse {
    try await client.execute(uri: uri, method: method, headers: headers) { $0 }
  }

  @Test("JSON and text have an entity tag, and are not sent again to who has them")
  func tags() async throws {
    try await withService { test, client in
      let event = try await test.cite("10.1000/1", by: test.key("k"))
      let api = "/api/pith-number/\(Self.number)"
      for uri in [
        "\(api)/status.json", "\(api)/events.json", "\(api)/citations.json", "\(api)/graph.json",
        "/pith/\(Self.number)/state.json", "/api/events", "/api/events/sha256:\(event.eventID.hex)",
        "/api/keys", "/api/records?title=metamorph", "/api/status?id=\(Self.number)",
        "/api/replications?standing=pending", "/.well-known/pith-ledger.json", "/problems/slot",
        "/api/pith-number/resolve?id=\(Self.number)&json=true", "/api/proof/0",
      ] {
        let first = try await Self.get(client, uri, [.accept: "application/json, text/plain"])
        #expect(first.status == .ok, "\(uri)")
        let tag = try #require(first.headers[.eTag], "\(uri)")
        #expect(tag.hasPrefix("W/\""))
        for method in [HTTPRequest.Method.get, .head] {
          for known in [tag, "*", String(tag.dropFirst(2)), "\"x\", \(tag)"] {
            let again = try await Self.get(
              client, uri,
              [.accept: "application/json, text/plain", .ifNoneMatch: known], method: method)
            #expect(again.status == .notModified, "\(uri) \(known)")
            #expect(again.body.readableBytes == 0 && again.headers[.eTag] == tag)
            #expect(again.headers[.contentType] == nil)
          }
        }
        for other in ["\"x\"", "", "W/", "W/\"\"", String(repeating: "\"a\",", count: 1000)] {
          let again = try await Self.get(
            client, uri, [.accept: "application/json, text/plain", .ifNoneMatch: other])
          #expect(again.status == .ok, "\(uri) \(other)")
        }
      }
    }
  }

  @Test("The tag of a status changes with the status, and is the same from the cache")
  func statusTag() async throws {
    try await withService { test, client in
      let uri = "/api/pith-number/\(Self.number)/status.json"
      let first = try await Self.get(client, uri)
      let second = try await Self.get(client, uri)
      #expect(first.headers[.eTag] == second.headers[.eTag])
      #expect(
        first.headers[.eTag] == EntityTag.weak(Array(first.body.readableBytesView)),
        "it is that of the bytes")
      _ = try await test.cite("10.1000/1", by: test.key("k"))
      let third = try await Self.get(client, uri, [.ifNoneMatch: first.headers[.eTag] ?? ""])
      #expect(third.status == .ok && third.headers[.eTag] != first.headers[.eTag])
    }
  }

  @Test("Errors, writes and what is no-store have no tag")
  func untagged() async throws {
    try await withService { _, client in
      for uri in ["/api/nothing", "/api/events?x=1", "/healthz", "/pith/ZZZZZZZZ.json"] {
        let answer = try await Self.get(client, uri, [.ifNoneMatch: "*"])
        #expect(answer.status != .notModified && answer.headers[.eTag] == nil, "\(uri)")
        #expect(answer.headers[.cacheControl] == "no-store", "\(uri)")
      }
      let prepared = try await client.execute(
        uri: "/pith/\(Self.number)/action/citation_signature?prepare=true", method: .post,
        headers: .json.with([.ifNoneMatch: "*"]), body: ByteBuffer(string: "{}")
      ) { $0 }
      #expect(prepared.status != .notModified && prepared.headers[.eTag] == nil)
    }
  }

  // MARK: Ranges

  @Test("A range is read as RFC 9110 writes it")
  func forms() {
    let cases: [(String, ByteRange)] = [
      ("bytes=0-0", .bytes(0..<1)), ("bytes=0-", .bytes(0..<10)), ("bytes=2-4", .bytes(2..<5)),
      ("bytes=9-9", .bytes(9..<10)), ("bytes=5-100", .bytes(5..<10)), ("bytes=-1", .bytes(9..<10)),
      ("bytes=-10", .bytes(0..<10)), ("bytes=-99", .bytes(0..<10)), ("Bytes=1-2", .bytes(1..<3)),
      ("bytes= 1-2 ", .bytes(1..<3)),
      ("bytes=0-99999999999999999999999999", .bytes(0..<10)),
      ("bytes=-99999999999999999999999999", .bytes(0..<10)),
      ("bytes=0-9223372036854775807", .bytes(0..<10)),
      ("bytes=10-", .unsatisfiable), ("bytes=10-11", .unsatisfiable), ("bytes=-0", .unsatisfiable),
      ("bytes=99999999999999999999999999-", .unsatisfiable),
      ("bytes=9223372036854775807-9223372036854775807", .unsatisfiable),
      ("bytes=4-2", .ignored), ("bytes=-", .ignored), ("bytes=", .ignored), ("bytes", .ignored),
      ("bytes=a-b", .ignored), ("bytes=+1-2", .ignored), ("bytes=1-2-3", .ignored),
      ("bytes=--1", .ignored), ("bytes=0-1,3-4", .ignored), ("bytes=0-1,", .ignored),
      ("lines=0-1", .ignored), ("=0-1", .ignored), ("", .ignored), ("bytes=٣-٤", .ignored),
      ("bytes=" + String(repeating: "0", count: 200) + "-1", .ignored),
    ]
    for (value, range) in cases { #expect(ByteRange([value], of: 10) == range, "\(value)") }
    #expect(ByteRange([], of: 10) == .ignored)
    #expect(ByteRange(["bytes=0-1", "bytes=0-1"], of: 10) == .ignored, "two headers")
    #expect(ByteRange(["bytes=0-"], of: 0) == .unsatisfiable)
    #expect(ByteRange(["bytes=-1"], of: 0) == .unsatisfiable)
  }

  /// Stores evidence, and returns its address.
  private static func store(
    _ bytes: [UInt8], _ client: any TestClientProtocol
  ) async throws -> (uri: String, tag: String) {
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
    let status = try await client.execute(
      uri: "/pith/\(number)/action/storage_attestation", method: .post, headers: .json,
      body: ByteBuffer(bytes: body.canonicalBytes())
    ) { $0.status }
    #expect(status == .created)
    return ("/api/evidence/\(digest)", "\"\(digest)\"")
  }

  @Test("Evidence is sent in part to who asks for a part")
  func ranges() async throws {
    try await withService { _, client in
      let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 / 7) }
      let (uri, tag) = try await Self.store(bytes, client)
      let whole = try await Self.get(client, uri, [.acceptEncoding: "gzip"])
      #expect(whole.status == .ok && Array(whole.body.readableBytesView) == bytes)
      #expect(whole.headers[.acceptRanges] == "bytes" && whole.headers[.eTag] == tag)
      for (range, part) in [
        ("bytes=0-99", 0..<100), ("bytes=4990-", 4990..<5000), ("bytes=-1", 4999..<5000),
        ("bytes=0-4999", 0..<5000),
      ] {
        for condition in [nil, tag] {
          var headers: HTTPFields = [.range: range, .acceptEncoding: "gzip"]
          headers[.ifRange] = condition
          let answer = try await Self.get(client, uri, headers)
          #expect(answer.status == .partialContent, "\(range)")
          #expect(Array(answer.body.readableBytesView) == Array(bytes[part]), "\(range)")
          #expect(
            answer.headers[.contentRange]
              == "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(bytes.count)")
          #expect(answer.headers[.contentEncoding] == nil && answer.headers[.eTag] == tag)
          #expect(answer.headers[.contentLength] == "\(part.count)")
          #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        }
      }
      // Another or a weak tag, a date, several ranges and HEAD are answered with the whole.
      for headers: HTTPFields in [
        [.range: "bytes=0-9", .ifRange: "\"x\""], [.range: "bytes=0-9", .ifRange: "W/\(tag)"],
        [.range: "bytes=0-9", .ifRange: "Fri, 27 Nov 2026 22:00:00 GMT"],
        [.range: "bytes=0-9,20-29"], [.range: "bytes=9-0"],
      ] {
        let answer = try await Self.get(client, uri, headers)
        #expect(answer.status == .ok && answer.body.readableBytes == bytes.count, "\(headers)")
        #expect(answer.headers[.contentRange] == nil)
      }
      let head = try await Self.get(client, uri, [.range: "bytes=0-9"], method: .head)
      #expect(head.status == .ok && head.headers[.contentLength] == "\(bytes.count)")
      let beyond = try await Self.get(client, uri, [.range: "bytes=5000-"])
      #expect(beyond.status == .rangeNotSatisfiable)
      #expect(beyond.headers[.contentRange] == "bytes */5000")
      #expect(try beyond.json()["check"] == "range")
      let known = try await Self.get(client, uri, [.range: "bytes=5000-", .ifNoneMatch: tag])
      #expect(known.status == .notModified, "the condition comes before the range")
      let partly = try await Self.get(client, uri, [.range: "bytes=0-9", .ifNoneMatch: "\"x\""])
      #expect(partly.status == .partialContent)
    }
  }

  // MARK: Compression

  @Test("A stream of events and answers to lines are not compressed, and a bundle is")
  func compression() async throws {
    try await withService { _, client in
      let gzip: HTTPFields = [.acceptEncoding: "gzip"]
      let bundle = try await Self.get(client, "/pith/\(Self.number)/bundle.json", gzip)
      #expect(bundle.headers[.contentEncoding] == "gzip")
      let lines = try await client.execute(
        uri: "/api/events", method: .post,
        headers: gzip.with([.contentType: "application/jsonl"]),
        body: ByteBuffer(string: String(repeating: "{}\n", count: 100))
      ) { $0 }
      #expect(lines.headers[.contentEncoding] == nil && lines.body.readableBytes > 1024)
      let stream = try await Self.get(client, "/api/events/stream", gzip, method: .head)
      #expect(stream.status == .ok && stream.headers[.contentEncoding] == nil)
      #expect(stream.headers[.contentLength] == nil)
    }
  }
}
