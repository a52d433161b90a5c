/// The decisions of a pool: which task holds which connection, and which tasks wait. It does no I/O
/// and has no clock.
///
/// Each input returns the actions that the caller must take. The caller reports the result of an
/// action by another input.
struct PoolStateMachine {
  typealias ConnectionID = Int
  typealias WaiterID = Int

  enum Action: Equatable {
    /// Hand the connection to the waiter.
    case lease(WaiterID, ConnectionID)
    /// Open one more connection, after the delay of the given number of failures in a row.
    case connect(afterFailures: Int)
    /// Report to the waiter that it gets no connection.
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

  /// A task requests a connection.
  mutating func request(_ waiter: WaiterID) -> [Action] {
    if isClosed { return [.fail(waiter, .closed)] }
    // Tasks are served in the order of their requests.
    if waiting.isEmpty, let connection = idle.popLast() {
      leased.insert(connection)
      return [.lease(waiter, connection)]
    }
    guard waiting.count < maxWaiting else { return [.fail(waiter, .exhausted)] }
    waiting.append(waiter)
    return grow()
  }

  /// A waiter was cancelled. Returns `false` if it had been served already.
  mutating func cancel(_ waiter: WaiterID) -> Bool {
    guard let index = waiting.firstIndex(of: waiter) else { return false }
    waiting.remove(at: index)
    return true
  }

  /// An attempt to connect succeeded.
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

  /// Ends leasing. Idle connections close now, and leased connections close when they are released.
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

  /// Starts one attempt to connect for each waiter, up to the size of the pool.
  private mutating func grow() -> [Action] {
    guard connecting < waiting.count, idle.count + leased.count + connecting < size else {
      return []
    }
    connecting += 1
    return [.connect(afterFailures: failures)]
  }
}
