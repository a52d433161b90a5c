import CanonicalJSON
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerTestSupport
import NIOCore
import ServiceLifecycle
import TestSupport
import Testing
import TransparencyLog

@Suite("The operator over HTTP", .privateServer())
struct OperatorTests {
  private func token(_ test: LedgerUnderTest) throws -> String {
    let path = test.ledger.configuration.dataDirectory + "/operator.token"
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let line = try String(contentsOfFile: path, encoding: .utf8)
    let token = line.trimmingCharacters(in: .newlines)
    #expect(token.utf8.count == 43, "32 bytes in base64url")
    return token
  }

  private func importing(
    _ client: any TestClientProtocol, _ headers: HTTPFields, lines: Bool = false
  ) async throws -> (Int, JSON) {
    try await client.execute(
      uri: "/api/records", method: .post, headers: headers,
      body: ByteBuffer(bytes: try Fixtures.project(Fixtures.sample))
    ) { ($0.status.code, (try? $0.json()) ?? .null) }
  }

  @Test(
    "A local client has no special rights; the token of the first start gives the operator's"
  )
  func token() async throws {
    try await withLedger(sample: false) { test in
      let token = try token(test)
      try await test.serving { client in
        let refused = try await importing(client, .json)
        #expect(refused.0 == 403 && refused.1["check"] == "operator")
        for wrong in ["Bearer ", "Bearer x", "Bearer \(token)x", "Basic \(token)", token] {
          var headers = HTTPFields.json
          headers[.authorization] = wrong
          #expect(try await importing(client, headers).0 == 403, "\(wrong.prefix(8))")
        }
        var headers = HTTPFields.json
        headers[.authorization] = "Bearer \(token)"
        let taken = try await importing(client, headers)
        #expect(taken.0 == 201, "\(taken.1)")
      }
      // The next process uses the same token.
      let again = try await test.another(runProjector: false)
      #expect(try again.configuration.operatorToken() == token)
      await again.close()
    }
  }

  @Test("Requests from another site, for a rebound name, or with another body type write nothing")
  func sites() async throws {
    try await withLedger(sample: false) { test in
      let token = try token(test)
      try await test.serving { client in
        let port = try #require(client.port)
        let body = String(decoding: try Fixtures.project(Fixtures.sample), as: UTF8.self)
        func post(_ lines: [String], to path: String = "/api/records") async throws -> Int? {
          let connection = try RawConnection(port: port)
          connection.send(
            (["POST \(path) HTTP/1.1", "Connection: close", "Content-Length: \(body.utf8.count)"]
              + lines)
              .joined(separator: "\r\n") + "\r\n\r\n" + body)
          return statuses(try #require(await connection.receiveAll())).first
        }
        let own = ["Host: localhost:\(port)", "Authorization: Bearer \(token)"]
        let json = ["Content-Type: application/json"]
        for (lines, status) in [
          (own, 415), (own + ["Content-Type: text/plain"], 415),
          (own + ["Content-Type: application/x-www-form-urlencoded"], 415),
          (own + ["Content-Type: multipart/form-data; boundary=x"], 415),
          (own + ["Content-Type: application/jsonx"], 415),
          (own + json + ["Content-Type: text/plain"], 415),
          (own + json + ["Origin: null"], 403), (own + json + ["Origin: http://evil.example"], 403),
          (own + json + ["Sec-Fetch-Site: cross-site"], 403),
          (["Host: evil.example:\(port)", "Authorization: Bearer \(token)"] + json, 403),
          (["Host: 203.0.113.7", "Authorization: Bearer \(token)"] + json, 403),
        ] { #expect(try await post(lines) == status, "\(lines.dropFirst(2))") }
        for path in [
          "/api/events", "/pith/\(LedgerUnderTest.number)/action/citation_signature",
          "/pith/\(LedgerUnderTest.number)/action/citation_signature?prepare=true",
          "/api/evidence/check",
        ] {
          #expect(
            try await post(["Host: evil.example", "Content-Type: application/json"], to: path)
              == 403)
          #expect(try await post(["Host: localhost", "Content-Type: text/plain"], to: path) == 415)
        }
        #expect(try await test.ledger.health().size == 1, "nothing of it was stored")
        let good =
          own + [
            "Content-Type: Application/JSON; charset=utf-8", "Origin: http://localhost:\(port)",
          ]
        #expect(try await post(good + ["Sec-Fetch-Site: same-origin"]) == 201)
      }
    }
  }

  private static func leaveSocket(at path: String) throws {
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let isBound = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(isBound == 0)
  }

  @Test(
    "Over the Unix socket the same user is the operator, and a killed process's socket is replaced"
  )
  func unixSocket() async throws {
    try await withLedger(sample: false) { test in
      let directory = "/tmp/plt-socket-\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: directory) }
      let path = directory + "/ledger.sock"
      let server = try LedgerServer(ledger: test.ledger)
      let body = String(decoding: try Fixtures.project(Fixtures.sample), as: UTF8.self)
      for round in 0..<2 {
        // The file of a socket stays after the process was killed.
        try Self.leaveSocket(at: path)
        let socket = try #require(
          OperatorSocket(directory: directory, logger: PrivateServer.logger))
        let group = ServiceGroup(
          configuration: .init(
            services: [server.operatorSocket(socket)], logger: PrivateServer.logger))
        async let running: Void = group.run()
        func mode() -> Int? {
          (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while mode() != 0o600, .now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        #expect(mode() == 0o600)
        #expect(
          OperatorSocket(directory: directory, logger: PrivateServer.logger) == nil,
          "a process listens")
        let connection = try RawConnection(path: path)
        connection.send(
          "POST /api/records HTTP/1.1\r\nHost: anything\r\nContent-Type: application/json\r\n"
            + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let answer = try #require(await connection.receiveAll())
        #expect(statuses(answer) == [round == 0 ? 201 : 200], "\(answer)")
        await group.triggerGracefulShutdown()
        try await running
      }
      let long = directory + "/" + String(repeating: "x", count: 120)
      #expect(OperatorSocket(directory: long, logger: PrivateServer.logger) == nil)
    }
  }
}
