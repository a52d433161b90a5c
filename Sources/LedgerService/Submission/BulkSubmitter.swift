import CanonicalJSON
import LedgerDomain

/// Takes many submissions, one per line, several at the same time.
public final class BulkSubmitter: Sendable {
  /// The result of one line.
  public struct LineAnswer: Sendable {
    /// The number of the line, counted from 1.
    public let line: Int
    /// The answer, or the error with which the line was refused.
    public let result: Result<SubmissionAnswer, any Error>

    /// Makes the result of a line.
    public init(line: Int, result: Result<SubmissionAnswer, any Error>) {
      self.line = line
      self.result = result
    }
  }

  /// The kind of submissions that the lines contain: record documents, signed events, or both.
  public enum LineKind: Sendable { case documents, events, either }

  let submitter: Submitter
  let importer: DocumentImporter
  let documents: RecordDocuments
  let limits: LedgerConfiguration.Limits

  init(
    submitter: Submitter, importer: DocumentImporter, documents: RecordDocuments,
    limits: LedgerConfiguration.Limits
  ) {
    self.submitter = submitter
    self.importer = importer
    self.documents = documents
    self.limits = limits
  }

  /// Submits each line with ``Submitter`` or ``DocumentImporter``, and answers in the order of the lines.
  ///
  /// A line that may depend on an earlier one (same key, event, slot or record) runs after it. At most
  /// 256 lines are running or have an answer that is not read yet, so that memory use is bounded.
  public func submit<Lines: AsyncSequence & Sendable>(
    _ lines: Lines, _ kind: LineKind, client: ClientID, operatorAuthorised: Bool
  ) -> AsyncThrowingStream<LineAnswer, any Error> where Lines.Element == NumberedLine {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: LineAnswer.self)
    let scheduler = SubmissionScheduler(continuation)
    let producer = Task {
      do {
        try await run(scheduler, lines) { work(on: $0, kind, client, operatorAuthorised) }
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { _ in
      producer.cancel()
      Task { await scheduler.stop() }
    }
    return AsyncThrowingStream {
      var iterator = stream.makeAsyncIterator()
      let answer = try await iterator.next()
      await scheduler.answerRead()
      return answer
    }
  }

  private func run<Lines: AsyncSequence & Sendable>(
    _ scheduler: SubmissionScheduler, _ lines: Lines, _ work: ([UInt8]) -> LineWork
  ) async throws where Lines.Element == NumberedLine {
    // A discarding group does not keep the results of its tasks.
    try await withThrowingDiscardingTaskGroup { group in
      var index = 0
      for try await line in lines {
        let work = work(line.bytes)
        try await scheduler.enter(work.lane)
        let (order, number) = (index, line.number)
        group.addTask {
          let result: Result<SubmissionAnswer, any Error>
          do { result = .success(try await work.run()) } catch { result = .failure(error) }
          await scheduler.finish(order, work.lane, LineAnswer(line: number, result: result))
        }
        index += 1
      }
    }
  }

  private struct LineWork: Sendable {
    let lane: SubmissionScheduler.Lane
    let run: @Sendable () async throws -> SubmissionAnswer
  }

  private func work(
    on line: [UInt8], _ kind: LineKind, _ client: ClientID, _ operatorAuthorised: Bool
  ) -> LineWork {
    do throws(Refusal) {
      if kind == .documents || (kind == .either && !Self.looksLikeEvent(line)) {
        let document = try documents.parse(line)
        return LineWork(lane: .named("\(document.canonical.pithNumber)")) {
          try await self.importer.importDocument(
            document, client: client, operatorAuthorised: operatorAuthorised)
        }
      }
      guard
        case .signed(let event, let evidence) = try SubmissionParser.parse(
          line, limits: limits.submission)
      else { throw Submitter.unsigned }
      return LineWork(lane: Self.lane(of: event)) {
        try await self.submitter.submit(
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
      .signedOnly(at: event.body.createdAt), position: .first, record: RecordID(createdAt: .first),
      referenced: nil)
    // Only events of the same group change each other's standing.
    return columns.foldGroup.map { .named("\(event.body.subject.text) \($0)") } ?? .alone
  }
}
