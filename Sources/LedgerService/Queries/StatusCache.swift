import LedgerDomain
import LedgerStore

/// Answers about status as long as nothing changed, asking the database whether it did for all that
/// read at the same time together.
///
/// Nobody is answered from before their question: a look at the version counts only for those who came
/// before it began.
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
  private var waiting: [CheckedContinuation<ProjectionVersion, any Error>] = []
  private var isLooking = false

  init(store: LedgerStore) { self.store = store }

  /// The answer for a name; `make` reads it where it is not known, or not any more.
  func answer(
    for name: String, at now: Timestamp, make: @Sendable () async throws -> Answer
  ) async throws -> [UInt8] {
    let seen = try await look()
    if seen == version, let known = answers[name], known.until.map({ now < $0 }) ?? true {
      return known.bytes
    }
    let answer = try await make()
    // Read after the look, it may be newer than what was seen, and then it is not what others see.
    guard try await look() == seen else { return answer.bytes }
    if seen != version || answers.count >= Self.capacity {
      version = seen
      answers = [:]
    }
    answers[name] = answer
    return answer.bytes
  }

  private func look() async throws -> ProjectionVersion {
    try await withCheckedThrowingContinuation { continuation in
      waiting.append(continuation)
      guard !isLooking else { return }
      isLooking = true
      Task { await serve() }
    }
  }

  private func serve() async {
    while !waiting.isEmpty {
      let served = waiting
      waiting = []
      do {
        let version = try await store.projections.version()
        for one in served { one.resume(returning: version) }
      } catch {
        for one in served { one.resume(throwing: error) }
      }
    }
    isLooking = false
  }
}
