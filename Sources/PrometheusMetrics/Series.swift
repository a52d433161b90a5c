import CoreMetrics
import Histogram
import Synchronization

/// The values of one metric with one set of labels.
protocol Series: AnyObject, Sendable {
  /// The labels as they are written: `route="/x",method="GET"`. Empty without labels.
  var labels: String { get }
}

/// A counter. An increment is one atomic addition.
final class CounterSeries: Series, CounterHandler {
  let labels: String
  private let count = Atomic<Int64>(0)

  init(labels: String) { self.labels = labels }

  var value: Int64 { count.load(ordering: .relaxed) }

  func increment(by amount: Int64) {
    // A counter never falls. Its overflow takes centuries.
    if amount > 0 { count.wrappingAdd(amount, ordering: .relaxed) }
  }

  func reset() { count.store(0, ordering: .relaxed) }
}

/// A gauge, as an atomic pattern of bits.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
  let labels: String
  private let bits = Atomic<UInt64>(0)

  init(labels: String) { self.labels = labels }

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
  func increment(by amount: Double) { add(amount) }
  func decrement(by amount: Double) { add(-amount) }

  private func add(_ amount: Double) {
    var old = bits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(
        expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }
}

/// A distribution in an HdrHistogram of two significant digits.
///
/// The memory is fixed by the largest bound: about 20 kB for bounds in seconds. Larger values count as the largest
/// one that the histogram holds, which is above every bound. A recording holds the lock for some nanoseconds.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
  /// The state at one moment.
  struct Snapshot: Sendable {
    /// How many values are at most each bound.
    let cumulative: [UInt64]
    let count: UInt64
    let sum: Double
  }

  private struct State {
    var histogram: Histogram<UInt64>
    var count: UInt64 = 0
    /// The sum of all values, in nanoseconds or whole numbers.
    var sum: Double = 0
  }

  let labels: String
  let bounds: [Double]
  /// Values are kept in microseconds and not in nanoseconds.
  private let isDuration: Bool
  private let highest: UInt64
  private let edges: [UInt64]
  private let state: Mutex<State>

  /// - Parameter bounds: ascending and positive.
  init(labels: String, bounds: [Double], isDuration: Bool) {
    self.labels = labels
    self.bounds = bounds
    self.isDuration = isDuration
    edges = bounds.map { UInt64(isDuration ? $0 * 1_000_000 : $0) }
    let highest = max(1024, 2 * (edges.last ?? 0))
    self.highest = highest
    state = Mutex(
      State(
        histogram: Histogram(
          highestTrackableValue: highest, numberOfSignificantValueDigits: .two)))
  }

  func recordNanoseconds(_ duration: Int64) { add(UInt64(max(0, duration))) }
  func record(_ value: Int64) { add(UInt64(max(0, value))) }

  func record(_ value: Double) {
    guard value.isFinite, value >= 0 else { return }
    add(UInt64(min(value, 1e18)))
  }

  private func add(_ value: UInt64) {
    let kept = min(isDuration ? value / 1000 : value, highest)
    state.withLock {
      _ = $0.histogram.record(kept)
      $0.count &+= 1
      $0.sum += Double(value)
    }
  }

  var snapshot: Snapshot {
    state.withLock { state in
      var cumulative: [UInt64] = []
      var total: UInt64 = 0
      var from: UInt64 = 0
      for edge in edges {
        // Neighbouring values share a counter. One that holds the edge counts as below it.
        if from <= edge {
          total += state.histogram.count(within: from...edge)
          from = state.histogram.nextNonEquivalentForValue(edge)
        }
        cumulative.append(total)
      }
      return Snapshot(
        cumulative: cumulative, count: state.count,
        sum: isDuration ? state.sum / 1_000_000_000 : state.sum)
    }
  }
}
