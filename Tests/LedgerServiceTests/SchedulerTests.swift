import Encodings
import LedgerDomain
import Testing

@testable import LedgerService

@Suite("Which submissions run at the same time")
struct SchedulerTests {
  private func answer(_ position: Position) -> BulkSubmitter.LineAnswer {
    let answer = SubmissionAnswer(
      created: true, eventID: Digest(hashing: []), position: position,
      recordedAt: Timestamp(microseconds: 0), standing: "recorded", reason: nil, pithNumber: nil,
      verificationStatus: nil, eventSummary: nil, receipt: nil)
    return BulkSubmitter.LineAnswer(line: 1, result: .success(answer))
  }

  /// Whether a line may run while other lines are running.
  private func mayEnter(
    _ lane: SubmissionScheduler.Lane, beside others: [SubmissionScheduler.Lane]
  ) async throws -> Bool {
    let (_, continuation) = AsyncThrowingStream.makeStream(of: BulkSubmitter.LineAnswer.self)
    let scheduler = SubmissionScheduler(continuation)
    for other in others { try await scheduler.enter(other) }
    let entering = Task { try await scheduler.enter(lane) }
    for _ in 0..<100 { await Task.yield() }
    // The stop ends a waiting line and does not affect a running one.
    await scheduler.stop()
    do {
      try await entering.value
      return true
    } catch is CancellationError { return false }
  }

  @Test("Lines of one lane wait for each other, and an exclusive line waits for all")
  func lanes() async throws {
    #expect(try await mayEnter(.free, beside: [.free, .named("a")]))
    #expect(try await mayEnter(.named("b"), beside: [.free, .named("a")]))
    #expect(try await !mayEnter(.named("a"), beside: [.named("a")]))
    #expect(try await !mayEnter(.alone, beside: [.free]))
    #expect(try await mayEnter(.alone, beside: []))
    #expect(try await !mayEnter(.free, beside: [.alone]))
  }

  @Test("No more lines run than the limit")
  func limit() async throws {
    let full = [SubmissionScheduler.Lane](repeating: .free, count: SubmissionScheduler.limit)
    #expect(try await !mayEnter(.free, beside: full))
    #expect(try await mayEnter(.free, beside: Array(full.dropLast())))
  }

  @Test("Answers are released in the order of the lines")
  func order() async throws {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: BulkSubmitter.LineAnswer.self)
    let scheduler = SubmissionScheduler(continuation)
    for _ in 0..<3 { try await scheduler.enter(.free) }
    for index in [2, 0, 1] {
      await scheduler.finish(index, .free, answer(Position(rawValue: Int64(index))))
    }
    continuation.finish()
    var positions: [Position] = []
    for try await answer in stream { positions.append(try answer.result.get().position) }
    #expect(positions == [0, 1, 2])
  }

  @Test("A keyed mutex admits one task for each key, also after an error")
  func keyedMutex() async throws {
    struct Failure: Error {}
    let mutex = KeyedMutex<Int>()
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<60 {
        group.addTask {
          try? await mutex.withLock(index % 3) {
            await counter.enter(index % 3)
            await Task.yield()
            await counter.leave(index % 3)
            if index.isMultiple(of: 5) { throw Failure() }
          }
        }
      }
    }
    #expect(await counter.highest == 1)
    #expect(await counter.entered == 60)
  }

  /// Counts the tasks that hold the mutex of a key.
  private actor Counter {
    private var holders: [Int: Int] = [:]
    private(set) var highest = 0
    private(set) var entered = 0

    func enter(_ key: Int) {
      entered += 1
      holders[key, default: 0] += 1
      highest = max(highest, holders[key, default: 0])
    }

    func leave(_ key: Int) { holders[key, default: 0] -= 1 }
  }
}
