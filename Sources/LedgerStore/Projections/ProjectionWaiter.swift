import LedgerDomain
import PostgresClient

/// The rows and events that this process's projector handled in one transaction.
struct ProjectedBatch: Sendable {
  /// The positions of the events of the batch.
  let positions: Range<Position>
  /// The rows of records, where the projector knows every column.
  var states: [RecordID: ProjectedState]
  /// By record: all events of the groups that the batch changed, and of the groups linked to them.
  var events: [RecordID: LinkedEvents]

  /// The largest number of events of a batch that is kept. A projector that catches up has larger batches.
  static let maxEvents = 500

  /// Adds a record with its events and its earlier row. Leaves out a record whose storage changed: the
  /// server computes the latest time, which is not known here.
  mutating func add(_ update: FoldedRecord, events: LinkedEvents, earlier row: ProjectedState?) {
    guard update.storage.isEmpty else { return }
    let record = update.state.record
    states[record] = ProjectedState(
      state: update.state, storageVerifiedUntil: row?.storageVerifiedUntil)
    self.events[record] = events
  }
}

/// Lets many tasks wait until the projections include a position. One connection serves all of them;
/// none is needed where the projector runs in this process.
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
  /// Whether the projector of this process holds the lock, and reports its position here.
  private var isLeading = false
  /// The last batches of this process's projector, the newest last.
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

  /// Records whether the projector of this process holds the lock.
  func lead(_ isLeading: Bool) {
    self.isLeading = isLeading
    forget()
  }

  /// Removes the reported position and batches. A crash of PostgreSQL may undo the projector's last
  /// commits.
  private func forget() {
    reached = -1
    recent = []
  }

  /// Records that the projections include every position below one, and resumes the waiters for them.
  func note(_ next: Position, _ batch: ProjectedBatch? = nil) {
    reached = next.previous
    if let batch {
      if recent.count == Self.maxRecent { recent.removeFirst() }
      recent.append(batch)
    }
    settle()
  }

  /// The row of a record that includes the event at a position, and the events of a group with those of
  /// all groups linked to it; `nil` unless this process projected the event a moment ago.
  func projected(
    _ position: Position, record: RecordID, group: Int64, _ timeline: KeyTimeline
  ) -> (state: ProjectedState, group: LinkedEvents)? {
    guard let batch = recent.last(where: { $0.positions.contains(position) }),
      let state = batch.states[record], let linked = batch.events[record]
    else { return nil }
    let links = FoldLinks(
      linked.events.lazy.filter { $0.foldGroup == group }, FoldContext(timeline, linked.papers))
    return (
      state,
      LinkedEvents(links.events(among: linked.events, and: group, linked.papers), linked.papers)
    )
  }

  func stop() {
    watch?.cancel()
    for waiter in waiters { waiter.continuation.resume(returning: false) }
    waiters = []
  }

  /// How long the connection stays open when no task waits.
  static let linger: Duration = .seconds(10)

  /// Follows the projector's position while tasks wait for it or this process's projector leads.
  private func follow() async {
    // The connection on which notifications are received.
    var connection: PostgresConnection?
    // A standby does not support LISTEN. There the position is read by queries alone.
    var isListening = false
    var lastWaited = ContinuousClock.now
    while !Task.isCancelled {
      if !waiters.isEmpty { lastWaited = .now }
      guard isListening || isLeading || !waiters.isEmpty, .now - lastWaited < Self.linger else {
        break
      }
      if isLeading {
        // The projector resumes the waiters. This loop only ends waiters whose timeout has passed.
        await connection?.close()
        connection = nil
        try? await Task.sleep(for: pollInterval)
        settle()
        continue
      }
      do {
        if connection == nil {
          isListening = false
          connection = try await PostgresConnection.connect(configuration)
          if let connection { isListening = try await beginListening(connection) }
        }
        if let connection { try await receivePosition(connection) }
      } catch {
        await connection?.close()
        connection = nil
        await pauseAfterFailure()
      }
    }
    await connection?.close()
    endFollowing()
  }

  /// How long to wait for a notification before the position is read or the waiters are looked at.
  private var pollInterval: Duration { .milliseconds(waiters.isEmpty ? 250 : 20) }

  /// Listens for the projector's position and reads it. Returns whether the server supports LISTEN.
  private func beginListening(_ connection: PostgresConnection) async throws -> Bool {
    let isListening = (try? await connection.listen(Projector.channel)) != nil
    try await readPosition(connection)
    return isListening
  }

  /// Waits for the next notification of the projector's position. NOTIFY is a hint: without one, a query
  /// reads the position every 20 ms while tasks wait.
  private func receivePosition(_ connection: PostgresConnection) async throws {
    settle()
    if let notification = try await connection.nextNotification(timeout: pollInterval) {
      if let next = Int64(notification.payload), next > 0 {
        reached = max(reached, Position(rawValue: next).previous)
      }
    } else if !waiters.isEmpty {
      try await readPosition(connection)
    }
    settle()
  }

  private func pauseAfterFailure() async {
    if !isLeading { forget() }
    settle()
    try? await Task.sleep(for: .milliseconds(50))
  }

  private func endFollowing() {
    watch = nil
    // Notifications are not received from here on.
    if !isLeading { forget() }
    // A task may have begun to wait after the last iteration.
    if !waiters.isEmpty, !Task.isCancelled { watch = Task { await follow() } }
  }

  private func readPosition(_ connection: PostgresConnection) async throws {
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
