import CoreMetrics
import HTTPTypes
import Synchronization

/// Counts requests and measures their durations, by route, method and class of the status.
///
/// Routes are the patterns of the router, such as `/pith/:id`, so that the number of series is bounded. A request
/// without a route counts under `none`.
final class RequestMetrics: Sendable {
  private struct Key: Hashable {
    let route: String
    let method: String
    let statusClass: Int
  }

  private struct Recorders {
    let counter: Counter
    let timer: CoreMetrics.Timer
  }

  private let factory: any MetricsFactory
  private let recorders = Mutex<[Key: Recorders]>([:])
  private let running = Atomic<Int>(0)

  init(_ factory: any MetricsFactory) { self.factory = factory }

  /// The number of requests that are being answered.
  var inFlight: Int { running.load(ordering: .relaxed) }

  func began() { running.wrappingAdd(1, ordering: .relaxed) }

  /// Counts a request that ended.
  ///
  /// - Parameter duration: `nil` for a stream, which lasts as long as the client wants.
  func ended(
    route: String, method: HTTPRequest.Method, status: Int, duration: Duration?
  ) {
    running.wrappingSubtract(1, ordering: .relaxed)
    let key = Key(route: route, method: Self.name(method), statusClass: status / 100)
    let recorders = recorders.withLock { recorders in
      if let known = recorders[key] { return known }
      let made = make(key)
      recorders[key] = made
      return made
    }
    recorders.counter.increment()
    if let duration {
      let (seconds, attoseconds) = duration.components
      recorders.timer.recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }
  }

  private func make(_ key: Key) -> Recorders {
    let labels = [("method", key.method), ("route", key.route)]
    return Recorders(
      counter: Counter(
        label: "pithledger_http_requests_total",
        dimensions: labels + [("status", "\(key.statusClass)xx")], factory: factory),
      timer: CoreMetrics.Timer(
        label: "pithledger_http_request_duration_seconds", dimensions: labels, factory: factory))
  }

  /// A client may send any word as its method.
  private static func name(_ method: HTTPRequest.Method) -> String {
    switch method {
    case .get, .head, .post, .put, .delete, .options, .patch: method.rawValue
    default: "other"
    }
  }
}
