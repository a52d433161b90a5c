import CanonicalJSON
import LedgerDomain
import LedgerService
import LedgerStore

/// Distributes new events of the log to all streams.
///
/// While at least one stream waits, one task polls the log and caches the newest events. A stream that is further
/// behind than the cache reads the log itself, page by page, until it has caught up.
actor LogFeed {
  /// An event of the log, encoded once for all streams.
  struct Event: Sendable {
    let position: Position
    /// The event as canonical JSON.
    let json: [UInt8]
    /// What filters ask of the event.
    var facts = EventFacts(.null)
  }

  /// The events from a position on, each once and in order. After fifteen seconds without an event the sequence
  /// yields `nil`. It ends when the feed stops.
  struct Stream: AsyncSequence, Sendable {
    let feed: LogFeed
    let from: Position

    struct AsyncIterator: AsyncIteratorProtocol {
      let feed: LogFeed
      var from: Position
      var pending: ArraySlice<Event> = []

      mutating func next() async throws -> Event?? {
        if pending.isEmpty {
          guard let events = try await feed.next(from: from, timeout: .seconds(15)) else {
            return nil
          }
          pending = events[...]
        }
        guard let event = pending.popFirst() else { return .some(nil) }
        from = event.position.next
        return event
      }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(feed: feed, from: from) }
  }

  private struct Waiter {
    let from: Position
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<[Event], Never>
  }

  /// How often the log is polled while a stream waits.
  private static let interval: Duration = .milliseconds(100)
  /// The largest number of events that one read returns.
  static let pageSize = 100
  private static let maxRecent = 512
  private static let maxRecentBytes = 4 << 20

  private let read: @Sendable (_ from: Position, _ limit: Int) async throws -> [Event]
  private var recent: [Event] = []
  private var recentBytes = 0
  private var waiters: [UInt64: Waiter] = [:]
  private var lastID: UInt64 = 0
  private var poll: Task<Void, Never>?
  private var isStopped = false

  /// Makes a feed.
  ///
  /// - Parameter read: reads at most `limit` events from a position on, ascending by position.
  init(read: @escaping @Sendable (_ from: Position, _ limit: Int) async throws -> [Event]) {
    self.read = read
  }

  /// Makes a feed of a ledger's events.
  init(_ events: EventQueries) {
    self.init { from, limit in
      try await events.page(from: from, limit: limit).events.map {
        let json = try $0.json()
        return Event(
          position: $0.position, json: json.canonicalBytes(), facts: EventFacts(json))
      }
    }
  }

  /// The number of streams that wait for an event.
  var waitingStreams: Int { waiters.count }

  /// Returns the events from a position on.
  ///
  /// - Parameter from: a position, from 0 to 2^53 − 1.
  nonisolated func stream(from: Position) -> Stream { Stream(feed: self, from: from) }

  /// Returns the next events from a position on as soon as there are any.
  ///
  /// - Returns: an empty array after the timeout; `nil` if the feed has stopped.
  func next(from: Position, timeout: Duration) async throws -> [Event]? {
    let deadline = ContinuousClock.now + timeout
    if isStopped { return nil }
    if let events = cached(from: from) { return events }
    if recent.last.map({ from != $0.position.next }) ?? true {
      let events = try await read(from, Self.pageSize)
      if !events.isEmpty { return isStopped ? nil : events }
      // The polling task may have cached new events during the read.
      if let events = cached(from: from) { return events }
    }
    try Task.checkCancellation()
    let events = await wait(from: from, until: deadline)
    try Task.checkCancellation()
    return isStopped ? nil : events
  }

  /// Ends every stream.
  func stop() {
    isStopped = true
    poll?.cancel()
    for waiter in waiters.values { waiter.continuation.resume(returning: []) }
    waiters = [:]
  }

  private func cached(from: Position) -> [Event]? {
    guard let first = recent.first, let last = recent.last, from >= first.position,
      from <= last.position
    else { return nil }
    return Array(recent[first.position.distance(to: from)...].prefix(Self.pageSize))
  }

  private func wait(from: Position, until deadline: ContinuousClock.Instant) async -> [Event] {
    lastID &+= 1
    let id = lastID
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        guard !isStopped, !Task.isCancelled else {
          continuation.resume(returning: [])
          return
        }
        waiters[id] = Waiter(from: from, deadline: deadline, continuation: continuation)
        if poll == nil { poll = Task { await follow() } }
      }
    } onCancel: {
      Task { await self.dismiss(id) }
    }
  }

  private func dismiss(_ id: UInt64) {
    waiters.removeValue(forKey: id)?.continuation.resume(returning: [])
  }

  /// Polls the log while a stream waits.
  private func follow() async {
    while !Task.isCancelled, let lowest = waiters.values.map(\.from).min() {
      let from = recent.last.map { $0.position.next } ?? lowest
      // While the database cannot be reached, streams stay open without events.
      let events = (try? await read(from, Self.pageSize)) ?? []
      for event in events where event.position == (recent.last?.position ?? from.previous).next {
        cache(event)
      }
      answer()
      if events.count < Self.pageSize { try? await Task.sleep(for: Self.interval) }
    }
    // Without polling, the cache would miss events.
    recent = []
    recentBytes = 0
    poll = nil
    if !waiters.isEmpty, !isStopped { poll = Task { await follow() } }
  }

  private func cache(_ event: Event) {
    recent.append(event)
    recentBytes += event.json.count
    while recent.count > Self.maxRecent || (recentBytes > Self.maxRecentBytes && recent.count > 1) {
      recentBytes -= recent.removeFirst().json.count
    }
  }

  private func answer() {
    let now = ContinuousClock.now
    for (id, waiter) in waiters {
      let events = cached(from: waiter.from)
      // A stream that is behind the cache reads the log itself.
      let isBehind = recent.first.map { waiter.from < $0.position } ?? false
      guard events != nil || isBehind || now >= waiter.deadline else { continue }
      waiters[id] = nil
      waiter.continuation.resume(returning: events ?? [])
    }
  }
}
