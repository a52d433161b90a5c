import PostgresClient

/// Answers many requests of one kind with one query: what comes while a query is under way goes together
/// into the next, as appends do.
///
/// Nobody is answered from before their question. An error of the server's is tried again one by one, so
/// that a request which the server refuses fails alone.
actor QueryBatcher<Request: Sendable, Answer: Sendable> {
  private struct Waiting {
    let request: Request
    let continuation: CheckedContinuation<Answer, any Error>
  }

  /// Requests in one query at most.
  static var limit: Int { 256 }

  private let ask: @Sendable ([Request]) async throws -> [Answer]
  private var queue: [Waiting] = []
  private var isAsking = false

  /// - Parameter ask: one answer for each request, in their order.
  init(_ ask: @escaping @Sendable ([Request]) async throws -> [Answer]) { self.ask = ask }

  func answer(_ request: Request) async throws -> Answer {
    try Task.checkCancellation()
    return try await withCheckedThrowingContinuation { continuation in
      queue.append(Waiting(request: request, continuation: continuation))
      guard !isAsking else { return }
      isAsking = true
      Task { await serve() }
    }
  }

  private func serve() async {
    while !queue.isEmpty {
      let served = Array(queue.prefix(Self.limit))
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
