import CanonicalJSON
import LedgerDomain
import LedgerService
import LedgerStore
import NIOCore

/// The log as server-sent events (HTML, section 9.2), in parts of a response. It ends when the feed stops.
///
/// A filtered stream reads what is in the log already with the filter's index, and tests each new event. Messages with an
/// `id` alone tell the client how far a filtered stream is, so that it does not begin again where it last received an
/// event.
struct EventStream: AsyncSequence, Sendable {
  let events: EventQueries
  let feed: LogFeed
  let filter: EventFilter
  /// The position of the first event.
  let from: Position
  /// Changes the JSON of an event for this stream; `nil` sends it as it is.
  var format: (@Sendable (JSON) -> JSON)?

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  struct AsyncIterator: AsyncIteratorProtocol {
    /// The largest number of events that one read of the log returns.
    private static let pageSize = 100
    /// After how many events that are not sent the stream tells its position.
    private static let maxSkipped = 1000

    private let stream: EventStream
    private var from: Position
    private var pending: ArraySlice<ByteBuffer> = []
    /// Follows the log, once everything that was in it is sent.
    private var live: LogFeed.Stream.AsyncIterator?
    private var matcher: EventMatcher?
    /// The last position that the client knows, and the last one that was tested.
    private var told: Position = .beforeFirst
    private var tested: Position = .beforeFirst

    init(_ stream: EventStream) {
      self.stream = stream
      from = stream.from
    }

    mutating func next() async throws -> ByteBuffer? {
      while pending.isEmpty {
        try Task.checkCancellation()
        if live == nil {
          try await readPast()
        } else {
          guard let event = try await live?.next() else { return nil }
          if let part = try await part(event) { return part }
        }
      }
      return pending.popFirst()
    }

    /// Reads the next events that the log has, or turns to the events that follow.
    private mutating func readPast() async throws {
      if matcher == nil { matcher = try await stream.events.matcher(stream.filter) }
      if matcher?.matchesEveryEvent ?? true { return follow() }
      // The size is read first: events that are appended during the read may be in the page, or follow later.
      let end = try await stream.events.size().end
      let page = try await stream.events.page(
        stream.filter, from: Swift.min(from, end), limit: Self.pageSize)
      for event in page.events where event.position >= from {
        pending.append(
          EventStream.message(event.position, stream.formatted(try event.json())))
        from = event.position.next
      }
      if let next = page.next {
        from = Swift.max(from, next)
        if pending.isEmpty { pending.append(EventStream.position(from.previous)) }
      } else {
        from = Swift.max(from, end)
        follow()
      }
    }

    private mutating func follow() {
      told = from.previous
      tested = told
      live = stream.feed.stream(from: from).makeAsyncIterator()
    }

    /// What is sent for a new event, or for the idle time that `nil` stands for; `nil` if nothing is.
    private mutating func part(_ event: LogFeed.Event?) async throws -> ByteBuffer? {
      guard let event else {
        defer { told = tested }
        return tested > told ? EventStream.position(tested) : EventStream.comment
      }
      if event.facts.changesKeys { matcher = try await stream.events.matcher(stream.filter) }
      tested = event.position
      if try await isWanted(event) {
        told = tested
        return EventStream.message(event.position, try stream.formatted(event.json))
      }
      guard told.distance(to: tested) >= Self.maxSkipped else { return nil }
      told = tested
      return EventStream.position(tested)
    }

    private func isWanted(_ event: LogFeed.Event) async throws -> Bool {
      guard matcher?.matches(event.facts) ?? true else { return false }
      let standings = stream.filter.standings
      if standings.isEmpty { return true }
      return standings.contains(try await stream.events.standing(at: event.position))
    }
  }

  private func formatted(_ json: JSON) -> [UInt8] {
    (format?(json) ?? json).canonicalBytes()
  }

  /// The event as this stream sends it, from the bytes that all streams share.
  private func formatted(_ json: [UInt8]) throws -> [UInt8] {
    guard format != nil else { return json }
    return formatted(try JSON.parse(json, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 64)))
  }

  private static func message(_ position: Position, _ json: [UInt8]) -> ByteBuffer {
    var buffer = ByteBuffer(string: "id: \(position)\ndata: ")
    buffer.writeBytes(json)
    buffer.writeString("\n\n")
    return buffer
  }

  /// A message without data: the client remembers the position, and no event occurs.
  private static func position(_ position: Position) -> ByteBuffer {
    ByteBuffer(string: "id: \(position)\n\n")
  }

  /// A comment keeps an idle connection open.
  private static let comment = ByteBuffer(string: ":\n\n")
}
