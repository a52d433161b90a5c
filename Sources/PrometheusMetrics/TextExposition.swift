/// The text formats of metrics.
public enum TextFormat: Sendable {
  /// The text-based exposition format of Prometheus, version 0.0.4.
  case prometheus
  /// OpenMetrics 1.0.0.
  case openMetrics

  /// The media type of the text.
  public var mediaType: String {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }
}

extension MetricRegistry {
  /// Writes the metrics as text, in the order of their descriptions.
  ///
  /// - Parameters:
  ///   - format: the format of the text.
  ///   - samples: numbers that were read for this text. Those of unknown metrics are left out.
  public func text(_ format: TextFormat, with samples: [MetricSample] = []) -> String {
    let sampled = Dictionary(grouping: samples, by: \.name)
    var text = TextExposition(format: format)
    for family in families {
      text.add(family, sampled[family.description.name] ?? [])
    }
    return text.finished
  }
}

/// A text of metrics that is being written.
struct TextExposition {
  let format: TextFormat
  private var text = ""

  init(format: TextFormat) { self.format = format }

  var finished: String { format == .openMetrics ? text + "# EOF\n" : text }

  mutating func add(_ family: MetricRegistry.Family, _ samples: [MetricSample]) {
    let series = family.all
    guard !series.isEmpty || !samples.isEmpty else { return }
    head(family.description)
    let name = family.description.name
    for series in series {
      switch series {
      case let counter as CounterSeries: line(name, counter.labels, "\(counter.value)")
      case let gauge as GaugeSeries: line(name, gauge.labels, Self.number(gauge.value))
      case let histogram as HistogramSeries: add(name, histogram)
      default: break
      }
    }
    guard !family.description.isHistogram else { return }
    for sample in samples.sorted(by: { Self.labels($0.labels) < Self.labels($1.labels) }) {
      line(name, Self.labels(sample.labels), Self.number(sample.value))
    }
  }

  private mutating func head(_ description: MetricDescription) {
    var name = description.name
    let type: String
    switch description.kind {
    case .counter:
      type = "counter"
      // OpenMetrics names the family without the suffix of its samples.
      if format == .openMetrics, name.hasSuffix("_total") { name.removeLast("_total".count) }
    case .gauge: type = "gauge"
    case .durations, .numbers: type = "histogram"
    }
    text += "# HELP \(name) \(Self.escaped(description.help, quotes: format == .openMetrics))\n"
    text += "# TYPE \(name) \(type)\n"
  }

  private mutating func add(_ name: String, _ histogram: HistogramSeries) {
    let snapshot = histogram.snapshot
    let before = histogram.labels.isEmpty ? "" : histogram.labels + ","
    for (bound, count) in zip(histogram.bounds, snapshot.cumulative) {
      line("\(name)_bucket", "\(before)le=\"\(bound)\"", "\(count)")
    }
    line("\(name)_bucket", "\(before)le=\"+Inf\"", "\(snapshot.count)")
    line("\(name)_sum", histogram.labels, Self.number(snapshot.sum))
    line("\(name)_count", histogram.labels, "\(snapshot.count)")
  }

  private mutating func line(_ name: String, _ labels: String, _ value: String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  /// The labels as they are written, in the order of their names. Values are cut and escaped.
  static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.sorted { $0.0 < $1.0 }.map { name, value in
      "\(name)=\"\(escaped(cut(value), quotes: true))\""
    }.joined(separator: ",")
  }

  private static func cut(_ value: String) -> String {
    guard value.utf8.count > MetricRegistry.maxLabelBytes else { return value }
    var cut = value
    while cut.utf8.count > MetricRegistry.maxLabelBytes { cut.removeLast() }
    return cut
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// A number as both formats write it.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), value.magnitude < 1e15 { return "\(Int64(value))" }
    return "\(value)"
  }
}
