import CoreMetrics
import LedgerService
import SafeHTTPClient
import Synchronization

/// The open connections of the service, with a limit in total and for each client.
final class ConnectionTable: Sendable {
  /// Identifies an open connection.
  struct ID: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  private struct Connection {
    let client: ClientID
    let close: @Sendable () -> Void
    /// When the last request ended. `nil` while a request is in progress.
    var idleSince: ContinuousClock.Instant?
  }

  private struct State {
    var connections: [ID: Connection] = [:]
    var byClient: [ClientID: Int] = [:]
    var streams: [ClientID: Int] = [:]
    var last: UInt64 = 0
  }

  private let state = Mutex(State())
  private let total: Int
  private let perClient: Int
  private let streamsPerClient: Int
  /// Counts connections for which there is no place.
  private let refused: Counter
  /// Counts requests that are refused before their route.
  let malformed: Counter

  init(
    total: Int, perClient: Int, streamsPerClient: Int,
    metrics: any MetricsFactory = NOOPMetricsHandler.instance
  ) {
    refused = Counter(label: "pithledger_http_connections_refused_total", factory: metrics)
    malformed = Counter(label: "pithledger_http_requests_malformed_total", factory: metrics)
    self.total = total
    self.perClient = perClient
    self.streamsPerClient = streamsPerClient
  }

  /// The number of open connections.
  var count: Int { state.withLock { $0.connections.count } }

  /// The number of open streams.
  var streamCount: Int { state.withLock { $0.streams.values.reduce(0, +) } }

  /// The largest number of connections.
  var limit: Int { total }

  /// Adds a connection. Returns `nil` if its client has too many.
  ///
  /// If there are too many in total, the connection that has been idle for longest is closed.
  ///
  /// - Parameters:
  ///   - isShared: whether many clients come from this address, as from a proxy's.
  ///   - close: closes the connection; called from any thread.
  func open(
    client: ClientID, isShared: Bool, now: ContinuousClock.Instant = .now,
    close: @escaping @Sendable () -> Void
  ) -> ID? {
    let (id, victim) = state.withLock { state -> (ID?, (@Sendable () -> Void)?) in
      guard isShared || state.byClient[client, default: 0] < perClient else { return (nil, nil) }
      var victim: (@Sendable () -> Void)?
      if state.connections.count >= total {
        guard let oldest = Self.longestIdle(state) else { return (nil, nil) }
        victim = state.connections[oldest]?.close
        Self.remove(oldest, &state)
      }
      state.last += 1
      let id = ID(number: state.last)
      state.connections[id] = Connection(client: client, close: close, idleSince: now)
      state.byClient[client, default: 0] += 1
      return (id, victim)
    }
    victim?()
    if id == nil { refused.increment() }
    return id
  }

  private static func longestIdle(_ state: State) -> ID? {
    var found: (id: ID, since: ContinuousClock.Instant)?
    for (id, connection) in state.connections {
      guard let since = connection.idleSince, since < found?.since ?? .now else { continue }
      found = (id, since)
    }
    return found?.id
  }

  private static func remove(_ id: ID, _ state: inout State) {
    guard let connection = state.connections.removeValue(forKey: id) else { return }
    let left = (state.byClient[connection.client] ?? 1) - 1
    state.byClient[connection.client] = left > 0 ? left : nil
  }

  /// Records whether a connection has a request in progress.
  func note(_ id: ID, isBusy: Bool, now: ContinuousClock.Instant = .now) {
    state.withLock { $0.connections[id]?.idleSince = isBusy ? nil : now }
  }

  func close(_ id: ID) { state.withLock { Self.remove(id, &$0) } }

  /// Counts a stream for a client. Returns `false` if the client has too many.
  func openStream(_ client: ClientID) -> Bool {
    state.withLock { state in
      guard client == .shell || state.streams[client, default: 0] < streamsPerClient else {
        return false
      }
      state.streams[client, default: 0] += 1
      return true
    }
  }

  func closeStream(_ client: ClientID) {
    state.withLock { state in
      let left = (state.streams[client] ?? 1) - 1
      state.streams[client] = left > 0 ? left : nil
    }
  }
}
