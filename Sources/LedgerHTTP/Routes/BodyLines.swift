import Hummingbird
import LedgerService
import NIOCore
import Synchronization

/// The lines of a request's body, read on demand.
struct BodyLines: AsyncSequence, Sendable {
  let body: RequestBody
  /// The largest number of bytes of a line.
  let limit: Int
  let window: LineWindow

  struct AsyncIterator: AsyncIteratorProtocol {
    var buffers: RequestBody.AsyncIterator
    var splitter: LineSplitter
    let window: LineWindow
    var lines: ArraySlice<NumberedLine> = []
    var isFinished = false

    mutating func next(isolation actor: isolated (any Actor)?) async throws -> NumberedLine? {
      while lines.isEmpty, !isFinished {
        if let buffer = try await buffers.next(isolation: actor) {
          lines = try splitter.feed(Array(buffer.readableBytesView))[...]
        } else {
          isFinished = true
          lines = splitter.finish().map { [$0] } ?? []
        }
        try await window.add(lines: lines.map(\.bytes.count), partial: splitter.bufferedCount)
      }
      return lines.popFirst()
    }

    mutating func next() async throws -> NumberedLine? { try await next(isolation: #isolation) }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(
      buffers: body.makeAsyncIterator(), splitter: LineSplitter(limit: limit), window: window)
  }
}

/// The memory of a bulk submission: the lines without an answer, and the line that is incomplete.
final class LineWindow: Sendable {
  private struct State {
    var unanswered = CircularBuffer<Int>()
    /// The sum of `unanswered`.
    var complete = 0
    var partial = 0
    var total: Int { complete + partial }
  }

  private let state = Mutex(State())
  private let lease: BodyBudget.Lease

  init(_ lease: BodyBudget.Lease) { self.lease = lease }

  /// Counts lines that arrived.
  ///
  /// - Parameters:
  ///   - lines: their sizes in bytes.
  ///   - partial: the bytes of the line that is incomplete.
  ///
  /// Errors: `unavailable` if the service lacks memory.
  func add(lines: [Int], partial: Int) async throws {
    let total = state.withLock { state in
      state.unanswered.append(contentsOf: lines)
      state.complete += lines.reduce(0, +)
      state.partial = partial
      return state.total
    }
    try await lease.hold(total)
  }

  /// Removes the oldest line, which is answered.
  func answered() async throws {
    let total = state.withLock { state in
      state.complete -= state.unanswered.popFirst() ?? 0
      return state.total
    }
    try await lease.hold(total)
  }
}
