public import LedgerDomain
import Synchronization
public import TransparencyLog

/// The earlier events with which an event is folded, as its admission read them.
public struct GroupAtAdmission: Sendable {
  /// The size of the log when they were read, or less.
  public let size: TreeSize
  /// All events of the event's group. No other group was linked to it.
  public let events: [FoldEvent]

  /// Makes a group from its parts.
  public init(size: TreeSize, events: [FoldEvent]) {
    self.size = size
    self.events = events
  }
}

/// An event that this process appended.
struct AppendedEvent: Sendable {
  let event: FoldEvent
  /// `nil` where the projector has to read the group.
  let group: GroupAtAdmission?
}

/// Hands the events that this process appends to the projector of the same process, which then need not
/// read them, and wakes it.
///
/// The log alone decides what is folded. The projector uses events from here only if they follow those
/// that it folded.
final class AppendedEvents: Sendable {
  private struct State {
    /// Whether this process's projector holds the lock.
    var isFollowed = false
    /// Events at consecutive positions.
    var queue: [AppendedEvent] = []
    var isSignalled = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  /// The largest number of events in the queue. A projector that is further behind reads the log.
  static let maxEvents = 2000

  private let state = Mutex(State())

  /// Records whether this process's projector holds the lock.
  func follow(_ isFollowed: Bool) {
    state.withLock { $0 = State(isFollowed: isFollowed, waiter: $0.waiter) }
    if !isFollowed { signal() }
  }

  /// Takes events at consecutive positions, and wakes the projector. Returns whether this process has
  /// the projector; another process's needs a notification.
  func add(_ events: [AppendedEvent]) -> Bool {
    let isFollowed = state.withLock { state in
      guard state.isFollowed else { return false }
      let last = state.queue.last?.event.position
      let follows = last == nil || last?.next == events.first?.event.position
      if !follows || state.queue.count + events.count > Self.maxEvents {
        state.queue.removeAll()
      }
      state.queue += events
      return true
    }
    if isFollowed { signal() }
    return isFollowed
  }

  /// Removes the events from the queue, and returns them if the first one has a position.
  func take(from next: Position) -> [AppendedEvent] {
    state.withLock { state in
      let events = state.queue.drop { $0.event.position < next }
      state.queue = []
      return events.first?.event.position == next ? Array(events) : []
    }
  }

  /// Wakes the projector.
  func signal() {
    let waiter = state.withLock { state in
      state.isSignalled = state.waiter == nil
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Waits until ``signal()`` is called, unless it was called since the last wait. Has one caller at a
  /// time.
  func wait() async {
    await withCheckedContinuation { continuation in
      let isSignalled = state.withLock { state in
        defer { state.isSignalled = false }
        if !state.isSignalled { state.waiter = continuation }
        return state.isSignalled
      }
      if isSignalled { continuation.resume() }
    }
  }
}
