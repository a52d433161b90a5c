import Testing

@testable import PostgresClient

/// Every transition of the pool's state machine. Needs no database.
@Suite("Pool state machine")
struct PoolStateMachineTests {
  /// A pool of the given size that has opened connections, all idle.
  private func machine(size: Int, maxWaiting: Int = 4, idle: [Int] = []) -> PoolStateMachine {
    var machine = PoolStateMachine(size: size, maxWaiting: maxWaiting)
    for id in idle { #expect(machine.request(-id) == [.connect(afterFailures: 0)]) }
    for id in idle { #expect(machine.connected(id) == [.lease(-id, id)]) }
    for id in idle { #expect(machine.release(id, usable: true) == []) }
    #expect(machine.idle == idle && machine.leased.isEmpty && machine.connecting == 0)
    return machine
  }

  // MARK: Request

  @Test("A request takes an idle connection")
  func requestTakesIdle() {
    var machine = machine(size: 2, idle: [10, 11])
    #expect(machine.request(1) == [.lease(1, 11)])
    #expect(machine.request(2) == [.lease(2, 10)])
    #expect(machine.idle == [] && machine.leased == [10, 11])
  }

  @Test("A request opens a connection below the size, and waits at the size")
  func requestGrows() {
    var machine = machine(size: 2)
    #expect(machine.request(1) == [.connect(afterFailures: 0)])
    #expect(machine.request(2) == [.connect(afterFailures: 0)])
    #expect(machine.request(3) == [])
    #expect(machine.waiting == [1, 2, 3] && machine.connecting == 2)
  }

  @Test("A request fails when the queue of waiters is full")
  func requestExhausted() {
    var machine = machine(size: 1, maxWaiting: 1)
    #expect(machine.request(1) == [.connect(afterFailures: 0)])
    #expect(machine.request(2) == [.fail(2, .exhausted)])
    #expect(machine.waiting == [1])
  }

  @Test("A request to a closed pool fails")
  func requestClosed() {
    var machine = machine(size: 1, idle: [10])
    #expect(machine.close() == [.close(10)])
    #expect(machine.request(1) == [.fail(1, .closed)])
  }

  // MARK: Cancel

  @Test("A waiter can be cancelled once, and is not served afterwards")
  func cancelWaiting() {
    var machine = machine(size: 1)
    #expect(machine.request(1) == [.connect(afterFailures: 0)])
    #expect(machine.cancel(1) == true)
    #expect(machine.cancel(1) == false)
    #expect(machine.connected(10) == [])
    #expect(machine.idle == [10])
  }

  @Test("A waiter that has a connection cannot be cancelled")
  func cancelServed() {
    var machine = machine(size: 1, idle: [10])
    #expect(machine.request(1) == [.lease(1, 10)])
    #expect(machine.cancel(1) == false)
    #expect(machine.leased == [10])
  }

  // MARK: Connections

  @Test("A new connection goes to the first waiter, and is idle where there is none")
  func connected() {
    var machine = machine(size: 2)
    #expect(machine.request(1) == [.connect(afterFailures: 0)])
    #expect(machine.request(2) == [.connect(afterFailures: 0)])
    #expect(machine.connected(10) == [.lease(1, 10)])
    #expect(machine.cancel(2) == true)
    #expect(machine.connected(11) == [])
    #expect(machine.idle == [11] && machine.connecting == 0)
  }

  @Test("A connection that arrives after the close is closed")
  func connectedAfterClose() {
    var machine = machine(size: 1)
    #expect(machine.request(1) == [.connect(afterFailures: 0)])
    #expect(machine.close() == [.fail(1, .closed)])
    #expect(machine.connected(10) == [.close(10)])
    #expect(machine.idle == [] && machine.leased == [])
  }

  @Test("A failed attempt is repeated while there are waiters, with the number of failures")
  func connectFailed() {
    var machine = machine(size: 1)
    #expect(machine.request(1) == [.connect(afterFailures: 0)])
    #expect(machine.connectFailed() == [.connect(afterFailures: 1)])
    #expect(machine.connectFailed() == [.connect(afterFailures: 2)])
    #expect(machine.cancel(1) == true)
    #expect(machine.connectFailed() == [])
    #expect(machine.request(2) == [.connect(afterFailures: 3)])
    #expect(machine.connected(10) == [.lease(2, 10)])
    #expect(machine.failures == 0)
  }

  @Test("A failed attempt is not repeated after the close")
  func connectFailedAfterClose() {
    var machine = machine(size: 1)
    #expect(machine.request(1) == [.connect(afterFailures: 0)])
    #expect(machine.close() == [.fail(1, .closed)])
    #expect(machine.connectFailed() == [])
  }

  // MARK: Release

  @Test("A returned connection goes to the first waiter, and is idle where there is none")
  func releaseUsable() {
    var machine = machine(size: 1, idle: [10])
    #expect(machine.request(1) == [.lease(1, 10)])
    #expect(machine.request(2) == [])
    #expect(machine.request(3) == [])
    #expect(machine.release(10, usable: true) == [.lease(2, 10)])
    #expect(machine.cancel(3) == true)
    #expect(machine.release(10, usable: true) == [])
    #expect(machine.idle == [10])
  }

  @Test("A broken connection is closed, and replaced where there are waiters")
  func releaseBroken() {
    var machine = machine(size: 1, idle: [10])
    #expect(machine.request(1) == [.lease(1, 10)])
    #expect(machine.request(2) == [])
    #expect(machine.release(10, usable: false) == [.close(10), .connect(afterFailures: 0)])
    #expect(machine.connected(11) == [.lease(2, 11)])
    #expect(machine.release(11, usable: false) == [.close(11)])
    #expect(machine.connecting == 0)
  }

  @Test("A connection that is returned twice has no effect the second time")
  func releaseTwice() {
    var machine = machine(size: 1, idle: [10])
    #expect(machine.request(1) == [.lease(1, 10)])
    #expect(machine.release(10, usable: true) == [])
    #expect(machine.release(10, usable: true) == [])
    #expect(machine.release(10, usable: false) == [])
    #expect(machine.idle == [10])
  }

  @Test("A connection that is returned after the close is closed")
  func releaseAfterClose() {
    var machine = machine(size: 1, idle: [10])
    #expect(machine.request(1) == [.lease(1, 10)])
    #expect(machine.close() == [])
    #expect(machine.release(10, usable: true) == [.close(10)])
  }

  // MARK: Close

  @Test("The close closes idle connections and fails waiters, once")
  func close() {
    var machine = machine(size: 2, idle: [10, 11])
    #expect(machine.request(1) == [.lease(1, 11)])
    #expect(machine.close() == [.close(10)])
    #expect(machine.close() == [])
    #expect(machine.isClosed && machine.idle == [])
    var waiting = PoolStateMachine(size: 1, maxWaiting: 2)
    _ = waiting.request(1)
    _ = waiting.request(2)
    #expect(waiting.close() == [.fail(1, .closed), .fail(2, .closed)])
  }

  // MARK: Sequences

  @Test("Waiters are served in order, and a broken connection is replaced")
  func order() {
    var machine = PoolStateMachine(size: 1, maxWaiting: 2)
    #expect(machine.request(1) == [.connect(afterFailures: 0)])
    #expect(machine.request(2) == [])
    #expect(machine.request(3) == [.fail(3, .exhausted)])
    #expect(machine.connected(10) == [.lease(1, 10)])
    #expect(machine.release(10, usable: false) == [.close(10), .connect(afterFailures: 0)])
    #expect(machine.connectFailed() == [.connect(afterFailures: 1)])
    #expect(machine.connected(11) == [.lease(2, 11)])
    #expect(machine.release(11, usable: true) == [])
    #expect(machine.request(4) == [.lease(4, 11)])
    #expect(machine.close() == [])
    #expect(machine.release(11, usable: true) == [.close(11)])
    #expect(machine.request(5) == [.fail(5, .closed)])
  }

  @Test("Random sequences of inputs hold the invariants")
  func randomSequences() {
    for _ in 0..<200 {
      let seed = UInt64.random(in: 0 ... .max)
      var simulation = PoolSimulation(seed: seed)
      let violation = simulation.run(steps: 400)
      #expect(violation == nil, "seed \(seed): \(violation ?? "")")
      if violation != nil { return }
    }
  }

  @Test("A simulation with the same seed takes the same steps")
  func reproducible() {
    var one = PoolSimulation(seed: 7)
    var two = PoolSimulation(seed: 7)
    #expect(one.run(steps: 400) == nil && two.run(steps: 400) == nil)
    #expect(one.trace == two.trace)
    // A step that finds nothing to act on adds no line.
    #expect(one.trace.count > 100)
  }
}
