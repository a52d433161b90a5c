import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerHTTP
import LedgerTestSupport
import LedgerVerifier
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

@Suite("The cache of expensive answers", .privateServer())
struct BuildCacheTests {
  private final class Counter: Sendable {
    let running = Atomic<Int>(0)
    let most = Atomic<Int>(0)

    func run() async throws {
      let now = running.add(1, ordering: .sequentiallyConsistent).newValue
      _ = most.max(now, ordering: .sequentiallyConsistent)
      try await Task.sleep(for: .milliseconds(20))
      running.subtract(1, ordering: .sequentiallyConsistent)
    }
  }

  @Test("Concurrent requests for a value compute it once, and few values are computed at a time")
  func shared() async throws {
    let cache = BuildCache<Int, Int>(check: "test", maxRunning: 2, maxWaiting: 100, maxCost: 100)
    let counter = Counter()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<300 {
        group.addTask {
          let key = index % 10
          return try await cache.value(for: key) {
            try await counter.run()
            return key
          } == key
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
    #expect(await cache.builds == 10)
    #expect(counter.most.load(ordering: .sequentiallyConsistent) == 2)
    _ = try await cache.value(for: 3) { 4 }
    #expect(await cache.builds == 10)
  }

  @Test("A request beyond the queue's size is refused, and the queue continues")
  func full() async throws {
    let cache = BuildCache<Int, Int>(check: "test", maxRunning: 1, maxWaiting: 3, maxCost: 100)
    let outcomes = await withTaskGroup(of: String.self) { group in
      for key in 0..<20 {
        group.addTask {
          do {
            _ = try await cache.value(for: key) {
              try await Task.sleep(for: .milliseconds(200))
              return key
            }
            return "answered"
          } catch { return (error as? Refusal).map { "\($0.code) \($0.check)" } ?? "\(error)" }
        }
      }
      return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
    #expect(outcomes == ["answered": 4, "unavailable test": 16])
    #expect(try await cache.value(for: 99) { 99 } == 99)
  }

  @Test("Cached values have a limited size and life, and the least recently used is removed first")
  func bounded() async throws {
    let cache = BuildCache<Int, Int>(
      check: "test", maxRunning: 1, maxWaiting: 9, maxCost: 3, cost: { $0 >= 9 ? 4 : 1 })
    func ask(_ key: Int) async throws { _ = try await cache.value(for: key) { key } }
    for key in [1, 2, 3, 1, 4, 1, 3] { try await ask(key) }
    #expect(await cache.builds == 4, "2 was used least, and went")
    try await ask(2)
    #expect(await cache.builds == 5)
    try await ask(9)
    try await ask(9)
    #expect(await cache.builds == 7, "what is larger than the bound is not kept")
    await #expect(throws: CancellationError.self) {
      _ = try await cache.value(for: 7) { throw CancellationError() }
    }
    #expect(try await cache.value(for: 7) { 7 } == 7, "a failure is not kept")
    let brief = BuildCache<Int, Int>(
      check: "test", maxRunning: 1, maxWaiting: 9, maxCost: 3, life: .milliseconds(1))
    for _ in 0..<2 {
      _ = try await brief.value(for: 1) { 1 }
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(await brief.builds == 2)
  }

  @Test("A bundle is written once for all requests, and again after a new event")
  func bundles() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      for index in 0..<20 { _ = try await test.cite("10.1000/\(index)", by: key) }
      let ledger = test.ledger
      @Sendable func bundle() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in try await ledger.bundles.bundle(LedgerUnderTest.number) {
          bytes += chunk
        }
        return bytes
      }
      let bundles = try await withThrowingTaskGroup(of: [UInt8].self) { group in
        for _ in 0..<40 { group.addTask { try await bundle() } }
        return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
      }
      #expect(bundles.count == 1)
      #expect(await ledger.bundles.cache.builds == 1)
      let verifier = try NoteVerifierKey(#require(await ledger.checkpoints.verifierKey()))
      func events() async throws -> Int {
        try await BundleVerification(keys: [verifier]).verify(bundle()).events.count
      }
      let before = try await events()
      _ = try await test.cite("10.2000/1", by: key)
      #expect(try await events() == before + 1)
      #expect(await ledger.bundles.cache.builds == 2)
      // Erased bytes are not served from the cache.
      for document in try await test.ledger.events.page(of: LedgerUnderTest.number).json()[
        "events"]?
        .arrayValue
        ?? []
      {
        guard let hex = document["payload"]?["document_sha256"]?.stringValue,
          let digest = Digest(hex: hex), document["event_type"] == "record_created"
        else { continue }
        _ = try await ledger.evidenceEraser.erase(digest, reason: "asked to")
      }
      #expect(try await JSON.parse(bundle())["document"]?.isNull == true)
    }
  }

  @Test("A past state is folded once for all requests")
  func pasts() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      let first = try await test.cite("10.1000/1", by: key)
      for index in 0..<5 { _ = try await test.key("other \(index)") }
      let last = try await test.cite("10.1000/2", by: key)
      let ledger = test.ledger
      @Sendable func count(_ size: Int64) async throws -> JSON? {
        let status = try await ledger.records.status(
          LedgerUnderTest.number, asOf: TreeSize(stored: size)
        ).json
        #expect(status["position"] == .integer(size - 1))
        return status["verification_status"]?["citation_signatures"]
      }
      try await withThrowingTaskGroup(of: JSON?.self) { group in
        for _ in 0..<60 { group.addTask { try await count(first.position.next.rawValue) } }
        for try await answer in group { #expect(answer == 1) }
      }
      #expect(await ledger.records.pastStates.cache.builds == 1)
      // A key event in between may affect the record, so each of these sizes has a separate state.
      for size in first.position.next.next.rawValue...last.position.rawValue {
        #expect(try await count(size) == 1)
      }
      #expect(try await count(last.position.next.rawValue) == 2)
      #expect(await ledger.records.pastStates.cache.builds == 7)
      for size in first.position.next.rawValue...last.position.next.rawValue {
        _ = try await count(size)
      }
      #expect(await ledger.records.pastStates.cache.builds == 7)
    }
  }
}
