import LedgerDomain
import LedgerStore

/// Caches answers about status while the log and the projections have the same version.
///
/// Every answer follows a query of the version that starts after the request. Requests at the same time share it.
actor StatusCache {
  struct Answer: Sendable {
    let bytes: [UInt8]
    /// When the mere passing of time changes it.
    let until: Timestamp?
  }

  static let capacity = 20_000

  private let store: LedgerStore
  private var version: ProjectionVersion?
  private var answers: [String: Answer] = [:]

  init(store: LedgerStore) { self.store = store }

  /// The answer for a name; `make` reads it where it is not known, or not any more.
  func answer(
    for name: String, at now: Timestamp, make: @Sendable () async throws -> Answer
  ) async throws -> [UInt8] {
    let seen = try await store.projections.version()
    if seen == version, let known = answers[name], known.until.map({ now < $0 }) ?? true {
      return known.bytes
    }
    let answer = try await make()
    // The answer may be newer than the version that was seen. Then it must not be cached for that version.
    guard try await store.projections.version() == seen else { return answer.bytes }
    if seen != version || answers.count >= Self.capacity {
      version = seen
      answers = [:]
    }
    answers[name] = answer
    return answer.bytes
  }
}
