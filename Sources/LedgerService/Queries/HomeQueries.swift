public import LedgerDomain
import LedgerStore
public import TransparencyLog

/// What the first page of a ledger shows, all as of one size of the log.
public struct HomeView: Sendable {
  /// The events that were recorded on one day, UTC.
  public struct Day: Sendable, Equatable {
    /// The midnight at which the day begins.
    public let start: Timestamp
    /// The number of events.
    public let count: Int64
  }

  /// The number of events in the log.
  public let size: TreeSize
  /// Records and events by type; `nil` while they are being counted.
  public let totals: TotalCounts?
  /// The number of registered keys.
  public let keyCount: Int
  /// The last days, the oldest first. The last one is today.
  public let days: [Day]
  /// The newest events, the newest first.
  public let latest: [EventDetail]

  /// Makes a view.
  public init(
    size: TreeSize, totals: TotalCounts?, keyCount: Int, days: [Day], latest: [EventDetail]
  ) {
    self.size = size
    self.totals = totals
    self.keyCount = keyCount
    self.days = days
    self.latest = latest
  }
}

/// Reads what the first page shows. The cost of a call does not grow with the log.
public final class HomeQueries: Sendable {
  /// The number of days of the chart.
  public static let dayCount = 30
  /// The number of newest events.
  public static let latestCount = 10
  private static let dayLength: Int64 = 86_400_000_000

  private let store: LedgerStore
  private let events: EventQueries
  private let keys: KeyQueries
  private let clock: @Sendable () -> Timestamp
  private let totals: LogTotals
  private let boundaries: DayBoundaries
  private let cache = BuildCache<Key, HomeView>(
    check: "home", maxRunning: 1, maxWaiting: 256, maxCost: 2, life: .seconds(60))

  private struct Key: Hashable, Sendable {
    let size: TreeSize
    let day: Int64
  }

  init(
    store: LedgerStore, events: EventQueries, keys: KeyQueries,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.store = store
    self.events = events
    self.keys = keys
    self.clock = clock
    totals = LogTotals(store: store)
    boundaries = DayBoundaries(store: store)
  }

  /// Reads the view. It is computed once for each size of the log.
  public func view() async throws -> HomeView {
    let size = try await store.log.size()
    let day = clock().microseconds / Self.dayLength
    let view = try await cache.value(for: Key(size: size, day: day)) {
      try await self.build(size, day)
    }
    // Counting goes on with each call until it is complete.
    if view.totals == nil { await cache.removeAll() }
    return view
  }

  private func build(_ size: TreeSize, _ day: Int64) async throws -> HomeView {
    var filter = EventFilter()
    filter.order = .descending
    let newest =
      size == 0
      ? [] : try await events.page(filter, from: size.end.previous, limit: Self.latestCount).events
    let today = Timestamp(microseconds: day * Self.dayLength)
    return HomeView(
      size: size, totals: try await totals.totals(of: size),
      keyCount: try await keys.count(),
      days: try await days(until: today, size),
      latest: try await events.details(of: newest))
  }

  /// The number of events of each day, from the positions at midnight. Times ascend with positions.
  private func days(until today: Timestamp, _ size: TreeSize) async throws -> [HomeView.Day] {
    var days: [HomeView.Day] = []
    var end = size.end
    for number in 0..<Int64(Self.dayCount) {
      let start = Timestamp(microseconds: today.microseconds - number * Self.dayLength)
      let first = min(try await boundaries.position(at: start, now: clock()), end)
      days.append(HomeView.Day(start: start, count: Int64(first.distance(to: end))))
      end = first
    }
    return days.reversed()
  }
}

/// The positions at which days begin. Those of the past do not change, and are looked up once.
private actor DayBoundaries {
  private let store: LedgerStore
  private var known: [Timestamp: Position] = [:]
  /// How long after midnight a boundary is final. Clocks of several machines differ by less.
  private static let settling: Int64 = 3_600_000_000

  init(store: LedgerStore) { self.store = store }

  func position(at start: Timestamp, now: Timestamp) async throws -> Position {
    if let position = known[start] { return position }
    let position = try await store.scanner.firstPosition(recordedFrom: start)
    if now.microseconds - start.microseconds > Self.settling {
      if known.count > 4 * HomeQueries.dayCount { known = [:] }
      known[start] = position
    }
    return position
  }
}
