import LedgerDomain
import LedgerService
import Synchronization

/// The memory that request bodies share.
///
/// Bytes count from their arrival, whatever length the request announces, until the request is answered.
final class BodyBudget: Sendable {
  private struct State {
    var used = 0
    var byClient: [ClientID: Int] = [:]
    var waiting = 0
  }

  /// How long a request waits for memory.
  private static let maxWait: Duration = .seconds(2)
  private static let maxWaiting = 128

  private let state = Mutex(State())
  private let total: Int
  private let perClient: Int

  init(total: Int) {
    self.total = total
    perClient = total / 2
  }

  /// The largest number of bytes.
  var limit: Int { total }

  /// The number of bytes in use.
  var used: Int { state.withLock { $0.used } }

  /// The memory of one request.
  final class Lease: Sendable {
    private let budget: BodyBudget
    private let client: ClientID
    private let held = Mutex(0)

    fileprivate init(_ budget: BodyBudget, _ client: ClientID) {
      self.budget = budget
      self.client = client
    }

    deinit { end() }

    /// Releases the memory.
    func end() {
      let count = held.withLock { held in
        defer { held = 0 }
        return held
      }
      if count > 0 { budget.release(count, client) }
    }

    /// Changes the number of bytes, and waits a short time if other requests use too many.
    ///
    /// Errors: `unavailable` with the check `body_memory`.
    func hold(_ count: Int) async throws {
      let change = held.withLock { held in
        let change = count - held
        if change < 0 { held = count }
        return change
      }
      if change < 0 { budget.release(-change, client) }
      guard change > 0 else { return }
      try await budget.take(change, client)
      held.withLock { $0 += change }
    }
  }

  func lease(for client: ClientID) -> Lease { Lease(self, client) }

  private func tryTake(_ count: Int, _ client: ClientID) -> Bool {
    state.withLock { state in
      let own = state.byClient[client, default: 0]
      guard state.used + count <= total, client == .shell || own + count <= perClient else {
        return false
      }
      state.used += count
      state.byClient[client] = own + count
      return true
    }
  }

  private func take(_ count: Int, _ client: ClientID) async throws {
    if tryTake(count, client) { return }
    let mayWait = state.withLock { state in
      guard state.waiting < Self.maxWaiting else { return false }
      state.waiting += 1
      return true
    }
    if mayWait {
      defer { state.withLock { $0.waiting -= 1 } }
      let deadline = ContinuousClock.now + Self.maxWait
      while ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(50))
        if tryTake(count, client) { return }
      }
    }
    throw Refusal(
      .unavailable, check: "body_memory",
      "The ledger holds as many bytes of request bodies as it may.",
      retryAfter: 2)
  }

  private func release(_ count: Int, _ client: ClientID) {
    state.withLock { state in
      state.used -= count
      let left = (state.byClient[client] ?? count) - count
      state.byClient[client] = left > 0 ? left : nil
    }
  }
}
