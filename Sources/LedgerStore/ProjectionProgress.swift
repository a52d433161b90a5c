import PostgresClient

/// Lets many tasks wait until the projections include a position, with one query for all of them.
actor ProjectionProgress {
  private struct Waiter {
    let position: Int64
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Bool, Never>
  }

  private let readers: PostgresPool
  private let configuration: PostgresConfiguration
  private var waiters: [Waiter] = []
  private var watch: Task<Void, Never>?
  private var reached: Int64 = -1

  init(readers: PostgresPool, configuration: PostgresConfiguration) {
    self.readers = readers
    self.configuration = configuration
  }

  func wait(for position: Int64, timeout: Duration) async throws -> Bool {
    try Task.checkCancellation()
    if reached >= position { return true }
    return await withCheckedContinuation { continuation in
      waiters.append(
        Waiter(position: position, deadline: .now + timeout, continuation: continuation))
      if watch == nil { watch = Task { await follow() } }
    }
  }

  func stop() {
    watch?.cancel()
    for waiter in waiters { waiter.continuation.resume(returning: false) }
    waiters = []
  }

  /// Looks until nobody waits any more: at once, then at each notification, and every 20 ms anyway.
  private func follow() async {
    var connection: PostgresConnection?
    while !waiters.isEmpty, !Task.isCancelled {
      do {
        if connection == nil {
          connection = try await PostgresConnection.connect(configuration)
          // A standby takes no LISTEN; the poll is what this relies on.
          try? await connection?.listen("ledger_projected")
        }
        guard let connection else { continue }
        reached =
          try await connection.query("SELECT next_position FROM ledger.projection_checkpoint")[0]
          .int(0)
          - 1
        settle()
        if !waiters.isEmpty {
          _ = try await connection.nextNotification(timeout: .milliseconds(20))
        }
      } catch {
        await connection?.close()
        connection = nil
        settle()
        try? await Task.sleep(for: .milliseconds(50))
      }
    }
    await connection?.close()
    watch = nil
    // Somebody may have come between the last look and here.
    if !waiters.isEmpty, !Task.isCancelled { watch = Task { await follow() } }
  }

  private func settle() {
    let now = ContinuousClock.now
    waiters.removeAll { waiter in
      let done = reached >= waiter.position
      guard done || now >= waiter.deadline else { return false }
      waiter.continuation.resume(returning: done)
      return true
    }
  }
}
