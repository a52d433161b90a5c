import CanonicalJSON
import LedgerDomain
import LedgerService
import LedgerStore

/// Caches encoded statuses for as long as the projections do not change.
///
/// Each read asks for the version of the projections first. The store answers reads that arrive at the same time
/// with one query, which starts after all of them.
actor StatusCache {
  /// The encoded status of a record.
  struct Answer: Sendable {
    let bytes: [UInt8]
    /// When the passing of time alone changes the status. `nil` if it does not.
    let until: Timestamp?
  }

  /// The largest number of cached answers.
  static let capacity = 20_000

  private let readVersion: @Sendable () async throws -> ProjectionVersion
  private let readStatus: @Sendable (_ name: String) async throws -> Answer
  private let clock: @Sendable () -> Timestamp
  private var version: ProjectionVersion?
  private var answers: [String: Answer] = [:]

  /// Makes a cache.
  ///
  /// - Parameters:
  ///   - version: reads the version of the projections.
  ///   - status: reads and encodes the status of a record, by a name of it.
  init(
    clock: @escaping @Sendable () -> Timestamp,
    version: @escaping @Sendable () async throws -> ProjectionVersion,
    status: @escaping @Sendable (_ name: String) async throws -> Answer
  ) {
    self.clock = clock
    readVersion = version
    readStatus = status
  }

  /// Makes a cache of a ledger's statuses in canonical JSON.
  init(_ records: RecordQueries, clock: @escaping @Sendable () -> Timestamp) {
    self.init(
      clock: clock, version: { try await records.projectionVersion() },
      status: { name in
        let status = try await records.status(name)
        return Answer(bytes: status.json.canonicalBytes(), until: status.validUntil)
      })
  }

  /// Returns the encoded status of a record.
  ///
  /// Errors: those of reading the version and the status.
  func status(_ name: String) async throws -> [UInt8] {
    let now = clock()
    let current = try await readVersion()
    if current == version, let known = answers[name], known.until.map({ now < $0 }) ?? true {
      return known.bytes
    }
    let answer = try await readStatus(name)
    // The status may be newer than `current`. Then it must not be cached under it.
    guard try await readVersion() == current else { return answer.bytes }
    if current != version || answers.count >= Self.capacity {
      version = current
      answers = [:]
    }
    answers[name] = answer
    return answer.bytes
  }
}
