import CanonicalJSON
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerService
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

@testable import LedgerHTTP

@Suite("Methods, media types and other sites", .privateServer())
struct MethodTests {
  private static let number = LedgerUnderTest.number
  private static let status = "/api/pith-number/\(number)/status.json"

  private static func send(
    _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ uri: String,
    _ headers: HTTPFields = [:], _ body: String = ""
  ) async throws -> TestResponse {
    try await client.execute(
      uri: uri, method: method, headers: headers, body: ByteBuffer(string: body)
    ) { $0 }
  }

  // MARK: Methods

  @Test("A method that a path does not have is answered 405 with those that it has")
  func methods() async throws {
    try await withService { test, client in
      let size = try await test.ledger.health().size
      for (uri, allowed) in [
        (Self.status, "GET, HEAD, OPTIONS"), ("/", "GET, HEAD, OPTIONS"),
        ("/api/events", "GET, HEAD, OPTIONS, POST"), ("/api/records", "GET, HEAD, OPTIONS, POST"),
        ("/api/events/stream", "GET, HEAD, OPTIONS"), ("/tile/0/000", "GET, HEAD, OPTIONS"),
        ("/api/evidence/check", "OPTIONS, POST"), ("/api/evidence/00", "GET, HEAD, OPTIONS"),
        ("/pith/\(Self.number)/action/citation_signature", "OPTIONS, POST"),
        ("/pith/\(Self.number).json", "GET, HEAD, OPTIONS"),
      ] {
        let missing = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"].filter {
          !allowed.contains($0)
        }
        for name in missing {
          let method = try #require(HTTPRequest.Method(name))
          // The client sends no body with these.
          let body = [.get, .trace].contains(method) ? "" : "{}"
          let answer = try await Self.send(client, method, uri, .json, body)
          #expect(answer.status.code == 405, "\(name) \(uri)")
          #expect(answer.headers[.allow] == allowed, "\(name) \(uri)")
          let problem = try answer.json()
          #expect(problem["check"] == "method" && problem["type"] == "/problems/method")
        }
        let options = try await Self.send(client, .options, uri)
        #expect(options.status == .noContent && options.body.readableBytes == 0, "\(uri)")
        #expect(options.headers[.allow] == allowed, "\(uri)")
        #expect(options.headers[.accessControlAllowOrigin] == nil)
      }
      for method in [HTTPRequest.Method.options, .put, .delete, .post] {
        #expect(try await Self.send(client, method, "/nothing/here").status == .notFound)
      }
      let events = try await Self.send(client, .options, "/api/events")
      #expect(
        events.headers[.acceptPost] == "application/json, application/x-ndjson, application/jsonl")
      #expect(try await test.ledger.health().size == size)
    }
  }

  @Test("A browser gets a page where a method is missing")
  func methodPage() async throws {
    try await withService { _, client in
      let answer = try await Self.send(
        client, .get, "/pith/\(Self.number)/action/citation_signature", [.accept: "text/html"])
      #expect(answer.status.code == 405 && answer.headers[.allow] == "OPTIONS, POST")
      #expect(answer.headers[.contentType]?.hasPrefix("text/html") == true)
      #expect(String(buffer: answer.body).contains("/problems/method"))
    }
  }

  @Test("OPTIONS asks about the service, and no other method does")
  func asterisk() async throws {
    try await withService { _, client in
      let port = try #require(client.port)
      for (method, status) in [
        ("OPTIONS", "204"), ("GET", "400"), ("HEAD", "400"), ("POST", "400"),
      ] {
        let connection = try RawConnection(port: port)
        connection.send("\(method) * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let answer = try #require(await connection.receiveAll())
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(method): \(answer)")
        #expect(answer.contains("Allow: GET, HEAD, OPTIONS, POST") == (method == "OPTIONS"))
      }
    }
  }

  @Test("HEAD has the header of GET and no body, also where the length is not known")
  func head() async throws {
    try await withService { _, client in
      let port = try #require(client.port)
      for uri in [
        "/", Self.status, "/api/events", "/checkpoint", "/pith/\(Self.number)/bundle.json",
        "/pith/\(Self.number)/state.json", "/nothing", "/pith/ZZZZZZZZ", "/api/events?x=1",
        "/api/keys", "/robots.txt", "/paper/\(Self.number)",
      ] {
        for coding in ["identity", "gzip"] {
          let fields: HTTPFields = [.acceptEncoding: coding]
          let get = try await Self.send(client, .get, uri, fields)
          let head = try await Self.send(client, .head, uri, fields)
          #expect(head.status == get.status, "\(uri)")
          #expect(head.body.readableBytes == 0, "\(uri)")
          for name in [HTTPField.Name.contentType, .eTag, .contentEncoding, .cacheControl, .vary] {
            // What a request computes anew may differ in its bytes.
            if name == .eTag, uri.contains("bundle") { continue }
            #expect(head.headers[name] == get.headers[name], "\(uri) \(name)")
          }
          if get.status == .ok, get.headers.contains(.contentLength) {
            #expect(head.headers[.contentLength] == get.headers[.contentLength], "\(uri) \(coding)")
          }
          #expect(head.headers[.contentLength] != "0" || get.body.readableBytes == 0, "\(uri)")
        }
      }
      // A connection stays usable: no answer to HEAD has bytes behind its head.
      let connection = try RawConnection(port: port)
      let paths = [
        "/pith/\(Self.number)/bundle.json", "/api/events/stream", "/nothing", "/healthz",
      ]
      for (index, path) in paths.enumerated() {
        let close = index == paths.count - 1 ? "Connection: close\r\n" : ""
        connection.send(
          "HEAD \(path) HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\(close)\r\n")
      }
      let answer = try #require(await connection.receiveAll())
      #expect(statuses(answer) == [200, 200, 404, 200], "\(answer)")
      for part in answer.components(separatedBy: "\r\n\r\n").dropLast() {
        #expect(part.hasPrefix("HTTP/1.1 "), "a head follows a head: \(part)")
      }
    }
  }

  @Test("A client of HTTP/1.0 gets no chunks, and the end of the connection after the answer")
  func old() async throws {
    try await withService { _, client in
      let port = try #require(client.port)
      for (request, beginning) in [
        ("HEAD /api/events/stream HTTP/1.0\r\n\r\n", "HTTP/1.0 200"),
        (
          "GET /pith/\(Self.number)/bundle.json HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n",
          "HTTP/1.1 200"
        ),
        ("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200"),
      ] {
        let connection = try RawConnection(port: port)
        connection.send(request)
        let answer = try #require(await connection.receiveAll(), "\(request)")
        #expect(answer.hasPrefix(beginning), "\(answer.prefix(200))")
        #expect(!answer.lowercased().contains("transfer-encoding"), "\(request)")
      }
      let stream = try RawConnection(port: port)
      stream.send("GET /api/events/stream HTTP/1.0\r\n\r\n")
      let first = String(decoding: try #require(await stream.receive()), as: UTF8.self)
      #expect(first.hasPrefix("HTTP/1.0 200") && !first.contains("chunked"), "\(first)")
    }
  }

  // MARK: Media types

  @Test("A client that accepts no media type of the answer is told so, and no other client")
  func acceptable() async throws {
    try await withService { _, client in
      let page = "/pith/\(Self.number)"
      let cases: [(uri: String, accept: String, status: Int)] = [
        (Self.status, "application/json", 200), (Self.status, "*/*", 200),
        (Self.status, "application/*", 200), (Self.status, "text/html", 406),
        (Self.status, "application/json;q=0", 406), (Self.status, "application/json;q=0, */*", 406),
        (Self.status, "application/json;q=0.0001", 200), (Self.status, "*/*;q=0", 406),
        (Self.status, "*/*;q=0, application/json;q=0.1", 200),
        (Self.status, "text/html, image/*", 406), (Self.status, "application/json;profile=x", 200),
        // A header that is not well formed refuses nothing.
        (Self.status, "", 200), (Self.status, ",", 200), (Self.status, "garbage", 200),
        (Self.status, "text/html;q=2", 200), (Self.status, "text/html, x", 200),
        (Self.status, "text/, */json", 200), (Self.status, "text/html;q=nan", 200),
        (Self.status, Array(repeating: "a/b", count: 65).joined(separator: ","), 200),
        (page, "text/html", 200), (page, "application/ld+json", 200), (page, "image/png", 406),
        (page + ".json", "text/html", 406), (page + ".json", "application/json", 200),
        (page + "/record.jsonld", "application/json", 200),
        (page + "/record.jsonld", "application/json, application/ld+json;q=0", 406),
        (page + "/record.jsonld", "text/html", 406), (page + "/badge.svg", "image/*", 200),
        (page + "/badge.svg", "text/html", 406), (page + "/feed.atom", "application/xml", 200),
        ("/", "application/json", 200), ("/", "image/png", 406), ("/checkpoint", "text/plain", 200),
        ("/checkpoint", "application/json", 406), ("/keys", "application/json", 406),
        ("/oembed?url=x", "text/plain", 406), ("/tile/0/000.p/1", "application/json", 406),
        ("/problems/slot", "text/csv", 406),
      ]
      for (uri, accept, status) in cases {
        let answer = try await Self.send(client, .get, uri, [.accept: accept])
        #expect(answer.status.code == status, "\(uri) \(accept)")
        guard status == 406 else { continue }
        if accept == "text/html", !uri.hasSuffix(".json") {
          #expect(String(buffer: answer.body).contains("/problems/accept"), "\(uri)")
        } else {
          #expect(answer.headers[.contentType] == "application/problem+json")
          #expect(try answer.json()["check"] == "accept", "\(uri) \(accept)")
        }
      }
      let post = try await Self.send(
        client, .post, "/api/events", .json.with([.accept: "application/x-ndjson"]), "{}")
      #expect(post.status.code == 406, "JSON is answered in JSON")
    }
  }

  @Test("A body of another media type is refused with those that the path takes")
  func mediaTypes() async throws {
    try await withService { _, client in
      let action = "/pith/\(Self.number)/action/citation_signature"
      let cases: [(uri: String, types: String)] = [
        (action, "application/json"), ("/api/evidence/check", "application/octet-stream"),
        ("/api/events", "application/json, application/x-ndjson, application/jsonl"),
      ]
      for (uri, types) in cases {
        for type in ["text/plain", "application/x-jsonlines", "multipart/form-data", "", "json"] {
          let answer = try await Self.send(client, .post, uri, [.contentType: type], "{}")
          #expect(answer.status.code == 415, "\(uri) \(type)")
          #expect(answer.headers[.accept] == types && answer.headers[.acceptPost] == types)
        }
        let type = types.prefix { $0 != "," }
        let packed = try await Self.send(
          client, .post, uri, [.contentType: String(type), .contentEncoding: "gzip"], "{}")
        #expect(packed.status.code == 415)
        #expect(packed.headers[.acceptEncoding] == "identity")
        #expect(try packed.json()["check"] == "content_encoding")
      }
    }
  }

  @Test("Lines are taken under both of their media types, and answered in the same one")
  func lines() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      for (index, type) in ["application/jsonl", "application/x-ndjson"].enumerated() {
        let event = try test.citation("10.1000/\(index)", by: key)
        let answer = try await Self.send(
          client, .post, "/api/events", [.contentType: type],
          String(decoding: event, as: UTF8.self) + "\n{}\n")
        #expect(answer.status == .ok && answer.headers[.contentType] == type)
        let lines = String(buffer: answer.body).split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("\"created\":true"))
        #expect(lines[1].contains("\"type\":\"/problems/"))
      }
    }
  }

  // MARK: Other sites

  @Test("Pages of other sites may read what is public, and nothing else")
  func crossOrigin() async throws {
    try await withService { _, client in
      let origin: HTTPFields = [.origin: "https://other.example"]
      let page = "/pith/\(Self.number)"
      for uri in [
        Self.status, page + ".json", page + "/badge.svg", page + "/bundle.json", "/checkpoint",
        "/tile/0/000.p/1", "/api/events", "/pith/ZZZZZZZZ.json", "/api/nothing", "/api/events?x=1",
      ] {
        for method in [HTTPRequest.Method.get, .head] {
          let answer = try await Self.send(client, method, uri, origin)
          #expect(answer.headers[values: .accessControlAllowOrigin] == ["*"], "\(method) \(uri)")
          #expect(answer.headers[.accessControlExposeHeaders] == "*")
          #expect(answer.headers[.accessControlAllowCredentials] == nil)
        }
      }
      let known = try await Self.send(client, .get, Self.status)
      let tag = try #require(known.headers[.eTag])
      let again = try await Self.send(
        client, .get, Self.status, origin.with([.ifNoneMatch: tag]))
      #expect(again.status == .notModified && again.headers[.accessControlAllowOrigin] == "*")
      for (method, uri) in [
        (HTTPRequest.Method.get, "/"), (.get, "/keys"), (.get, "/admin"),
        (.get, "/api/admin/status"), (.get, "/api/admin/nothing"), (.post, "/api/events"),
        (.post, "/api/records"), (.post, "/api/evidence/check"), (.put, "/api/events"),
        (.post, "/pith/\(Self.number)/action/citation_signature"),
      ] {
        let accept: HTTPFields =
          ["/", "/keys", "/admin"].contains(uri) ? [.accept: "text/html"] : [:]
        let answer = try await Self.send(client, method, uri, origin.with(accept))
        #expect(answer.headers[.accessControlAllowOrigin] == nil, "\(method) \(uri)")
      }
    }
  }

  @Test("A browser is told that other sites may read, and that they may not write")
  func preflight() async throws {
    try await withService { _, client in
      func ask(_ uri: String, _ method: String, origin: String? = "https://other.example")
        async throws -> HTTPFields
      {
        var headers: HTTPFields = [
          .accessControlRequestMethod: method, .accessControlRequestHeaders: "range, x-evil",
        ]
        headers[.origin] = origin
        let answer = try await Self.send(client, .options, uri, headers)
        #expect(answer.headers[.accessControlAllowCredentials] == nil)
        return answer.headers
      }
      for method in ["GET", "HEAD"] {
        let headers = try await ask("/api/events", method)
        #expect(headers[.accessControlAllowOrigin] == "*")
        #expect(headers[.accessControlAllowMethods] == "GET, HEAD")
        let fields = try #require(headers[.accessControlAllowHeaders])
        #expect(fields.contains("If-None-Match") && fields.contains("Range"))
        #expect(!fields.lowercased().contains("authorization") && !fields.contains("evil"))
        #expect(headers[.accessControlMaxAge] == "86400")
      }
      for (uri, method) in [
        ("/api/events", "POST"), ("/api/events", "PUT"), ("/api/events", "get"),
        ("/api/events", ""), ("/api/admin/status", "GET"), ("/admin", "GET"),
        ("/api/evidence/check", "GET"), ("/api/evidence/check", "POST"), ("/nothing", "GET"),
      ] {
        let headers = try await ask(uri, method)
        #expect(headers[.accessControlAllowOrigin] == nil, "\(uri) \(method)")
        #expect(headers[.accessControlAllowMethods] == nil, "\(uri) \(method)")
      }
      #expect(try await ask("/api/events", "GET", origin: nil)[.accessControlAllowOrigin] == nil)
    }
  }
}
