import CanonicalJSON
public import LedgerDomain

/// Cuts a stream of bytes into lines, whatever the sizes it arrives in.
///
/// Errors: a `Refusal` with check `line_size` for a line longer than the limit.
public struct LineSplitter: Sendable {
  private var line: [UInt8] = []
  private let limit: Int

  public init(limit: Int) { self.limit = limit }

  /// Bytes of the line that has begun.
  public var bufferedCount: Int { line.count }

  /// The lines that end in these bytes, without their ends; blank ones are left out.
  public mutating func feed(_ bytes: [UInt8]) throws(Refusal) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0A) {
      try add(rest[..<end])
      if let line = take() { lines.append(line) }
      rest = rest[(end + 1)...]
    }
    try add(rest)
    return lines
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>) throws(Refusal) {
    guard line.count + bytes.count <= limit else {
      throw Refusal(.tooLarge, check: "line_size", "A line has at most \(limit) bytes.")
    }
    line += bytes
  }

  /// What is left after the last end of a line.
  public mutating func finish() -> [UInt8]? { take() }

  private mutating func take() -> [UInt8]? {
    defer { line.removeAll(keepingCapacity: true) }
    return line.contains { $0 > 0x20 } ? line : nil
  }
}

extension Ledger {
  /// What became of one line.
  public typealias LineAnswer = Result<SubmissionAnswer, any Error>

  /// What the lines of a bulk submission are.
  public enum LineKind: Sendable { case documents, events, either }

  /// Takes lines as `submit` and `importDocument` take one, many at a time, and answers each in the
  /// order they came.
  ///
  /// A line that may depend on an earlier one (on a key, on an event it names, on the same slot or
  /// record) waits for it. At most 256 lines are under way or unread by whoever takes the answers, so
  /// memory stays flat.
  public func takeLines<Lines: AsyncSequence & Sendable>(
    _ lines: Lines, _ kind: LineKind, client: ClientID, operatorAuthorised: Bool
  ) -> AsyncThrowingStream<LineAnswer, any Error> where Lines.Element == [UInt8] {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: LineAnswer.self)
    let lanes = SubmissionScheduler(continuation)
    let producer = Task {
      do {
        // Discarding: a group that keeps what ended would grow with the lines.
        try await withThrowingDiscardingTaskGroup { group in
          var index = 0
          for try await line in lines {
            let work = self.work(line, kind, client, operatorAuthorised)
            try await lanes.enter(work.lane)
            let number = index
            group.addTask {
              let answer: LineAnswer
              do { answer = .success(try await work.run()) } catch { answer = .failure(error) }
              await lanes.finish(number, work.lane, answer)
            }
            index += 1
          }
        }
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { _ in
      producer.cancel()
      Task { await lanes.stop() }
    }
    return AsyncThrowingStream {
      var iterator = stream.makeAsyncIterator()
      let answer = try await iterator.next()
      await lanes.taken()
      return answer
    }
  }

  private struct LineWork: Sendable {
    let lane: SubmissionScheduler.Lane
    let run: @Sendable () async throws -> SubmissionAnswer
  }

  private func work(
    _ line: [UInt8], _ kind: LineKind, _ client: ClientID, _ operatorAuthorised: Bool
  ) -> LineWork {
    do throws(Refusal) {
      if kind == .documents || (kind == .either && !Self.looksLikeEvent(line)) {
        let document = try documents.parse(line)
        return LineWork(lane: .named("\(document.canonical.pithNumber)")) {
          try await self.importDocument(
            document, client: client, operatorAuthorised: operatorAuthorised)
        }
      }
      let limits = JSONLimits(maxBytes: configuration.limits.submissionBytes, maxDepth: 64)
      guard case .signed(let event, let evidence) = try SubmissionParser.parse(line, limits: limits)
      else {
        throw Refusal(
          .malformed, check: "signature", field: "signature",
          "An event sent here is signed. A bare payload goes to /pith/{id}/action/{event_type}.")
      }
      return LineWork(lane: Self.lane(of: event)) {
        try await self.submit(
          event, evidence: evidence, client: client, operatorAuthorised: operatorAuthorised)
      }
    } catch {
      return LineWork(lane: .free) { throw error }
    }
  }

  private static func looksLikeEvent(_ line: [UInt8]) -> Bool {
    let limits = JSONLimits(maxBytes: line.count, maxDepth: 64)
    return (try? JSON.parse(line, limits: limits))?["event_type"] != nil
  }

  private static func lane(of event: SignedEvent) -> SubmissionScheduler.Lane {
    guard event.body.type.isAttestation, event.body.referencedEventID == nil else { return .alone }
    let columns = event.foldEvent(
      .signedOnly(at: event.body.createdAt), position: 0, record: 0, referenced: nil)
    // A group holds everything that can change the standing of what is in it.
    return columns.foldGroup.map { .named("\(event.body.subject.text) \($0)") } ?? .alone
  }
}

/// Who may run beside whom, and in which order the answers leave.
private actor SubmissionScheduler {
  enum Lane: Sendable {
    /// Beside everything.
    case free
    /// Beside all but those of the same name.
    case named(String)
    /// After all before, and before all after.
    case alone
  }

  static let limit = 256

  private let continuation: AsyncThrowingStream<Ledger.LineAnswer, any Error>.Continuation
  private var busy: Set<String> = []
  private var isClosedOff = false
  private var running = 0
  private var unread = 0
  private var finished: [Int: Ledger.LineAnswer] = [:]
  private var next = 0
  private var waiter: CheckedContinuation<Void, Never>?
  private var isStopped = false

  init(_ continuation: AsyncThrowingStream<Ledger.LineAnswer, any Error>.Continuation) {
    self.continuation = continuation
  }

  /// Waits for a place; there is one caller.
  func enter(_ lane: Lane) async throws {
    while !isStopped, !mayRun(lane) { await withCheckedContinuation { waiter = $0 } }
    if isStopped { throw CancellationError() }
    running += 1
    unread += 1
    switch lane {
    case .free: break
    case .named(let name): busy.insert(name)
    case .alone: isClosedOff = true
    }
  }

  private func mayRun(_ lane: Lane) -> Bool {
    guard unread < Self.limit, !isClosedOff else { return false }
    return switch lane {
    case .free: true
    case .named(let name): !busy.contains(name)
    case .alone: running == 0
    }
  }

  func finish(_ index: Int, _ lane: Lane, _ answer: Ledger.LineAnswer) {
    running -= 1
    switch lane {
    case .free: break
    case .named(let name): busy.remove(name)
    case .alone: isClosedOff = false
    }
    finished[index] = answer
    while let answer = finished.removeValue(forKey: next) {
      continuation.yield(answer)
      next += 1
    }
    wake()
  }

  /// Whoever reads the answers took one.
  func taken() {
    unread -= 1
    wake()
  }

  func stop() {
    isStopped = true
    wake()
  }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }
}
