import CanonicalJSON
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing
import TransparencyLog

@Suite("Malformed HTTP", .privateServer())
struct FramingTests {
  static let number = LedgerUnderTest.number

  private struct Case: Sendable {
    let name: String
    let bytes: String
    let status: [Int]

    init(_ name: String, _ bytes: String, _ status: Int...) {
      self.name = name
      self.bytes = bytes
      self.status = status
    }
  }

  private static let cases: [Case] = {
    let get = "GET /healthz HTTP/1.1\r\n"
    let post = "POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
    var cases: [Case] = [
      Case("well formed", get + "Host: localhost\r\n\r\n", 200),
      Case("HTTP/1.0 without Host", "GET /healthz HTTP/1.0\r\n\r\n", 200),
      Case("no Host", get + "\r\n", 400),
      Case("two Hosts", get + "Host: localhost\r\nHost: localhost\r\n\r\n", 400),
      Case("two Hosts, HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
      Case("an empty Host", get + "Host:\r\n\r\n", 400),
      Case("two lengths", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
      Case("two lengths in one", post + "Content-Length: 2, 2\r\n\r\n{}", 400),
      Case(
        "length and chunks", post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400
      ),
      Case("a signed length", post + "Content-Length: +2\r\n\r\n{}", 400),
      Case("a negative length", post + "Content-Length: -2\r\n\r\n{}", 400),
      Case("a length beyond any", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400),
      Case("another coding", post + "Transfer-Encoding: gzip\r\n\r\n", 400),
      Case("two codings", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
      Case("a chunk size that is none", chunked + "zz\r\n{}\r\n0\r\n\r\n", 400),
      Case("a chunk size beyond any", chunked + "fffffffffffffffff\r\n{}", 400),
      Case("a chunk that is longer than it says", chunked + "1\r\n{}\r\n0\r\n\r\n", 400),
      Case("a body that breaks off", post + "Content-Length: 100\r\n\r\n{", 400),
      Case("chunks that break off", chunked + "5\r\n{", 400),
      Case("a head that breaks off", get + "Host: local", 400),
      Case("a GET with a body", get + "Host: localhost\r\nContent-Length: 2\r\n\r\n{}", 400),
      Case("a header name with a space", get + "Host: localhost\r\nA b: c\r\n\r\n", 400),
      Case("a header without a name", get + "Host: localhost\r\n: c\r\n\r\n", 400),
      Case("a header with a NUL", get + "Host: localhost\r\nA: \u{0}\r\n\r\n", 400),
      Case("a folded header", get + "Host: localhost\r\nA: b\r\n c\r\n\r\n", 400),
      Case(
        "an absolute target", "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        400),
      Case("CONNECT", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 204),
      Case("OPTIONS * without Host", "OPTIONS * HTTP/1.1\r\n\r\n", 400),
      Case("OPTIONS **", "OPTIONS ** HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("GET *", "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("a NUL in the path", "GET /pith/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("half an escape", "GET /pith/a%4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("an escape that is none", "GET /pith/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case(
        "escapes that are no UTF-8", "GET /pith/%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("a raw byte beyond ASCII", "GET /pith/é HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("a space in the target", "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("a fragment", "GET /#a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
      Case("HTTP/3.7", "GET / HTTP/3.7\r\nHost: localhost\r\n\r\n", 400, 505),
      Case("HTTP/0.9", "GET /\r\n\r\n", 400, 505),
      Case("TLS", "\u{16}\u{3}\u{1}\u{0}\u{5}hello", 400),
      Case("no method", "healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case("an unknown method", "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      Case(
        "a long header",
        get + "Host: localhost\r\nA: " + String(repeating: "a", count: 9000) + "\r\n\r\n", 431),
      Case(
        "many headers",
        get + "Host: localhost\r\n" + String(repeating: "A: b\r\n", count: 200) + "\r\n", 431),
      Case(
        "a long target",
        "GET /" + String(repeating: "a", count: 5000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    ]
    for host in [
      "a b", "a/b", "user@host", "[::1", "::1", "host:99999", "host:-1", "host:1:2", "a,b", "é",
    ] {
      cases.append(Case("Host \(host)", get + "Host: \(host)\r\n\r\n", 400))
    }
    return cases
  }()

  @Test(
    "A malformed request is answered 4xx and its connection closed, in one piece or byte by byte")
  func malformed() async throws {
    try await withService { _, client in
      let port = try #require(client.port)
      for item in Self.cases {
        let connection = try RawConnection(port: port)
        connection.send(item.bytes)
        connection.endSending()
        let answer = await connection.receiveAll()
        let found = answer.map(statuses)
        #expect(
          found?.count == 1 && item.status.contains(found?.first ?? 0),
          "\(item.name): \(answer ?? "a hang")")
        // A slow sender receives the same answer.
        guard item.bytes.utf8.count < 300 else { continue }
        let slow = try RawConnection(port: port)
        for byte in item.bytes.utf8 { slow.send([byte]) }
        slow.endSending()
        let second = await slow.receiveAll()
        #expect(second.map(statuses) == found, "\(item.name), slowly: \(second ?? "a hang")")
      }
    }
  }

  @Test("A valid request before a malformed one is answered")
  func pipelined() async throws {
    try await withService { _, client in
      let connection = try RawConnection(port: try #require(client.port))
      connection.send(
        "GET /api/keys HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
          + "GET /healthz HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      let answer = try #require(await connection.receiveAll())
      #expect(statuses(answer) == [200, 200, 400], "\(answer)")
      #expect(answer.contains("application/problem+json"))
    }
  }

  @Test("No number in a request overflows, and the service continues")
  func numbers() async throws {
    try await withService { test, client in
      let numbers = [
        "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "-9223372036854775808",
        "-1", "+1", "1e9", "0x10", "٣", "", "9007199254740992", String(repeating: "9", count: 400),
      ]
      let encoded = numbers.map {
        $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      }
      for (number, text) in zip(numbers, encoded) {
        for uri in [
          "/api/events?from=\(text)", "/api/events?limit=\(text)",
          "/api/events/stream?from=\(text)",
          "/api/pith-number/\(Self.number)/events.json?from=\(text)",
          "/api/pith-number/\(Self.number)/events.json?limit=\(text)",
          "/api/pith-number/\(Self.number)/status.json?as_of=\(text)",
          "/api/pith-number/\(Self.number)/status.json?at_least=\(text)",
          "/api/proof/consistency?old=\(text)", "/api/proof/consistency?old=0&new=\(text)",
        ] {
          let status = try await client.execute(uri: uri, method: .get) { $0.status.code }
          #expect(status == 400, "\(uri)")
        }
        for uri in [
          "/api/proof/\(text)", "/tile/0/\(text)", "/tile/\(text)/000", "/tile/0/000.p/\(text)",
        ] {
          let status = try await client.execute(uri: uri, method: .get) { $0.status.code }
          #expect(
            status == 400 || status == 404 || (number.isEmpty && status == 301), "\(uri) \(status)")
        }
        guard number.utf8.allSatisfy({ $0 < 0x7F }) else { continue }
        let stream = try RawConnection(port: try #require(client.port))
        stream.send(
          "GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: \(number)\r\nConnection: close\r\n\r\n"
        )
        #expect(
          statuses(try #require(await stream.receiveAll())) == [400], "Last-Event-ID \(number)")
      }
      // The largest integer of canonical JSON is a valid position. The stream waits for the events after
      // it.
      let last = try RawConnection(port: try #require(client.port))
      last.send(
        "GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 9007199254740991\r\n\r\n"
      )
      let first = String(decoding: try #require(await last.receive()), as: UTF8.self)
      #expect(first.contains("200 OK"))
      #expect(try await test.ledger.health().size > 0)
    }
  }

  @Test("A time after the last representable one is replaced by that one")
  func times() {
    let now = Timestamp(microseconds: 1_800_000_000_000_000)
    for seconds: Int64 in [.max, .max / 1_000_000, 1 << 50] {
      #expect(now.adding(seconds: seconds) == .latest)
    }
    #expect(Timestamp(Timestamp.latest.description) == .latest)
    #expect(now.adding(seconds: .min).microseconds == 0)
    #expect(now.adding(seconds: 60).microseconds == now.microseconds + 60_000_000)
    #expect(GroupTimes.never.adding(seconds: 60) >= .latest)
  }

  private enum GroupTimes { static let never = Timestamp(microseconds: .max) }

  @Test("Settings out of range are refused before they are multiplied")
  func settings() {
    for name in [
      "STORAGE_DAYS", "CHECKPOINT_INTERVAL_SECONDS", "FETCH_MAX_BYTES", "HEADER_CONFIRMATIONS",
      "CONNECTIONS",
    ] {
      for value in ["9223372036854775807", "-1", "0", "1000000000001", "x"] {
        #expect(throws: Refusal(.malformed, check: "configuration", "")) {
          try LedgerConfiguration.fromEnvironment(
            dataDirectory: "/nowhere", environment: ["PITHLEDGER_" + name: value])
        }
      }
    }
  }
}
