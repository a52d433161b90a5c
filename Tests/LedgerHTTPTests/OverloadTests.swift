import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing

@testable import LedgerService

@Suite("Submissions while too many are in progress", .privateServer())
struct OverloadTests {
  private static func post(_ body: String, _ fields: String = "") -> String {
    "POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(fields)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
  private static let read = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
  private static let last =
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

  @Test(
    "They are refused with 503, the connection goes on, and reads and the operator are not refused")
  func refused() async throws {
    try await withLedger { test in
      try await test.serving { client in
        let port = try #require(client.port)
        var held: [SubmissionReservation] = []
        while !test.ledger.submitter.isFull { held.append(test.ledger.store.log.reserve()) }
        let connection = try RawConnection(port: port)
        connection.send(Self.post("{}") + Self.read + Self.post("{}") + Self.last)
        let text = try #require(await connection.receiveAll())
        #expect(statuses(text) == [503, 200, 503, 200])
        #expect(text.contains("\"check\":\"queue_full\"") && text.contains("Retry-After: 1\r\n"))
        let large = try RawConnection(port: port)
        large.send(Self.post(String(repeating: " ", count: 200_000)))
        #expect(statuses(try #require(await large.receiveAll())) == [503], "the connection ends")
        let token = try #require(try test.ledger.configuration.operatorToken())
        let privileged = try RawConnection(port: port)
        privileged.send(
          Self.post("{}", "Authorization: Bearer \(token)\r\n") + Self.last)
        let codes = statuses(try #require(await privileged.receiveAll()))
        #expect(codes.count == 2 && codes.first != 503 && codes.last == 200, "\(codes)")
        held.removeAll()
        #expect(!test.ledger.submitter.isFull)
        let key = try await test.key("after")
        #expect(try await test.cite("10.1000/after", by: key).created)
      }
    }
  }

  @Test("A submission that waits for an answer of another service does not count")
  func slowServices() async throws {
    try await withLedger { test in
      let reservation = test.ledger.store.log.reserve()
      let others = (1..<1024).map { _ in test.ledger.store.log.reserve() }
      #expect(test.ledger.submitter.isFull)
      reservation.queued()
      #expect(test.ledger.submitter.isFull)
      reservation.end()
      #expect(!test.ledger.submitter.isFull)
      for other in others { other.end() }
    }
  }
}
