/// Answers many requests of one kind with one query. Requests that arrive while a query runs share the
/// next one.
///
/// A request is served only by a query that started after it. When the server refuses a query, each of
/// its requests is tried alone, so that only the request which the server refuses fails.
actor QueryBatcher<Request: Sendable, Answer: Sendable> {
  private struct Waiting {
    let request: Request
    let continuation: CheckedContinuation<Answer, any Error>
  }

  private let limit: Int
  private let ask: @Sendable ([Request]) async throws -> [Answer]
  private var queue: [Waiting] = []
  private var isAsking = false

  /// - Parameters:
  ///   - limit: the largest number of requests of one query.
  ///   - ask: returns one answer for each request, in their order.
  init(limit: Int = 256, _ ask: @escaping @Sendable ([Request]) async throws -> [Answer]) {
    self.limit = limit
    self.ask = ask
  }

  /// The answer to a request.
  func answer(_ request: Request) async throws -> Answer {
    try Task.checkCancellation()
    return try await withCheckedThrowingContinuation { continuation in
      queue.append(Waiting(request: request, continuation: continuation))
      guard !isAsking else { return }
      isAsking = true
      Task { await serveQueue() }
    }
  }

  private func serveQueue() async {
    while !queue.isEmpty {
      let served = Array(queue.prefix(limit))
      queue.removeFirst(served.count)
      await serve(served)
    }
    isAsking = false
  }

  private func serve(_ served: [Waiting]) async {
    do {
      let answers = try await ask(served.map(\.request))
      guard answers.count == served.count else {
        throw LedgerStoreError(
          .database, "\(answers.count) answers to \(served.count) requests")
      }
      for (one, answer) in zip(served, answers) { one.continuation.resume(returning: answer) }
    } catch {
      guard served.count > 1, (error as? LedgerStoreError)?.isServerError == true else {
        for one in served { one.continuation.resume(throwing: error) }
        return
      }
      for one in served { await serve([one]) }
    }
  }
}
