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
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerHTTP

/// Lists of events: their conditions, their order and their pages.
@Suite("Lists of events", .privateServer())
struct EventListTests {
  static let number = LedgerUnderTest.number

  /// Reads a list page by page from an address on, and returns its events.
  static func walk(
    _ client: any TestClientProtocol, _ uri: String, maxPages: Int = 500
  ) async throws -> [JSON] {
    var events: [JSON] = []
    var next: String? = uri
    var pages = 0
    while let uri = next {
      pages += 1
      try #require(pages <= maxPages, "the list has no end: \(uri)")
      let page = try await get(client, uri)
      events += try #require(page["events"]?.arrayValue, "\(uri): \(page)")
      next = page["next"]?.stringValue.map(path)
    }
    return events
  }

  /// The path and query of an address in an answer.
  static func path(of address: String) -> String {
    address.range(of: "/api/").map { String(address[$0.lowerBound...]) } ?? address
  }

  static func get(_ client: any TestClientProtocol, _ uri: String) async throws -> JSON {
    try await client.execute(uri: uri, method: .get) { try $0.json() }
  }

  private static func positions(_ events: [JSON]) -> [Int64] {
    events.compactMap { $0["position"]?.integerValue }
  }

  /// Fills the log with statements of several keys, of every standing that needs no evidence.
  private static func fill(_ test: LedgerUnderTest) async throws -> (one: KeyFile, other: KeyFile) {
    let one = try await test.key("one", "https://orcid.org/0000-0002-1825-0097", vouched: .author)
    let other = try await test.key("other")
    let twin = try await test.key("twin", "https://orcid.org/0000-0002-1825-0097")
    var ids: [Digest] = []
    for index in 0..<12 {
      ids.append(try await test.cite("10.1000/\(index)", by: index % 3 == 0 ? one : other).eventID)
    }
    _ = try await test.cite("10.1000/twin", by: twin)
    _ = try await test.cite("10.1000/1", by: other, supersedes: ids[1], relation: "refutes")
    let withdrawn: JSONObject = [
      "event_id": .string("sha256:" + ids[2].hex), "reason": "a mistake",
    ]
    _ = try await test.submit(.eventWithdrawn, withdrawn, by: other)
    let claim: JSONObject = [
      "method": "key_signature", "name": "A. Nobody", "orcid": "0000-0002-1825-0097",
    ]
    _ = try await test.submit(.authorAttestation, claim, by: one)
    return (one, other)
  }

  @Test(
    "Every list, condition and order gives the events that satisfy it, for any size of the pages")
  func conditions() async throws {
    try await withService { test, client in
      let keys = try await Self.fill(test)
      let all = try await Self.walk(client, "/api/events?limit=1000")
      let standings = Dictionary(
        uniqueKeysWithValues: try await withThrowingTaskGroup(of: (Int64, String).self) { tasks in
          for event in all {
            tasks.addTask {
              let id = event["event_id"]?.stringValue ?? ""
              let one = try await Self.get(client, "/api/events/\(id)")
              return (one["position"]?.integerValue ?? -1, one["standing"]?.stringValue ?? "none")
            }
          }
          return try await tasks.reduce(into: []) { $0.append($1) }
        })
      #expect(
        Set(standings.values).isSuperset(of: ["verified", "withdrawn", "superseded", "weak"]))
      let time = try #require(all[all.count / 2]["recorded_at"]?.stringValue)
      let one = keys.one.signer.fingerprint.hex
      let conditions: [(query: String, holds: (JSON) -> Bool)] = [
        ("", { _ in true }),
        ("type=citation_signature", { $0["event_type"] == "citation_signature" }),
        (
          "type=key_registered,event_withdrawn",
          { ["key_registered", "event_withdrawn"].contains($0["event_type"]) }
        ),
        ("type=moderation_decision", { _ in false }),
        ("signer=\(one)", { $0["signer"]?["public_key_fingerprint"] == .string(one) }),
        (
          "signer=\(one)&type=citation_signature",
          {
            $0["signer"]?["public_key_fingerprint"] == .string(one)
              && $0["event_type"] == "citation_signature"
          }
        ),
        // The name alone does not make a key the signer's: the twin is not vouched for.
        (
          "signer=https://orcid.org/0000-0002-1825-0097",
          { $0["signer"]?["public_key_fingerprint"] == .string(one) }
        ),
        ("signer=urn:other", { _ in false }),
        ("signer=\(String(repeating: "0", count: 32))", { _ in false }),
        ("target=record", { $0["target"] == "record" }),
        ("target=key:\(one)", { $0["target"] == .string("key:" + one) }),
        ("target=claim:C1", { _ in false }),
        ("since=7", { $0["position"]?.integerValue ?? 0 >= 7 }),
        ("since=\(time)", { $0["recorded_at"]?.stringValue ?? "" >= time }),
        ("since=2999-01-01T00:00:00Z", { _ in false }),
        (
          "standing=superseded,withdrawn",
          {
            ["superseded", "withdrawn"].contains(
              standings[$0["position"]?.integerValue ?? -1] ?? "")
          }
        ),
        (
          "standing=recorded&type=key_vouched", { $0["event_type"] == "key_vouched" }
        ),
        (
          "standing=verified&signer=\(one)&since=3",
          {
            standings[$0["position"]?.integerValue ?? -1] == "verified"
              && $0["signer"]?["public_key_fingerprint"] == .string(one)
              && $0["position"]?.integerValue ?? 0 >= 3
          }
        ),
      ]
      let lists: [(path: String, holds: (JSON) -> Bool)] = [
        ("/api/events", { _ in true }),
        (
          "/api/pith-number/\(Self.number)/events.json",
          { $0["subject_pith_number"] == .string(Self.number) }
        ),
        ("/api/keys/\(one)/events", { $0["signer"]?["public_key_fingerprint"] == .string(one) }),
      ]
      for list in lists {
        for condition in conditions
        where !(list.path.contains("keys") && condition.query.contains("signer")) {
          let expected = Self.positions(all.filter { list.holds($0) && condition.holds($0) })
          for order in ["asc", "desc"] {
            for limit in [1, 2, 7, 1000] {
              let uri = "\(list.path)?\(condition.query)&order=\(order)&limit=\(limit)"
              let found = Self.positions(try await Self.walk(client, uri))
              #expect(found == (order == "asc" ? expected : expected.reversed()), "\(uri)")
            }
          }
        }
      }
    }
  }

  @Test("Pages do not overlap and leave nothing out while events are appended")
  func pagesWhileAppending() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      for index in 0..<20 { _ = try await test.cite("10.1000/\(index)", by: key) }
      let before = Self.positions(try await Self.walk(client, "/api/events?limit=1000"))
      let writer = Task {
        for index in 20..<120 { _ = try await test.cite("10.1000/\(index)", by: key) }
      }
      let fingerprint = key.signer.fingerprint.hex
      for path in [
        "/api/events?", "/api/events?type=citation_signature&", "/api/keys/\(fingerprint)/events?",
        "/api/pith-number/\(Self.number)/events.json?",
      ] {
        for limit in [1, 3, 10] {
          let up = Self.positions(try await Self.walk(client, "\(path)limit=\(limit)"))
          #expect(up == up.sorted() && Set(up).count == up.count, "\(path)")
          let down = Self.positions(try await Self.walk(client, "\(path)order=desc&limit=\(limit)"))
          #expect(down == down.sorted(by: >) && Set(down).count == down.count, "\(path)")
          // Every event that was there when the walk began is in both.
          if path == "/api/events?" {
            #expect(up.starts(with: before))
            #expect(Set(down).isSuperset(of: before))
          }
        }
      }
      try await writer.value
    }
  }

  @Test("One event has its standing and the reason")
  func oneEvent() async throws {
    try await withService { test, client in
      let keys = try await Self.fill(test)
      let claim = try #require(
        try await Self.walk(
          client, "/api/events?type=author_attestation&signer=\(keys.one.signer.fingerprint.hex)"
        ).first)
      let id = try #require(claim["event_id"]?.stringValue)
      let answer = try await Self.get(client, "/api/events/\(id)")
      #expect(answer["standing"] == "weak" && answer["signer_vouched"] == true)
      #expect(answer["reason"]?.stringValue?.isEmpty == false)
      #expect(answer["position"] == claim["position"] && answer["payload"] == claim["payload"])
      #expect(try await Self.get(client, "/api/events/\(id.dropFirst(7))") == answer)
      for (name, status) in [
        ("sha256:" + String(repeating: "0", count: 64), 404), ("7", 400), ("sha256:", 400),
      ] {
        let code = try await client.execute(uri: "/api/events/\(name)", method: .get) {
          $0.status.code
        }
        #expect(code == status, "\(name)")
      }
      let unknown = try await client.execute(
        uri: "/api/keys/\(String(repeating: "0", count: 32))/events", method: .get
      ) { $0.status.code }
      #expect(unknown == 404)
    }
  }

  @Test(
    "A page that cannot be is refused by the name of the parameter; the end of a list is an empty page"
  )
  func edges() async throws {
    try await withService { test, client in
      let size = try await test.ledger.health().size.stored
      for path in ["/api/events", "/api/pith-number/\(Self.number)/events.json"] {
        let end = try await Self.get(client, "\(path)?from=\(size)")
        #expect(end["events"] == [] && end["next"] == nil, "\(end)")
        for (query, field) in [
          ("limit=0", "limit"), ("from=\(size + 1)", "from"),
          ("from=\(size + 1)&order=desc", "from"), ("from=-1", "from"), ("limit=x", "limit"),
          ("from=1&from=2", "from"), ("type=nothing", "type"), ("type=", "type"),
          ("type=unknown", "type"), ("signer=", "signer"),
          ("signer=\(String(repeating: "x", count: 301))", "signer"), ("target=x", "target"),
          ("standing=good", "standing"), ("since=yesterday", "since"), ("order=up", "order"),
          ("offset=1", "offset"),
        ] {
          let problem = try await client.execute(uri: "\(path)?\(query)", method: .get) {
            response in
            #expect(response.status == .badRequest, "\(query)")
            return try response.json()
          }
          #expect(problem["check"] == "query", "\(query): \(problem)")
          #expect(problem["field"] == .string(field), "\(query): \(problem)")
        }
      }
    }
  }

  @Test("Every route refuses a parameter that it does not take, by its name")
  func unknownParameters() async throws {
    try await withLedger { test in
      let server = try LedgerServer(ledger: test.ledger)
      let router = buildRouter(ledger: test.ledger, state: server.state, listensOn: "127.0.0.1")
      let routes = router.routes.filter { $0.method != .head }.map {
        (method: $0.method, path: $0.path.description)
      }
      #expect(routes.count > 20)
      try await test.serving { client in
        for route in routes {
          let path = route.path
            .replacing("{id}", with: Self.number).replacing(":id", with: Self.number)
            .replacing("{action}", with: "citation_signature")
            .replacing(":action", with: "citation_signature").replacing("**", with: "0/000")
            .replacing(#/\{\w+\}|:\w+/#, with: "x")
          let answer = try await client.execute(
            uri: path + "?nonsense=1", method: route.method, headers: .json
          ) { ($0.status.code, try $0.json()) }
          #expect(answer.0 == 400, "\(route.method) \(path): \(answer)")
          #expect(answer.1["check"] == "query" && answer.1["field"] == "nonsense", "\(path)")
        }
      }
    }
  }

  @Test(
    "A stream sends the events that satisfy its conditions, those in the log and those that follow")
  func streams() async throws {
    try await withLedger { test in
      let keys = try await Self.fill(test)
      let filter = try EventFilter(
        types: "citation_signature", signer: keys.other.signer.fingerprint.hex, target: nil,
        standings: "verified", since: "4", order: nil)
      let feed = LogFeed(test.ledger.events)
      let stream = EventStream(
        events: test.ledger.events, feed: feed, filter: filter, from: 4)
      let sent = Mutex<[String]>([])
      let task = Task {
        for try await part in stream { sent.withLock { $0.append(String(buffer: part)) } }
      }
      for index in 100..<105 {
        _ = try await test.cite("10.1000/\(index)", by: index % 2 == 0 ? keys.one : keys.other)
      }
      let last = try await test.cite("10.1000/last", by: keys.other).position
      let deadline = ContinuousClock.now + .seconds(30)
      while ContinuousClock.now < deadline,
        !sent.withLock({ $0.contains { $0.hasPrefix("id: \(last)\ndata:") } })
      {
        try await Task.sleep(for: .milliseconds(20))
      }
      await feed.stop()
      try await task.value
      let seen = sent.withLock { $0 }.filter { $0.contains("data: ") }.compactMap {
        Int64($0.dropFirst(4).prefix { $0.isNumber })
      }
      let expected = try await test.ledger.events.page(filter, limit: 1000).events
      #expect(seen == expected.map(\.position.rawValue))
      #expect(expected.count > 8)
    }
  }

  @Test("A stream from beyond the log is refused, and one in descending order")
  func streamBeyond() async throws {
    try await withService { test, client in
      let size = try await test.ledger.health().size.stored
      for uri in ["/api/events/stream?from=\(size + 1)", "/api/events/stream?order=desc"] {
        let status = try await client.execute(uri: uri, method: .get) { $0.status }
        #expect(status == .badRequest, "\(uri)")
      }
    }
  }

  @Test("Many statuses come in one answer, each with its error where there is no record")
  func manyStatuses() async throws {
    try await withService { test, client in
      let one = try await Self.get(client, "/api/pith-number/\(Self.number)/status.json")
      let answer = try await Self.get(
        client, "/api/status?id=\(Self.number)&id=4OXKXQ4P&id=ZZZZZZZZ&id=&id=2412.14164")
      let statuses = try #require(answer["statuses"]?.arrayValue)
      #expect(
        statuses.map { $0["id"]?.stringValue } == [
          Self.number, "4OXKXQ4P", "ZZZZZZZZ", "", "2412.14164",
        ])
      for index in [0, 1, 4] {
        #expect(statuses[index]["verification_status"] == one["verification_status"])
        #expect(statuses[index]["pith_number"] == .string(Self.number))
      }
      #expect(statuses[2]["error"]?["status"] == 404 && statuses[2]["pith_number"] == nil)
      #expect(statuses[3]["error"]?["status"] == 400)
      let many = Array(repeating: "id=\(Self.number)", count: 100).joined(separator: "&")
      #expect(
        try await Self.get(client, "/api/status?\(many)")["statuses"]?.arrayValue?.count == 100)
      for query in ["", "?\(many)&id=x", "?id=x&as_of=1"] {
        let code = try await client.execute(uri: "/api/status\(query)", method: .get) { $0.status }
        #expect(code == .badRequest, "\(query.prefix(30))")
      }
    }
  }

  @Test("A past status is asked for by number or by time")
  func pastStatus() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      let first = try await test.cite("10.1000/1", by: key)
      try await Task.sleep(for: .milliseconds(2))
      let second = try await test.cite("10.1000/2", by: key)
      let path = "/api/pith-number/\(Self.number)/status.json"
      let byNumber = try await Self.get(client, "\(path)?as_of=\(first.position.next)")
      #expect(byNumber["verification_status"]?["citation_signatures"] == 1)
      #expect(
        try await Self.get(client, "\(path)?as_of=\(first.recordedAt)") == byNumber, "its own time")
      let between = Timestamp(microseconds: second.recordedAt.microseconds - 1)
      #expect(try await Self.get(client, "\(path)?as_of=\(between)") == byNumber)
      let now = try await Self.get(client, "\(path)?as_of=2999-01-01T00:00:00Z")
      #expect(now["verification_status"]?["citation_signatures"] == 2)
      for (text, status) in [
        ("1970-01-01T00:00:00Z", 404), ("2026-13-01T00:00:00Z", 400), ("0", 400), ("", 400),
      ] {
        let code = try await client.execute(uri: "\(path)?as_of=\(text)", method: .get) {
          $0.status.code
        }
        #expect(code == status, "\(text)")
      }
    }
  }
}
