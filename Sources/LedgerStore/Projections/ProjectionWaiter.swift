import LedgerDomain
import PostgresClient

/// What the projector of this process left behind in one transaction.
struct ProjectedBatch: Sendable {
  let positions: Range<Position>
  /// The rows of records, where the projector knows all of one.
  var states: [RecordID: ProjectedState]
  /// By record: all events of the groups that the batch touched, and of those linked to them.
  var events: [RecordID: [FoldEvent]]

  /// Events in a batch that is worth maxResponseBytes: larger ones are a projector's that catches up.
  static let maxEvents = 500
}

/// Lets many tasks wait until the projections include a position, with one query for all of them; or with
/// none, where it is this process that keeps the projections.
actor ProjectionWaiter {
  private struct Waiter {
    let position: Position
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Bool, Never>
  }

  private let configuration: PostgresConfiguration
  private var waiters: [Waiter] = []
  private var watch: Task<Void, Never>?
  private var reached: Position = .beforeFirst
  /// Whether this process's projector keeps the projections, and says itself how far it is.
  private var isLeading = false
  /// The last batches of this process's projector.
  private var recent: [ProjectedBatch] = []
  private static let maxRecent = 8

  init(_ configuration: PostgresConfiguration) { self.configuration = configuration }

  func wait(for position: Position, timeout: Duration) async throws -> Bool {
    try Task.checkCancellation()
    if reached >= position { return true }
    return await withCheckedContinuation { continuation in
      waiters.append(
        Waiter(position: position, deadline: .now + timeout, continuation: continuation))
      if watch == nil { watch = Task { await follow() } }
    }
  }

  /// The projector of this process keeps the projections from now on, or not any more.
  func lead(_ isLeading: Bool) {
    self.isLeading = isLeading
    forget()
  }

  /// Holds nothing said so far for true: a crash of PostgreSQL may take back what the projector committed last.
  private func forget() {
    reached = -1
    recent = []
  }

  /// The projections of this process's projector include what is before this position.
  func note(_ next: Position, _ batch: ProjectedBatch? = nil) {
    reached = next.previous
    if let batch {
      if recent.count == Self.maxRecent { recent.removeFirst() }
      recent.append(batch)
    }
    settle()
  }

  /// A record's row with the event at a position, and the events of that one's group with all that are linked to
  /// it; `nil` where it is not this process that has just projected it.
  func projected(
    _ position: Position, record: RecordID, group: Int64, _ timeline: KeyTimeline
  ) -> (state: ProjectedState, group: [FoldEvent])? {
    guard let batch = recent.last(where: { $0.positions.contains(position) }),
      let state = batch.states[record], let events = batch.events[record]
    else { return nil }
    let links = FoldLinks(events.lazy.filter { $0.foldGroup == group }, timeline)
    return (state, links.events(among: events, and: group))
  }

  func stop() {
    watch?.cancel()
    for waiter in waiters { waiter.continuation.resume(returning: false) }
    waiters = []
  }

  /// How long the connection is kept when nobody waits any more.
  static let linger: Duration = .seconds(10)

  /// Follows the projector's notifications, which say how far it is; where one is late, looks every 20 ms.
  private func follow() async {
    var connection: PostgresConnection?
    // A standby takes no LISTEN; there the look is what this relies on.
    var isListening = false
    var lastWaited = ContinuousClock.now
    while !Task.isCancelled {
      if !waiters.isEmpty { lastWaited = .now }
      guard isListening || isLeading || !waiters.isEmpty, .now - lastWaited < Self.linger else {
        break
      }
      if isLeading {
        // The projector wakes who waits for it; here they are only sent away when their time is up.
        await connection?.close()
        connection = nil
        try? await Task.sleep(for: .milliseconds(waiters.isEmpty ? 250 : 20))
        settle()
        continue
      }
      do {
        if connection == nil {
          isListening = false
          connection = try await PostgresConnection.connect(configuration)
          if let connection {
            isListening = (try? await connection.listen(Projector.channel)) != nil
            try await look(connection)
          }
        }
        guard let connection else { continue }
        settle()
        let patience: Duration = waiters.isEmpty ? .milliseconds(250) : .milliseconds(20)
        if let told = try await connection.nextNotification(timeout: patience) {
          if let next = Int64(told.payload), next > 0 {
            reached = max(reached, Position(rawValue: next).previous)
          }
        } else if !waiters.isEmpty {
          try await look(connection)
        }
        settle()
      } catch {
        await connection?.close()
        connection = nil
        if !isLeading { forget() }
        settle()
        try? await Task.sleep(for: .milliseconds(50))
      }
    }
    await connection?.close()
    watch = nil
    // Nobody listens from here on.
    if !isLeading { forget() }
    // Somebody may have come between the last look and here.
    if !waiters.isEmpty, !Task.isCancelled { watch = Task { await follow() } }
  }

  private func look(_ connection: PostgresConnection) async throws {
    reached =
      try await connection.query("SELECT next_position FROM ledger.projection_offset")[0]
      .position(0)
      .previous
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
