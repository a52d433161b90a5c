import Testing

@testable import PostgresClient

@Suite("The pool's decisions")
struct PoolStateMachineTests {
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
}
