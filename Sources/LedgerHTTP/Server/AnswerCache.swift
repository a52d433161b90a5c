import CanonicalJSON
import CoreMetrics
import Encodings
import HTTPTypes
import LedgerDomain
import LedgerService
import LedgerStore

/// The state of a ledger that decides whether a cached answer is still right.
struct CacheValidity: Sendable {
  let clock: @Sendable () -> Timestamp
  /// Reads the version of the log and the projections.
  let version: @Sendable () async throws -> ProjectionVersion
  /// Whether the ledger holds a document. An erasure by another process changes no version.
  let holdsDocument: @Sendable (Digest) async throws -> Bool
}

extension CacheValidity {
  /// The state of a ledger.
  init(_ records: RecordQueries, clock: @escaping @Sendable () -> Timestamp) {
    self.init(
      clock: clock, version: { try await records.projectionVersion() },
      holdsDocument: { try await records.holdsDocument($0) })
  }
}

/// Counts the reads of a cache.
struct CacheMetrics: Sendable {
  let hits: Counter
  let misses: Counter

  init(_ cache: String, _ factory: any MetricsFactory) {
    func counter(_ result: String) -> Counter {
      Counter(
        label: "pithledger_cache_reads_total", dimensions: [("cache", cache), ("result", result)],
        factory: factory)
    }
    hits = counter("hit")
    misses = counter("miss")
  }
}

/// Caches encoded answers for as long as the ledger does not change.
///
/// Each read asks for the version of the projections first. The store answers reads that arrive at the same time
/// with one query, which starts after all of them.
actor AnswerCache<Value: Sendable> {
  /// An answer as it was read.
  struct Answer: Sendable {
    let value: Value
    /// When the passing of time alone changes the answer. `nil` if it does not.
    var until: Timestamp?
    /// The document from which the answer is made. `nil` if it is made from the log alone.
    var document: Digest?
    /// Whether the answer may be cached.
    var isCacheable = true
  }

  private struct Entry {
    let answer: Answer
    let version: ProjectionVersion
  }

  private let capacity: Int
  private let validity: CacheValidity
  private let metrics: CacheMetrics
  private var entries: [String: Entry] = [:]
  /// The version of the newest entry. Entries of other versions are of no use.
  private var version: ProjectionVersion?

  /// Makes an empty cache.
  ///
  /// - Parameter capacity: the largest number of answers.
  init(
    capacity: Int, validity: CacheValidity,
    metrics: CacheMetrics = CacheMetrics("none", NOOPMetricsHandler.instance)
  ) {
    self.metrics = metrics
    self.capacity = capacity
    self.validity = validity
  }

  /// Returns the answer for a key from the cache, or reads it.
  ///
  /// Errors: those of reading the version and the answer.
  func value(
    _ key: String, read: @Sendable () async throws -> Answer
  ) async throws -> Value {
    let now = validity.clock()
    let known = entries[key]
    async let isHeld = isHeld(known?.answer.document)
    let current = try await validity.version()
    if let known, known.version == current, known.answer.until.map({ now < $0 }) ?? true,
      try await isHeld
    {
      metrics.hits.increment()
      return known.answer.value
    }
    metrics.misses.increment()
    let answer = try await read()
    // The answer may be newer than `current`. Then it must not be cached under it.
    guard answer.isCacheable, try await validity.version() == current else { return answer.value }
    if current != version || entries.count >= capacity {
      version = current
      entries = [:]
    }
    entries[key] = Entry(answer: answer, version: current)
    return answer.value
  }

  private nonisolated func isHeld(_ document: Digest?) async throws -> Bool {
    guard let document else { return true }
    return try await validity.holdsDocument(document)
  }
}

/// A page that is sent as it is.
struct RenderedPage: Sendable {
  let html: TaggedBytes
  let headers: HTTPFields
}

/// The statuses of records, in canonical JSON.
typealias StatusCache = AnswerCache<TaggedBytes>
/// The pages of records.
typealias PageCache = AnswerCache<RenderedPage>

extension AnswerCache {
  /// The largest number of cached statuses.
  static var maxStatuses: Int { 20_000 }
  /// The largest number of cached pages, which have up to 200 kB.
  static var maxPages: Int { 500 }
}

extension StatusCache {
  /// Returns the encoded status of a record.
  ///
  /// Errors: those of reading the version and the status.
  func status(_ name: String, of records: RecordQueries) async throws -> TaggedBytes {
    try await value(name) {
      let status = try await records.status(name)
      return Answer(value: TaggedBytes(status.json.canonicalBytes()), until: status.validUntil)
    }
  }
}
