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

@Suite("Cursors of lists", .privateServer())
struct CursorTests {
  private static let number = LedgerUnderTest.number

  private static func get(
    _ client: any TestClientProtocol, _ uri: String
  ) async throws -> (status: Int, json: JSON) {
    try await client.execute(uri: uri, method: .get) { ($0.status.code, try $0.json()) }
  }

  @Test("A list of events is read to its end by its cursors, as it is by its links")
  func events() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      for index in 0..<7 { _ = try await test.cite("10.1000/\(index)", by: key) }
      for (path, query) in [
        ("/api/events", "limit=2"), ("/api/events", "limit=3&order=desc"),
        ("/api/events", "limit=1&type=citation_signature&standing=verified"),
        ("/api/pith-number/\(Self.number)/events.json", "limit=2&order=desc"),
        ("/api/keys/\(key.signer.fingerprint.hex)/events", "limit=3"),
      ] {
        let whole = try await Self.get(
          client, "\(path)?\(query.replacing(#/limit=\d/#, with: "limit=100"))"
        ).json["events"]?.arrayValue
        var seen: [JSON] = []
        var cursor: String?
        for _ in 0..<30 {
          let page = try await Self.get(
            client, "\(path)?\(query)" + (cursor.map { "&cursor=\($0)" } ?? ""))
          #expect(page.status == 200)
          seen += page.json["events"]?.arrayValue ?? []
          cursor = page.json["cursor"]?.stringValue
          #expect((cursor == nil) == (page.json["next"] == nil))
          if cursor == nil { break }
        }
        #expect(seen == whole && cursor == nil, "\(path)?\(query)")
      }
    }
  }

  /// The lists with cursors, each with other parameters that make another list.
  private static let lists: [(path: String, query: String, other: String)] = [
    ("/api/events", "limit=1", "order=desc"),
    ("/api/pith-number/\(number)/events.json", "limit=1", "type=citation_signature"),
    ("/api/pith-number/\(number)/citations.json", "limit=1", "order=desc"),
    ("/api/replications", "standing=pending&limit=1", "record=\(number)"),
  ]

  @Test("A cursor that was changed, or is another list's, is refused with 400")
  func foreign() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      for index in 0..<3 {
        _ = try await test.cite("10.1000/\(index)", by: key)
        _ = try await test.submit(
          .replicationRecord,
          [
            "claim_ids": ["C1"], "kind": "replication", "outcome": "replicated",
            "replication_id": .string("r\(index)"),
          ], by: key)
      }
      var cursors: [String] = []
      for list in Self.lists {
        let page = try await Self.get(client, "\(list.path)?\(list.query)")
        cursors.append(try #require(page.json["cursor"]?.stringValue, "\(list.path) \(page.json)"))
      }
      for (index, list) in Self.lists.enumerated() {
        let own = cursors[index]
        #expect(
          try await Self.get(client, "\(list.path)?\(list.query)&cursor=\(own)").status == 200)
        var wrong = cursors.enumerated().filter { $0.offset != index }.map(\.element)
        wrong += ["", "x", String(own.dropLast()), own + "0", own + own, "%F0%9F%98%80"]
        wrong.append(String(repeating: "0", count: 3000))
        // The place of the cursor, changed to numbers with which sums overflow.
        for place in ["ffffffffffffffff", "8000000000000000", "7fffffffffffffff"] {
          wrong.append(place + own.dropFirst(16))
        }
        for cursor in wrong {
          let answer = try await Self.get(client, "\(list.path)?\(list.query)&cursor=\(cursor)")
          #expect(answer.status == 400, "\(list.path) \(cursor)")
          #expect(answer.json["check"] == "query" && answer.json["field"] == "cursor")
        }
        let other = try await Self.get(
          client, "\(list.path)?\(list.query)&\(list.other)&cursor=\(own)")
        #expect(other.status == 400, "\(list.path) with other parameters")
        // A place that is possible and not there is the end of the list, or beyond the log.
        for place in ["0000000000000000", "000fffffffffffff", "0001000000000000"] {
          let answer = try await Self.get(
            client, "\(list.path)?\(list.query)&cursor=\(place + own.dropFirst(16))")
          #expect([200, 400].contains(answer.status), "\(list.path) \(place)")
        }
      }
      let both = try await Self.get(client, "/api/events?limit=1&from=1&cursor=\(cursors[0])")
      #expect(both.status == 400 && both.json["field"] == "cursor")
      for name in ["cursor", "replications", "equivocations", "keys"] {
        let path = name == "cursor" ? "/api/records?title=metamorph&cursor=" : "/admin?\(name)="
        for value in [
          "x", "ffffffffffffffffffffffffffffffffffffffff", "-1", "99999999999999999999",
        ] {
          #expect(try await Self.get(client, path + value).status == 400, "\(path)\(value)")
        }
      }
    }
  }
}
