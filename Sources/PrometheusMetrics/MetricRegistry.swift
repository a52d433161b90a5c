public import CoreMetrics
import Synchronization

/// Keeps the values of described metrics, and writes them as text for Prometheus.
///
/// It is the factory of swift-metrics that a process records with. The same name and labels give the same series.
public final class MetricRegistry: MetricsFactory {
  /// The largest number of series of one metric. Further ones are not kept.
  public static let maxSeries = 1000
  /// The largest number of bytes of the value of a label. The rest is cut.
  static let maxLabelBytes = 128

  /// A metric with its series, by their labels.
  final class Family: Sendable {
    let description: MetricDescription
    private let series = Mutex<[String: any Series]>([:])

    init(_ description: MetricDescription) { self.description = description }

    /// The series in the order of their labels.
    var all: [any Series] {
      series.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// The series of these labels; `nil` if there are too many.
    func find(_ labels: String, make: (String) -> any Series) -> (any Series)? {
      series.withLock { series in
        if let known = series[labels] { return known }
        guard series.count < MetricRegistry.maxSeries else { return nil }
        let made = make(labels)
        series[labels] = made
        return made
      }
    }
  }

  let families: [Family]
  private let byName: [String: Family]
  private let dropped = Atomic<Int64>(0)

  /// Makes a registry of these metrics. Of two descriptions with the same name the first counts.
  public init(_ descriptions: [MetricDescription]) {
    let families = descriptions.map { Family($0) }
    self.families = families
    byName = Dictionary(families.map { ($0.description.name, $0) }) { first, _ in first }
  }

  /// How many times a series was asked for and not kept, because its metric has too many.
  public var droppedSeries: Int64 { dropped.load(ordering: .relaxed) }

  // MARK: MetricsFactory

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    guard let family = byName[label], case .counter = family.description.kind else {
      return NOOPMetricsHandler.instance
    }
    return find(family, dimensions) { CounterSeries(labels: $0) } ?? NOOPMetricsHandler.instance
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    gauge(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    let handler: (any RecorderHandler)? =
      aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    return handler ?? NOOPMetricsHandler.instance
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  // The values of a metric stay until the process ends. A counter that vanished would look like a restart.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}

  private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries? {
    guard let family = byName[label], case .gauge = family.description.kind else { return nil }
    return find(family, dimensions) { GaugeSeries(labels: $0) }
  }

  private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramSeries? {
    guard let family = byName[label] else { return nil }
    switch family.description.kind {
    case .durations(let bounds):
      return find(family, dimensions) {
        HistogramSeries(labels: $0, bounds: bounds, isDuration: true)
      }
    case .numbers(let bounds):
      return find(family, dimensions) {
        HistogramSeries(labels: $0, bounds: bounds, isDuration: false)
      }
    case .counter, .gauge: return nil
    }
  }

  private func find<S: Series>(
    _ family: Family, _ dimensions: [(String, String)], make: (String) -> S
  ) -> S? {
    let found = family.find(TextExposition.labels(dimensions), make: make) as? S
    if found == nil { dropped.wrappingAdd(1, ordering: .relaxed) }
    return found
  }
}
