import CanonicalJSON
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerTestSupport
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import LedgerHTTP

@Suite("Identifiers of requests", .privateServer())
struct RequestIDTests {
  /// Texts that are no identifiers.
  private static let malformed = [
    "", " ", "a b", "a,b", "a\"b", "é", "a/b", "a\tb", "{\"a\":1}", "${jndi:ldap://x}", "%0a",
    String(repeating: "a", count: 65),
  ]

  @Test("A given identifier of letters, digits, dots, lines and hyphens is used, and no other")
  func forms() {
    for text in ["a", "A-b_c.9", String(repeating: "z", count: 64), ".", "-"] {
      #expect(RequestID.accepting([text]) == text)
    }
    for text in Self.malformed {
      #expect(RequestID.isWellFormed(RequestID.accepting([text])))
      #expect(RequestID.accepting([text]) != text, "\(text)")
    }
    #expect(RequestID.accepting(["a", "a"]) != "a", "two are none")
    let random = Set((0..<1000).map { _ in RequestID.random() })
    #expect(random.count == 1000 && random.allSatisfy { $0.utf8.count == 32 })
  }

  @Test("Every answer has the identifier of its request, and a problem document names it")
  func answers() async throws {
    try await withService { _, client in
      let port = try #require(client.port)
      for (method, uri, status) in [
        (HTTPRequest.Method.get, "/healthz", 200), (.head, "/healthz", 200), (.get, "/", 200),
        (.get, "/nothing", 404), (.post, "/api/events", 415), (.get, "/pith/ZZZZZZZZ", 404),
        (.get, "/api/events?x=1", 400), (.get, "/assets/0/style.css", 200),
      ] {
        let answer = try await client.execute(
          uri: uri, method: method, headers: [.requestID: "test-1.A"]
        ) { $0 }
        #expect(answer.status.code == status, "\(uri)")
        #expect(answer.headers[values: .requestID] == ["test-1.A"], "\(uri)")
        if answer.headers[.contentType] == "application/problem+json", method != .head {
          #expect(try answer.json()["request_id"] == "test-1.A")
        }
        let other = try await client.execute(uri: uri, method: method) { $0 }
        let id = try #require(other.headers[.requestID])
        #expect(id.utf8.count == 32 && RequestID.isWellFormed(id))
      }
      // Heads that no route sees.
      for (head, id) in [
        ("GET /a%00 HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: mine", "mine"),
        ("GET / HTTP/1.1\r\nX-Request-Id: mine", "mine"), ("GET / HTTP/1.1\r\nA b: c", nil),
        ("GET / HTTP/1.1\r\nX-Request-Id: a b", nil),
      ] {
        let connection = try RawConnection(port: port)
        connection.send(head + "\r\n\r\n")
        let answer = try #require(await connection.receiveAll())
        let line = try #require(
          answer.split(separator: "\r\n").first { $0.hasPrefix("X-Request-Id: ") })
        let given = String(line.dropFirst("X-Request-Id: ".count))
        #expect(given == id ?? given && RequestID.isWellFormed(given))
        #expect(answer.hasPrefix("HTTP/1.1 400"))
        #expect(answer.contains("\"request_id\":\"\(given)\""))
      }
    }
  }

  @Test("Each refused line of a body has the identifier of the request")
  func lines() async throws {
    try await withService { _, client in
      let answer = try await client.execute(
        uri: "/api/events", method: .post,
        headers: [.contentType: "application/x-ndjson", .requestID: "bulk"],
        body: ByteBuffer(string: "{}\n[]\n")
      ) { String(buffer: $0.body) }
      let lines = answer.split(separator: "\n")
      #expect(lines.count == 2 && lines.allSatisfy { $0.contains("\"request_id\":\"bulk\"") })
    }
  }

  @Test("The log lines of a request have its identifier and no other")
  func logged() async throws {
    struct Failure: Error {}
    let lines = LoggedLines()
    let logger = Logger(label: "test") { _ in LineRecorder(lines: lines) }
    let router = Router(context: LedgerRequestContext.self)
    router.add(middleware: RequestIDMiddleware())
    router.get("fails") { _, context -> Response in
      context.logger.info("inside")
      throw Failure()
    }
    try await Application(router: router, logger: logger).test(.router) { client in
      try await client.execute(uri: "/fails", method: .get, headers: [.requestID: "seen"]) {
        #expect($0.status == .internalServerError)
        #expect($0.headers[.requestID] == "seen", "also where everything fails")
      }
    }
    let ofRequest = lines.metadata.withLock { $0.filter { $0["request_id"] != nil } }
    #expect(ofRequest.count == 2, "the line of the route, and that of the failure")
    #expect(ofRequest.allSatisfy { $0 == ["request_id": "seen"] }, "\(ofRequest)")
  }

  private final class LoggedLines: Sendable {
    let metadata = Mutex<[Logger.Metadata]>([])
  }

  /// Keeps the metadata of log lines.
  private struct LineRecorder: LogHandler {
    let lines: LoggedLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.metadata.withLock { $0.append(metadata.merging(event.metadata ?? [:]) { $1 }) }
    }
  }
}
