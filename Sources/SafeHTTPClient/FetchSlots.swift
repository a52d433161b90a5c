/// A kind of external service. Each has slots of its own, so that none can starve another.
public enum FetchPool: Sendable, Hashable, CaseIterable {
  /// Locations named by submitters.
  case storage
  /// Locations that were fetched before and are checked again.
  case storageRecheck
  /// OpenTimestamps calendars.
  case calendars
  /// Witnesses of checkpoints.
  case witnesses
  /// Issuers of identity tokens.
  case issuers
  /// Explorers and nodes of a block chain.
  case headers
  /// Timestamp authorities.
  case authorities
  /// Receivers of webhooks.
  case webhooks
}

/// The client for which the current task fetches.
public enum FetchClient {
  /// The client's name; `nil` for the ledger's own work and for the operator, which have no quota.
  @TaskLocal public static var current: String?
}

/// Decides which fetches run and which wait, by limits of pools, clients, and hosts within a pool.
///
/// A pure state machine. It returns tickets; the caller waits.
struct FetchSlots {
  typealias Ticket = UInt64

  struct Limits {
    var perPool: Int
    var perClient: Int
    var perHost: Int
    /// The maximum of waiting fetches of one pool.
    var waitingPerPool: Int { 4 * perPool }
    /// The maximum of waiting fetches of one client.
    var waitingPerClient: Int { 2 * perClient }
  }

  enum Answer: Equatable {
    case granted(Ticket)
    case waiting(Ticket)
    case refused(FetchError)
  }

  private struct Fetch {
    let pool: FetchPool
    let client: String?
    var host: String
  }

  private let limits: Limits
  private var running: [Ticket: Fetch] = [:]
  private var waiting: [(ticket: Ticket, fetch: Fetch)] = []
  private var next: Ticket = 0

  init(_ limits: Limits) { self.limits = limits }

  /// Requests a slot.
  mutating func enter(_ pool: FetchPool, client: String?, host: String) -> Answer {
    let fetch = Fetch(pool: pool, client: client, host: host)
    let ticket = next
    next &+= 1
    // `leave` starts every waiting fetch that may run, so that this one overtakes none.
    if mayRun(fetch) {
      running[ticket] = fetch
      return .granted(ticket)
    }
    if let client {
      guard waiting.count(where: { $0.fetch.client == client }) < limits.waitingPerClient else {
        return .refused(
          FetchError(
            .clientLimit,
            "\(limits.perClient) fetches for this client are running and \(limits.waitingPerClient) are "
              + "waiting: try again when some of them have ended."))
      }
    }
    guard waiting.count(where: { $0.fetch.pool == pool }) < limits.waitingPerPool else {
      return .refused(FetchError(.busy, "Too much is being fetched already; try again."))
    }
    waiting.append((ticket, fetch))
    return .waiting(ticket)
  }

  /// Returns a slot, or stops waiting for one.
  ///
  /// - Returns: the fetches that may run from now on.
  mutating func leave(_ ticket: Ticket) -> [Ticket] {
    running[ticket] = nil
    waiting.removeAll { $0.ticket == ticket }
    var granted: [Ticket] = []
    while let index = nextToRun() {
      let one = waiting.remove(at: index)
      running[one.ticket] = one.fetch
      granted.append(one.ticket)
    }
    return granted
  }

  /// Counts a running fetch under the host that it was redirected to; `false` where that host is busy.
  mutating func move(_ ticket: Ticket, to host: String) -> Bool {
    guard let fetch = running[ticket], fetch.host != host else { return true }
    guard count({ $0.host == host && $0.pool == fetch.pool }) < limits.perHost else { return false }
    running[ticket]?.host = host
    return true
  }

  /// The first waiting fetch of the client that has the fewest running.
  private func nextToRun() -> Int? {
    waiting.indices.filter { mayRun(waiting[$0].fetch) }
      .min { load(waiting[$0].fetch) < load(waiting[$1].fetch) }
  }

  private func load(_ fetch: Fetch) -> Int {
    guard let client = fetch.client else { return 0 }
    return count { $0.client == client }
  }

  private func mayRun(_ fetch: Fetch) -> Bool {
    count { $0.pool == fetch.pool } < limits.perPool
      && count { $0.host == fetch.host && $0.pool == fetch.pool } < limits.perHost
      && (fetch.client == nil || load(fetch) < limits.perClient)
  }

  private func count(_ holds: (Fetch) -> Bool) -> Int {
    running.values.count(where: holds)
  }
}
