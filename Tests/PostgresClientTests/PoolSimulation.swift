@testable import PostgresClient

/// Drives a pool's state machine with random inputs, performs its actions, and checks the invariants
/// after each step.
struct PoolSimulation {
  private struct Random: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private enum Input: CaseIterable {
    case request, cancel, connected, connectFailed, release, close
  }

  private var random: Random
  private var machine: PoolStateMachine
  private let size: Int
  private let maxWaiting: Int
  private var nextID = 0
  /// Attempts to connect that have not ended.
  private var attempts = 0
  /// Connections that are open.
  private var open: Set<Int> = []
  /// The waiter that holds each leased connection.
  private var holders: [Int: Int] = [:]
  /// Waiters without an answer.
  private var unanswered: Set<Int> = []
  private var isClosed = false
  /// The inputs so far.
  private(set) var trace: [String] = []

  init(seed: UInt64) {
    random = Random(state: seed)
    size = Int.random(in: 1...5, using: &random)
    maxWaiting = Int.random(in: 0...6, using: &random)
    machine = PoolStateMachine(size: size, maxWaiting: maxWaiting)
  }

  /// Takes some steps, then closes the pool and ends what is in progress. Returns the first violation.
  mutating func run(steps: Int) -> String? {
    for _ in 0..<steps {
      if let violation = step() { return describe(violation) }
    }
    return drain().map(describe)
  }

  private func describe(_ violation: String) -> String {
    "\(violation) (size \(size), maxWaiting \(maxWaiting)) after \(trace.suffix(12).joined(separator: ", "))"
  }

  private mutating func step() -> String? {
    switch Input.allCases.randomElement(using: &random) ?? .request {
    case .request: return request()
    case .cancel: return cancel()
    case .connected: return attempts > 0 ? connected() : nil
    case .connectFailed: return attempts > 0 ? connectFailed() : nil
    case .release: return release()
    case .close:
      // Rare, so that most of a sequence runs on an open pool.
      return Int.random(in: 0..<60, using: &random) == 0 ? close() : nil
    }
  }

  // MARK: Inputs

  private mutating func request() -> String? {
    nextID += 1
    trace.append("request \(nextID)")
    unanswered.insert(nextID)
    return perform(machine.request(nextID))
  }

  private mutating func cancel() -> String? {
    let waiter = Int.random(in: 0...nextID, using: &random)
    trace.append("cancel \(waiter)")
    guard machine.cancel(waiter) == (unanswered.remove(waiter) != nil) else {
      return "a cancelled waiter is answered, or an answered one cancelled"
    }
    return check()
  }

  private mutating func connected() -> String? {
    nextID += 1
    attempts -= 1
    open.insert(nextID)
    trace.append("connected \(nextID)")
    return perform(machine.connected(nextID))
  }

  private mutating func connectFailed() -> String? {
    attempts -= 1
    trace.append("connectFailed")
    return perform(machine.connectFailed())
  }

  private mutating func release() -> String? {
    guard let id = holders.keys.sorted().randomElement(using: &random) else { return nil }
    let isUsable = Int.random(in: 0..<4, using: &random) > 0
    holders[id] = nil
    trace.append("release \(id) \(isUsable)")
    return perform(machine.release(id, usable: isUsable))
  }

  private mutating func close() -> String? {
    trace.append("close")
    isClosed = true
    return perform(machine.close())
  }

  private mutating func drain() -> String? {
    if let violation = close() { return violation }
    while attempts > 0 { if let violation = connected() { return violation } }
    while !holders.isEmpty { if let violation = release() { return violation } }
    if !unanswered.isEmpty { return "waiters \(unanswered.sorted()) have no answer" }
    return open.isEmpty ? nil : "connections \(open.sorted()) stay open"
  }

  // MARK: Actions and invariants

  private mutating func perform(_ actions: [PoolStateMachine.Action]) -> String? {
    for action in actions {
      switch action {
      case .lease(let waiter, let id):
        if isClosed { return "a closed pool hands out connection \(id)" }
        guard unanswered.remove(waiter) != nil else { return "waiter \(waiter) is answered twice" }
        guard open.contains(id) else { return "connection \(id) is handed out, and is not open" }
        guard holders.updateValue(waiter, forKey: id) == nil else {
          return "connection \(id) is handed out twice"
        }
      case .fail(let waiter, let failure):
        guard unanswered.remove(waiter) != nil else { return "waiter \(waiter) is answered twice" }
        guard (failure == .closed) == isClosed else {
          return "waiter \(waiter) fails with \(failure)"
        }
      case .connect:
        if isClosed { return "a closed pool connects" }
        attempts += 1
      case .close(let id):
        guard open.remove(id) != nil, holders[id] == nil else {
          return "connection \(id) is closed while it is in use, or twice"
        }
      }
    }
    return check()
  }

  private func check() -> String? {
    if open.count + attempts > size { return "\(open.count) connections and \(attempts) attempts" }
    if unanswered.count > maxWaiting { return "\(unanswered.count) waiters" }
    if Set(machine.waiting) != unanswered { return "the machine's waiters are \(machine.waiting)" }
    if machine.leased != Set(holders.keys) { return "the machine's leases are \(machine.leased)" }
    if machine.connecting != attempts { return "the machine counts \(machine.connecting) attempts" }
    if !unanswered.isEmpty, !machine.idle.isEmpty {
      return "a waiter waits beside an idle connection"
    }
    if !isClosed, !unanswered.isEmpty, open.isEmpty, attempts == 0 {
      return "waiters wait, and no connection or attempt can serve them"
    }
    return nil
  }
}
