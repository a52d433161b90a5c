import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore
import SafeHTTPClient
import Synchronization
import Testing

@testable import LedgerHTTP
@testable import LedgerService

@Suite("Quotas, connections and memory")
struct LimitTests {
  @Test("A quota refills steadily, and a refusal gives the time in whole seconds")
  func refill() throws {
    let limiter = RateLimiter<String>(check: "x", what: "things")
    let start = ContinuousClock.now
    for _ in 0..<60 { try limiter.take(from: "a", perHour: 60, now: start) }
    let refusal = #expect(throws: Refusal.self) {
      try limiter.take(from: "a", perHour: 60, now: start)
    }
    #expect(refusal?.code == .tooMany && refusal?.retryAfter == 60)
    #expect(refusal?.message.contains("60 seconds") == true, "the text agrees with the header")
    try limiter.take(from: "b", perHour: 60, now: start)
    #expect(throws: Refusal.self) {
      try limiter.take(from: "a", perHour: 60, now: start + .seconds(59))
    }
    try limiter.take(from: "a", perHour: 60, now: start + .seconds(61))
    // An amount above the size of the bucket is taken from a full bucket and leaves a debt.
    try limiter.take(500, from: "c", perHour: 60, now: start)
    #expect(throws: Refusal.self) {
      try limiter.take(from: "c", perHour: 60, now: start + .seconds(3600))
    }
  }

  @Test("The text of a refusal gives the same time as Retry-After", arguments: [1, 2, 60, 86_400])
  func times(seconds: Int) async throws {
    let refusal = Refusal(.unavailable, check: "x", "Not now.", retryAfter: seconds)
    let problem = Problem(refusal)
    #expect(problem.retryAfter == seconds)
    #expect(problem.json(requestID: nil)["retry_after"] == .integer(Int64(seconds)))
    #expect(problem.detail == "Not now. Try again in \(seconds) second\(seconds == 1 ? "" : "s").")
    let limits = PendingAnchorLimits()
    let (client, record) = (ClientID("192.0.2.1"), RecordID(createdAt: 1))
    for _ in 0..<PendingAnchorLimits.perClient {
      try await limits.check(client, record)
      await limits.note(client, record)
    }
    let pending = await #expect(throws: Refusal.self) { try await limits.check(client, record) }
    let left = try #require(pending?.retryAfter)
    #expect((86_390...86_401).contains(left))
    #expect(pending?.message.contains("in \(left) seconds") == true)
  }

  @Test("Many clients do not enlarge the table, and do not reset a client with an exhausted quota")
  func flood() throws {
    let limiter = RateLimiter<Int>(check: "x", what: "things", capacity: 1600)
    let start = ContinuousClock.now
    for _ in 0..<60 { try limiter.take(from: -1, perHour: 60, now: start) }
    for client in 0..<100_000 { try limiter.take(from: client, perHour: 60, now: start) }
    #expect(limiter.count <= 1600)
    #expect(throws: Refusal.self) { try limiter.take(from: -1, perHour: 60, now: start) }
  }

  @Test("A vouched key has a larger quota of its own, and the shell has no limit")
  func vouched() throws {
    var limits = LedgerConfiguration.Limits()
    limits.submissionsPerHour = 5
    limits.submissionsPerKeyPerHour = 3
    limits.evidenceBytesPerKeyPerHour = 100
    let quotas = Quotas(limits)
    let client = ClientID("192.0.2.1")
    func key(_ byte: UInt8) -> Digest128 { Digest(hashing: [byte]).prefix }
    func submit(_ key: Digest128, vouched: Bool, evidence: Int = 0) throws {
      try quotas.takeSubmission(client)
      try quotas.takeVerified(client, key: key, isVouched: vouched, evidenceBytes: evidence)
    }
    for _ in 0..<30 { try submit(key(1), vouched: true) }
    #expect(throws: Refusal(.tooMany, check: "key_submission_limit", "")) {
      try submit(key(1), vouched: true)
    }
    for _ in 0..<3 { try submit(key(2), vouched: false) }
    #expect(throws: Refusal(.tooMany, check: "key_submission_limit", "")) {
      try submit(key(2), vouched: false)
    }
    #expect(throws: Refusal(.tooMany, check: "submission_limit", "")) {
      try submit(key(3), vouched: false)
    }
    try quotas.takeVerified(client, key: key(4), isVouched: false, evidenceBytes: 100)
    #expect(throws: Refusal(.tooMany, check: "key_evidence_limit", "")) {
      try quotas.takeVerified(client, key: key(4), isVouched: false, evidenceBytes: 1)
    }
    for _ in 0..<1000 {
      try quotas.takeSubmission(.shell)
      try quotas.takeBareAction(.shell, evidenceBytes: 1 << 30)
      try quotas.takeProofCheck(.shell)
    }
  }

  @Test("Connections are limited for each client; beyond the total, the longest idle one is closed")
  func connections() {
    let table = ConnectionTable(total: 4, perClient: 2, streamsPerClient: 1)
    let closed = Mutex<[String]>([])
    let start = ContinuousClock.now
    func open(_ client: String, _ name: String, at seconds: Int, isShared: Bool = false)
      -> ConnectionTable.ID?
    {
      table.open(client: ClientID(client), isShared: isShared, now: start - .seconds(100 - seconds))
      {
        closed.withLock { $0.append(name) }
      }
    }
    let first = open("a", "a1", at: 0)
    #expect(first != nil && open("a", "a2", at: 1) != nil)
    #expect(open("a", "a3", at: 2) == nil, "a client's limit")
    #expect(open("proxy", "p", at: 3, isShared: true) != nil)
    let busy = open("b", "b1", at: 4)
    if let first { table.note(first, isBusy: true) }
    #expect(open("c", "c1", at: 5) != nil)
    #expect(closed.withLock { $0 } == ["a2"], "not the busy one, though it is older")
    #expect(table.count == 4)
    #expect(open("a", "a4", at: 6) != nil, "the one that gave way is not counted any more")
    #expect(closed.withLock { $0 } == ["a2", "p"])
    if let busy { table.note(busy, isBusy: true) }
    #expect(open("d", "d1", at: 7) != nil && open("e", "e1", at: 8) != nil)
    #expect(open("f", "f1", at: 9) != nil)
    #expect(table.count == 4)
    #expect(table.openStream(ClientID("a")) && !table.openStream(ClientID("a")))
    table.closeStream(ClientID("a"))
    #expect(table.openStream(ClientID("a")))
  }

  @Test("A new connection is refused if every connection has a request in progress")
  func allBusy() {
    let table = ConnectionTable(total: 2, perClient: 9, streamsPerClient: 1)
    let ids = (0..<2).compactMap { _ in table.open(client: ClientID("a"), isShared: false) {} }
    for id in ids { table.note(id, isBusy: true) }
    #expect(table.open(client: ClientID("b"), isShared: false) {} == nil)
    table.close(ids[0])
    #expect(table.open(client: ClientID("b"), isShared: false) {} != nil)
  }

  @Test("The limit of connections leaves file descriptors for the database")
  func descriptors() {
    var limits = ServerLimits()
    #expect(limits.connections(descriptors: 1024) == 1024 - ServerLimits.reservedDescriptors)
    #expect(limits.connections(descriptors: 1 << 20) == 8192)
    limits.connections = 1_000_000
    #expect(limits.connections(descriptors: 1024) == 1024 - ServerLimits.reservedDescriptors)
    limits.connections = 10
    #expect(limits.connections(descriptors: 1024) == 10)
    #expect(limits.connections(descriptors: 0) == 10)
  }

  @Test("Request bodies share a memory limit: one client gets half, and released memory is reused")
  func memory() async throws {
    let budget = BodyBudget(total: 100)
    let one = budget.lease(for: ClientID("a"))
    try await one.hold(50)
    let other = budget.lease(for: ClientID("a"))
    await #expect(throws: Refusal(.unavailable, check: "body_memory", "")) {
      try await other.hold(1)
    }
    let stranger = budget.lease(for: ClientID("b"))
    try await stranger.hold(50)
    #expect(budget.used == 100)
    async let waiting: Void = other.hold(20)
    try await Task.sleep(for: .milliseconds(100))
    try await one.hold(10)
    try await waiting
    #expect(budget.used == 80)
    one.end()
    other.end()
    stranger.end()
    #expect(budget.used == 0)
  }

  @Test("The feed reads the log once for all its streams, and sends each event to each")
  func feed() async throws {
    let log = Mutex<(size: Int64, reads: Int)>((10, 0))
    let feed = LogFeed { from, limit in
      log.withLock { log in
        log.reads += 1
        guard from.rawValue < log.size else { return [] }
        return (from..<min(Position(rawValue: log.size), from.advanced(by: limit))).map {
          .init(position: $0, json: [1])
        }
      }
    }
    try await withThrowingTaskGroup { group in
      for index in 0..<200 {
        group.addTask {
          var seen: [Position] = []
          let stream = LogFeed.Stream(feed: feed, from: Position(rawValue: Int64(index % 20)))
          for try await item in stream {
            guard let item else { continue }
            seen.append(item.position)
            if item.position == 1999 { break }
          }
          #expect(seen == Array(Position(rawValue: Int64(index % 20))..<2000))
        }
      }
      let deadline = ContinuousClock.now + .seconds(60)
      while await feed.waitingStreams < 200, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(20))
      }
      try #require(await feed.waitingStreams == 200)
      let before = log.withLock { $0.reads }
      try await Task.sleep(for: .seconds(1))
      let idle = log.withLock { $0.reads } - before
      #expect(idle <= 20, "two hundred idle streams cost \(idle) reads a second")
      for _ in 0..<20 {
        log.withLock { $0.size += 100 }
        try await Task.sleep(for: .milliseconds(20))
      }
      log.withLock { $0.size = 2000 }
      try await group.waitForAll()
    }
  }

  @Test("A stopped feed ends its streams at once, and a cancelled stream is removed")
  func feedStops() async throws {
    let feed = LogFeed { _, _ in [] }
    let cancelled = Task { for try await _ in LogFeed.Stream(feed: feed, from: 0) {} }
    let streams = (0..<20).map { _ in
      Task {
        for try await _ in LogFeed.Stream(feed: feed, from: Position(rawValue: JSONLimit.max)) {}
      }
    }
    try await Task.sleep(for: .milliseconds(300))
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    let start = ContinuousClock.now
    await feed.stop()
    for stream in streams { try await stream.value }
    #expect(ContinuousClock.now - start < .seconds(1))
  }

  private enum JSONLimit { static let max: Int64 = 9_007_199_254_740_991 }
}
