import CanonicalJSON
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerTestSupport
import NIOCore
import ServiceLifecycle
import TestSupport
import Testing

@Suite("Slow clients, many clients, and streams", .privateServer())
struct SlowClientTests {
  private func serving(
    _ change: @escaping (inout ServerLimits) -> Void,
    limits: @escaping (inout LedgerConfiguration.Limits) -> Void = { _ in },
    _ body: @escaping @Sendable (LedgerUnderTest, any TestClientProtocol) async throws -> Void
  ) async throws {
    func configure(_ configuration: inout LedgerConfiguration) {
      change(&configuration.server)
      limits(&configuration.limits)
    }
    try await withLedger(configure: configure) { test in
      try await test.serving { try await body(test, $0) }
    }
  }

  private static let post =
    "POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

  @Test("Waiting for a head, a body and an idle connection ends with a timeout")
  func timeouts() async throws {
    try await serving {
      $0.headerTimeout = .seconds(1)
      $0.bodyTimeout = .seconds(1)
      $0.idleTimeout = .seconds(1)
    } _: { _, client in
      let port = try #require(client.port)
      let start = ContinuousClock.now
      let silent = try RawConnection(port: port)
      let head = try RawConnection(port: port)
      head.send("GET / HTTP/1.1\r\nHost: local")
      let body = try RawConnection(port: port)
      body.send(Self.post + "Content-Length: 1000\r\n\r\n{")
      let idle = try RawConnection(port: port)
      idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      // Single bytes at intervals do not extend the timeout.
      let drip = try RawConnection(port: port)
      drip.send(Self.post + "Content-Length: 100000\r\n\r\n")
      let dripping = Task {
        while !Task.isCancelled, drip.send("{") { try await Task.sleep(for: .milliseconds(100)) }
      }
      #expect(await silent.receiveAll() == "")
      #expect(statuses(try #require(await head.receiveAll())) == [408])
      #expect(statuses(try #require(await body.receiveAll())) == [408])
      #expect(statuses(try #require(await idle.receiveAll())) == [200])
      #expect(statuses(try #require(await drip.receiveAll())) == [408])
      #expect(ContinuousClock.now - start < .seconds(8))
      dripping.cancel()
    }
  }

  @Test("Connections are limited for each client, and a closed one is free again")
  func connections() async throws {
    try await serving {
      $0.connectionsPerClient = 10
    } _: { _, client in
      let port = try #require(client.port)
      let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      var held = try (0..<10).map { _ in try RawConnection(port: port, from: "127.0.0.3") }
      for connection in held { connection.send("GET /") }
      try await Task.sleep(for: .milliseconds(200))
      let refused = try RawConnection(port: port, from: "127.0.0.3")
      let answer = await refused.receiveAll()
      #expect(answer == "" || answer.map(statuses) == [503], "\(answer ?? "a hang")")
      let other = try RawConnection(port: port, from: "127.0.0.4")
      other.send(request)
      #expect(statuses(try #require(await other.receiveAll())) == [200])
      held.removeAll()
      try await Task.sleep(for: .milliseconds(200))
      let again = try RawConnection(port: port, from: "127.0.0.3")
      again.send(request)
      #expect(statuses(try #require(await again.receiveAll())) == [200])
    }
  }

  @Test("Beyond the total limit, connections with incomplete requests are closed first")
  func total() async throws {
    try await serving {
      $0.connections = 40
    } _: { _, client in
      let port = try #require(client.port)
      var held: [RawConnection] = []
      for index in 0..<120 {
        let connection = try RawConnection(port: port, from: "127.0.1.\(index + 1)")
        connection.send("GET /pith")
        held.append(connection)
      }
      for index in 0..<20 {
        let connection = try RawConnection(port: port, from: "127.0.0.\(index + 10)")
        connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        #expect(statuses(try #require(await connection.receiveAll())) == [200])
      }
      #expect(held.count == 120)
    }
  }

  @Test("Incomplete bodies use limited memory, and leave memory for another client")
  func bodies() async throws {
    try await serving {
      $0.bodyMemory = 2 << 20
    } _: { _, client in
      let port = try #require(client.port)
      let part = [UInt8](repeating: 0x20, count: 700_000)
      let held = try (0..<8).map { _ in try RawConnection(port: port, from: "127.0.0.5") }
      let answers = held.map { connection in
        Task.detached {
          connection.send(Self.post + "Content-Length: 1000000\r\n\r\n")
          connection.send(part)
          return await connection.receive().map { statuses(String(decoding: $0, as: UTF8.self)) }
        }
      }
      try await Task.sleep(for: .milliseconds(500))
      let other = try RawConnection(port: port, from: "127.0.0.6")
      other.send(Self.post + "Content-Length: 500000\r\nConnection: close\r\n\r\n")
      other.send([UInt8](repeating: 0x20, count: 500_000))
      #expect(
        statuses(try #require(await other.receiveAll())) == [400], "it is read whole: no JSON")
      var refused = 0
      for (connection, answer) in zip(held, answers) {
        connection.endSending()
        if await answer.value == [503] { refused += 1 }
      }
      #expect(refused >= 6, "\(refused)")
    }
  }

  @Test("Streams are limited for each client, and an ended stream is free again")
  func streams() async throws {
    try await serving {
      $0.streamsPerClient = 3
    } _: { _, client in
      let port = try #require(client.port)
      let request = "GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
      func status(_ connection: RawConnection) async -> [Int] {
        connection.send(request)
        return statuses(String(decoding: await connection.receive() ?? [], as: UTF8.self))
      }
      var held: [RawConnection] = []
      for _ in 0..<3 {
        let connection = try RawConnection(port: port)
        #expect(await status(connection) == [200])
        held.append(connection)
      }
      let refused = try RawConnection(port: port)
      refused.send(request)
      let answer = String(decoding: await refused.receive() ?? [], as: UTF8.self)
      #expect(statuses(answer) == [429] && answer.lowercased().contains("retry-after: 10"))
      #expect(await status(try RawConnection(port: port, from: "127.0.0.7")) == [200])
    }
  }

  @Test("A shutdown ends streams and incomplete requests at once")
  func shutdown() async throws {
    try await withLedger { test in
      let server = try LedgerServer(ledger: test.ledger)
      let (ports, port) = AsyncStream.makeStream(of: Int.self)
      let group = ServiceGroup(
        configuration: .init(
          services: [
            server.network(host: "127.0.0.1", port: 0) { if let found = $0 { port.yield(found) } }
          ], logger: PrivateServer.logger))
      async let running: Void = group.run()
      var iterator = ports.makeAsyncIterator()
      let number = try #require(await iterator.next())
      var open: [RawConnection] = []
      for _ in 0..<20 {
        let stream = try RawConnection(port: number)
        stream.send("GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(await stream.receive()?.isEmpty == false)
        let head = try RawConnection(port: number)
        head.send("GET /pith HTTP/1.1\r\nHo")
        let body = try RawConnection(port: number)
        body.send(Self.post + "Content-Length: 1000\r\n\r\n{")
        open += [stream, head, body, try RawConnection(port: number)]
      }
      let start = ContinuousClock.now
      await group.triggerGracefulShutdown()
      try await running
      #expect(ContinuousClock.now - start < .seconds(2))
      for connection in open { #expect(await connection.receiveAll() != nil) }
    }
  }

  @Test("Requests beyond the quota are answered 429, with the same seconds in header and text")
  func quotas() async throws {
    func lower(_ limits: inout LedgerConfiguration.Limits) {
      limits.proofChecksPerHour = 2
      limits.submissionsPerHour = 3
      limits.heavyReadsPerHour = 2
    }
    func keep(_ limits: inout ServerLimits) {}
    try await serving(keep, limits: lower) { test, client in
      func expectLimit(
        _ check: String, _ method: HTTPRequest.Method, _ uri: String, _ type: String,
        _ body: String, after: Int
      ) async throws {
        for index in 0...after {
          let answer = try await client.execute(
            uri: uri, method: method, headers: method == .get ? [:] : [.contentType: type],
            body: method == .get ? nil : ByteBuffer(string: body)
          ) { $0 }
          guard index == after else {
            #expect(answer.status.code != 429, "\(check)")
            continue
          }
          #expect(answer.status.code == 429, "\(check)")
          let json = try answer.json()
          #expect(json["check"] == .string(check))
          let seconds = try #require(answer.headers[.retryAfter].flatMap { Int($0) })
          #expect(
            seconds > 0 && json["detail"]?.stringValue?.contains("in \(seconds) seconds") == true)
        }
      }
      let number = LedgerUnderTest.number
      try await expectLimit(
        "proof_check_limit", .post, "/api/evidence/check", "application/octet-stream", "x", after: 2
      )
      try await expectLimit(
        "heavy_read_limit", .get, "/pith/\(number)/bundle.json", "", "", after: 2)
      try await expectLimit(
        "heavy_read_limit", .get, "/api/pith-number/\(number)/status.json?as_of=3", "", "", after: 0
      )
      let key = KeyFile(key: SigningKey(), keyID: "k", signerID: "urn:k", signerType: .author)
      let body = try EventBody.make(
        type: .citationSignature, payload: ["citing_doi": "10.1/1", "relation": "cites"],
        signer: key.signer, subject: .record(try #require(PithNumber(number))), target: "record",
        createdAt: .now)
      let event = JSON.object(try key.key.sign(body).json).canonicalString()
      try await expectLimit(
        "submission_limit", .post, "/api/events", "application/json", event, after: 3)
      // The limit does not apply to the operator.
      let token = try #require(try test.ledger.configuration.operatorToken())
      let answer = try await client.execute(
        uri: "/api/events", method: .post,
        headers: [.contentType: "application/json", .authorization: "Bearer \(token)"],
        body: ByteBuffer(string: event)
      ) { try $0.json()["check"] }
      #expect(answer == "known_key")
    }
  }
}
