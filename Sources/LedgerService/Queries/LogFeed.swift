public import LedgerDomain
import LedgerStore

/// The log as it grows, read once for all streams.
///
/// One task reads what is new, while somebody waits for it, and keeps the newest events. A stream that is
/// further behind reads the log itself, page by page, until it has caught up.
public actor LogFeed {
  /// An event of the log as a stream hands it over.
  public struct Event: Sendable {
    public let position: Position
    public let json: [UInt8]
  }

  /// The log as it grows, each event once and in order, and `nil` every fifteen idle seconds.
  ///
  /// It ends when the ledger ends its streams.
  public struct Stream: AsyncSequence, Sendable {
    let feed: LogFeed
    let from: Position

    public struct AsyncIterator: AsyncIteratorProtocol {
      let feed: LogFeed
      var from: Position
      var pending: ArraySlice<Event> = []

      public mutating func next() async throws -> Event?? {
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

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(feed: feed, from: from) }
  }

  private struct Waiter {
    let from: Position
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<[Event], Never>
  }

  /// How often the log is looked at while somebody waits.
  private static let interval: Duration = .milliseconds(100)
  /// Events in one answer.
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

  /// - Parameter read: the events from a position on, in their order.
  init(read: @escaping @Sendable (_ from: Position, _ limit: Int) async throws -> [Event]) {
    self.read = read
  }

  /// The stream of events from a position on.
  ///
  /// - Parameter from: a position, from 0 to 2^53 − 1.
  public nonisolated func stream(from: Position) -> Stream { Stream(feed: self, from: from) }

  /// The next events from a position on: as soon as there are some, or none after the timeout; `nil` once the
  /// feed has stopped.
  func next(from: Position, timeout: Duration) async throws -> [Event]? {
    let deadline = ContinuousClock.now + timeout
    if isStopped { return nil }
    if let events = kept(from: from) { return events }
    if recent.last.map({ from != $0.position.next }) ?? true {
      let events = try await read(from, Self.pageSize)
      if !events.isEmpty { return isStopped ? nil : events }
      // What came while the log was read may be here already.
      if let events = kept(from: from) { return events }
    }
    try Task.checkCancellation()
    let events = await wait(from: from, until: deadline)
    try Task.checkCancellation()
    return isStopped ? nil : events
  }

  /// Ends every stream.
  public func stop() {
    isStopped = true
    poll?.cancel()
    for waiter in waiters.values { waiter.continuation.resume(returning: []) }
    waiters = [:]
  }

  private func kept(from: Position) -> [Event]? {
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

  /// Looks for new events while somebody waits.
  private func follow() async {
    while !Task.isCancelled, let lowest = waiters.values.map(\.from).min() {
      let from = recent.last.map { $0.position.next } ?? lowest
      // While the database cannot be reached, streams stay open and hear nothing.
      let events = (try? await read(from, Self.pageSize)) ?? []
      for event in events where event.position == (recent.last?.position ?? from.previous).next {
        keep(event)
      }
      answer()
      if events.count < Self.pageSize { try? await Task.sleep(for: Self.interval) }
    }
    // What is kept would have a gap once somebody comes again.
    recent = []
    recentBytes = 0
    poll = nil
    if !waiters.isEmpty, !isStopped { poll = Task { await follow() } }
  }

  private func keep(_ event: Event) {
    recent.append(event)
    recentBytes += event.json.count
    while recent.count > Self.maxRecent || (recentBytes > Self.maxRecentBytes && recent.count > 1) {
      recentBytes -= recent.removeFirst().json.count
    }
  }

  private func answer() {
    let now = ContinuousClock.now
    for (id, waiter) in waiters {
      let events = kept(from: waiter.from)
      // One that fell behind what is kept reads the log itself.
      let isBehind = recent.first.map { waiter.from < $0.position } ?? false
      guard events != nil || isBehind || now >= waiter.deadline else { continue }
      waiters[id] = nil
      waiter.continuation.resume(returning: events ?? [])
    }
  }
}
