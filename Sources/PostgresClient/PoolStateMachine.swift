/// Who holds which connection and who waits: the pool's decisions, without I/O and without a clock.
///
/// Every input answers what the caller must do next; the caller reports back by another input.
struct PoolStateMachine {
  typealias ConnectionID = Int
  typealias WaiterID = Int

  enum Action: Equatable {
    /// Hand the connection to the waiter.
    case lease(WaiterID, ConnectionID)
    /// Open one more connection, after the delay of the given number of failures in a row.
    case connect(afterFailures: Int)
    /// Tell the waiter that it gets none.
    case fail(WaiterID, Failure)
    /// Close the connection.
    case close(ConnectionID)
  }

  enum Failure: Equatable { case exhausted, closed }

  let size: Int
  let maxWaiting: Int
  private(set) var idle: [ConnectionID] = []
  private(set) var leased: Set<ConnectionID> = []
  private(set) var connecting = 0
  private(set) var waiting: [WaiterID] = []
  private(set) var failures = 0
  private(set) var isClosed = false

  init(size: Int, maxWaiting: Int) {
    self.size = size
    self.maxWaiting = maxWaiting
  }

  /// Somebody wants a connection.
  mutating func request(_ waiter: WaiterID) -> [Action] {
    if isClosed { return [.fail(waiter, .closed)] }
    // Whoever waits already comes first.
    if waiting.isEmpty, let connection = idle.popLast() {
      leased.insert(connection)
      return [.lease(waiter, connection)]
    }
    guard waiting.count < maxWaiting else { return [.fail(waiter, .exhausted)] }
    waiting.append(waiter)
    return grow()
  }

  /// The waiter gave up; `false` where it had been served already.
  mutating func cancel(_ waiter: WaiterID) -> Bool {
    guard let index = waiting.firstIndex(of: waiter) else { return false }
    waiting.remove(at: index)
    return true
  }

  /// A connection came about.
  mutating func connected(_ connection: ConnectionID) -> [Action] {
    connecting -= 1
    failures = 0
    if isClosed { return [.close(connection)] }
    return offer(connection)
  }

  /// An attempt to connect failed.
  mutating func connectFailed() -> [Action] {
    connecting -= 1
    failures += 1
    return isClosed ? [] : grow()
  }

  /// A lease ended.
  mutating func release(_ connection: ConnectionID, usable: Bool) -> [Action] {
    guard leased.remove(connection) != nil else { return [] }
    if isClosed || !usable { return [.close(connection)] + (isClosed ? [] : grow()) }
    return offer(connection)
  }

  /// No more leases: idle connections close now, leased ones when they come back.
  mutating func close() -> [Action] {
    guard !isClosed else { return [] }
    isClosed = true
    let actions = idle.map(Action.close) + waiting.map { Action.fail($0, .closed) }
    idle = []
    waiting = []
    return actions
  }

  private mutating func offer(_ connection: ConnectionID) -> [Action] {
    guard !waiting.isEmpty else {
      idle.append(connection)
      return []
    }
    leased.insert(connection)
    return [.lease(waiting.removeFirst(), connection)]
  }

  /// As many attempts as there are waiters, within the size.
  private mutating func grow() -> [Action] {
    guard connecting < waiting.count, idle.count + leased.count + connecting < size else {
      return []
    }
    connecting += 1
    return [.connect(afterFailures: failures)]
  }
}
