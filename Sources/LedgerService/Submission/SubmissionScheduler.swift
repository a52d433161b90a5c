/// Decides which lines of a bulk submission may run at the same time, and releases the answers in order.
actor SubmissionScheduler {
  /// The lines that may run at the same time as a line.
  enum Lane: Sendable {
    /// Any other line.
    case free
    /// Any line except those with the same name.
    case named(String)
    /// No other line: it runs after all earlier lines and before all later ones.
    case alone
  }

  /// How many lines may be running or have an answer that is not read yet.
  static let limit = 256

  private let continuation: AsyncThrowingStream<BulkSubmitter.LineAnswer, any Error>.Continuation
  private var busy: Set<String> = []
  private var isExclusive = false
  private var running = 0
  private var unread = 0
  private var finished: [Int: BulkSubmitter.LineAnswer] = [:]
  private var next = 0
  private var waiter: CheckedContinuation<Void, Never>?
  private var isStopped = false

  init(_ continuation: AsyncThrowingStream<BulkSubmitter.LineAnswer, any Error>.Continuation) {
    self.continuation = continuation
  }

  /// Waits until a line may run. Has one caller at a time.
  ///
  /// Errors: `CancellationError` after ``stop()``.
  func enter(_ lane: Lane) async throws {
    while !isStopped, !mayRun(lane) { await withCheckedContinuation { waiter = $0 } }
    if isStopped { throw CancellationError() }
    running += 1
    unread += 1
    switch lane {
    case .free: break
    case .named(let name): busy.insert(name)
    case .alone: isExclusive = true
    }
  }

  private func mayRun(_ lane: Lane) -> Bool {
    guard unread < Self.limit, !isExclusive else { return false }
    return switch lane {
    case .free: true
    case .named(let name): !busy.contains(name)
    case .alone: running == 0
    }
  }

  /// Releases a line's lane, and the answers that are next in order.
  func finish(_ index: Int, _ lane: Lane, _ answer: BulkSubmitter.LineAnswer) {
    running -= 1
    switch lane {
    case .free: break
    case .named(let name): busy.remove(name)
    case .alone: isExclusive = false
    }
    finished[index] = answer
    while let answer = finished.removeValue(forKey: next) {
      continuation.yield(answer)
      next += 1
    }
    wake()
  }

  /// Notes that the reader took one answer.
  func answerRead() {
    unread -= 1
    wake()
  }

  /// Lets no further line run.
  func stop() {
    isStopped = true
    wake()
  }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }
}
