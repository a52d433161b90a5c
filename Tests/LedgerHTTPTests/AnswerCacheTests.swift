import Encodings
import LedgerDomain
import Synchronization
import Testing
import TransparencyLog

@testable import LedgerHTTP
@testable import LedgerStore

@Suite("Cache of answers")
struct AnswerCacheTests {
  /// A ledger as a cache sees it, and how often an answer was read from it.
  private final class FakeLedger: Sendable {
    struct State {
      var size: TreeSize = 1
      var reads = 0
      var until: Timestamp?
      /// Whether the projections change while an answer is read.
      var isMoving = false
      /// The document from which answers are made.
      var document: Digest?
      var holdsDocument = true
      var isCacheable = true
    }

    let state = Mutex(State())
    let time = Mutex(Timestamp(microseconds: 0))

    private func version() -> ProjectionVersion {
      state.withLock { ProjectionVersion(size: $0.size, projected: $0.size, table: 1) }
    }

    func read() -> AnswerCache<Int>.Answer {
      state.withLock {
        $0.reads += 1
        if $0.isMoving { $0.size = $0.size.next }
        return AnswerCache<Int>.Answer(
          value: $0.reads, until: $0.until, document: $0.document, isCacheable: $0.isCacheable)
      }
    }

    func cache(capacity: Int = 10) -> AnswerCache<Int> {
      AnswerCache(
        capacity: capacity,
        validity: CacheValidity(
          clock: { self.time.withLock { $0 } }, version: { self.version() },
          holdsDocument: { _ in self.state.withLock { $0.holdsDocument } }))
    }
  }

  @Test("An answer is read once for each version of the projections")
  func versions() async throws {
    let ledger = FakeLedger()
    let cache = ledger.cache()
    func value(_ key: String) async throws -> Int { try await cache.value(key) { ledger.read() } }
    #expect(try await value("a") == 1)
    #expect(try await value("a") == 1)
    #expect(try await value("b") == 2)
    ledger.state.withLock { $0.size = $0.size.next }
    #expect(try await value("a") == 3)
    #expect(try await value("b") == 4)
    #expect(try await value("a") == 3)
  }

  @Test("An answer that time changes is read again at that time")
  func expiry() async throws {
    let ledger = FakeLedger()
    ledger.state.withLock { $0.until = Timestamp(microseconds: 10) }
    let cache = ledger.cache()
    func value() async throws -> Int { try await cache.value("a") { ledger.read() } }
    #expect(try await value() == 1)
    ledger.time.withLock { $0 = Timestamp(microseconds: 9) }
    #expect(try await value() == 1)
    ledger.time.withLock { $0 = Timestamp(microseconds: 10) }
    #expect(try await value() == 2)
  }

  @Test("An answer that was read while the projections changed is not cached")
  func race() async throws {
    let ledger = FakeLedger()
    ledger.state.withLock { $0.isMoving = true }
    let cache = ledger.cache()
    func value() async throws -> Int { try await cache.value("a") { ledger.read() } }
    #expect(try await value() == 1)
    #expect(try await value() == 2)
    ledger.state.withLock { $0.isMoving = false }
    #expect(try await value() == 3)
    #expect(try await value() == 3)
  }

  @Test("An answer from a document that was erased since is read again")
  func erasure() async throws {
    let ledger = FakeLedger()
    ledger.state.withLock { $0.document = Digest(hashing: [1]) }
    let cache = ledger.cache()
    func value() async throws -> Int { try await cache.value("a") { ledger.read() } }
    #expect(try await value() == 1)
    #expect(try await value() == 1)
    ledger.state.withLock {
      $0.holdsDocument = false
      $0.document = nil
      $0.isCacheable = false
    }
    #expect(try await value() == 2)
    #expect(try await value() == 3)
  }

  @Test("A cache holds no more answers than its capacity")
  func capacity() async throws {
    let ledger = FakeLedger()
    let cache = ledger.cache(capacity: 2)
    func value(_ key: String) async throws -> Int { try await cache.value(key) { ledger.read() } }
    for key in ["a", "b"] { _ = try await value(key) }
    #expect(try await value("a") == 1)
    // The third answer takes the place of the others.
    #expect(try await value("c") == 3)
    #expect(try await value("a") == 4)
    #expect(try await value("c") == 3)
  }
}
