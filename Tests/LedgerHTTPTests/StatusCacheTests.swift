import LedgerDomain
import Synchronization
import Testing
import TransparencyLog

@testable import LedgerHTTP
@testable import LedgerStore

@Suite("Cache of statuses")
struct StatusCacheTests {
  /// The projections that a cache reads: their version, and how often a status was read from them.
  private final class Projections: Sendable {
    struct State {
      var size: TreeSize = 1
      var reads = 0
      var until: Timestamp?
      /// Whether the projections change while a status is read.
      var isMoving = false
    }

    let state = Mutex(State())
    let time = Mutex(Timestamp(microseconds: 0))

    func version() -> ProjectionVersion {
      state.withLock { ProjectionVersion(size: $0.size, projected: $0.size, table: 1) }
    }

    func read() -> StatusCache.Answer {
      state.withLock {
        $0.reads += 1
        if $0.isMoving { $0.size = $0.size.next }
        return StatusCache.Answer(bytes: [UInt8(truncatingIfNeeded: $0.reads)], until: $0.until)
      }
    }

    func cache() -> StatusCache {
      StatusCache(
        clock: { self.time.withLock { $0 } }, version: { self.version() },
        status: { _ in self.read() })
    }
  }

  @Test("A status is read once for each version of the projections")
  func versions() async throws {
    let projections = Projections()
    let cache = projections.cache()
    #expect(try await cache.status("a") == [1])
    #expect(try await cache.status("a") == [1])
    #expect(try await cache.status("b") == [2])
    projections.state.withLock { $0.size = $0.size.next }
    #expect(try await cache.status("a") == [3])
    #expect(try await cache.status("b") == [4])
    #expect(try await cache.status("a") == [3])
  }

  @Test("A status that time changes is read again at that time")
  func expiry() async throws {
    let projections = Projections()
    projections.state.withLock { $0.until = Timestamp(microseconds: 10) }
    let cache = projections.cache()
    #expect(try await cache.status("a") == [1])
    projections.time.withLock { $0 = Timestamp(microseconds: 9) }
    #expect(try await cache.status("a") == [1])
    projections.time.withLock { $0 = Timestamp(microseconds: 10) }
    #expect(try await cache.status("a") == [2])
  }

  @Test("A status that was read while the projections changed is not cached")
  func race() async throws {
    let projections = Projections()
    projections.state.withLock { $0.isMoving = true }
    let cache = projections.cache()
    #expect(try await cache.status("a") == [1])
    #expect(try await cache.status("a") == [2])
    projections.state.withLock { $0.isMoving = false }
    #expect(try await cache.status("a") == [3])
    #expect(try await cache.status("a") == [3])
  }
}
