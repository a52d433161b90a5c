import CLibPQ
import Foundation

/// Asks the server, from any thread, to cancel what one connection is doing.
///
/// A request holds the lock until the server answers. `NSLock` waits in the kernel, where
/// ThreadSanitizer follows it, as it does not for `Mutex`.
// @unchecked Sendable is right: `state` is the only property that changes, and it is accessed under
// `lock`, except in `init` and `deinit`, when no other thread has a reference. `lock` and `wake` are
// constants.
final class StatementCanceller: @unchecked Sendable {
  @safe private struct State {
    let pointer: OpaquePointer?
    /// The statement that runs. A late request for another statement has no effect.
    var running: UInt64?
    init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }
  }

  private let lock = NSLock()
  private var state: State
  private let wake: Int32

  init(_ connection: OpaquePointer) {
    // PQgetCancel copies what a request needs, and libpq lets any thread use the copy (PostgreSQL
    // documentation, "Canceling Queries in Progress").
    state = unsafe State(PQgetCancel(connection))
    wake = pithledger_eventfd()
  }

  deinit {
    unsafe PQfreeCancel(state.pointer)
    Foundation.close(wake)
  }

  /// A descriptor that becomes readable when the running statement is cancelled.
  var descriptor: Int32 { wake }

  /// Notes which statement runs from now on.
  func begin(_ statement: UInt64) {
    var count: UInt64 = 0
    _ = unsafe read(wake, &count, 8)
    lock.withLock { state.running = statement }
  }

  /// Notes that no statement runs.
  func end() { lock.withLock { state.running = nil } }

  /// Requests the cancellation of a statement, if it still runs. Does not wait for the server.
  func cancel(_ statement: UInt64) {
    // PQcancel opens a connection of its own and waits for the server.
    Thread.detachNewThread {
      self.lock.withLock {
        guard self.state.running == statement else { return }
        var one: UInt64 = 1
        _ = unsafe write(self.wake, &one, 8)
        var buffer = [CChar](repeating: 0, count: 256)
        _ = unsafe PQcancel(self.state.pointer, &buffer, 256)
      }
    }
  }
}
