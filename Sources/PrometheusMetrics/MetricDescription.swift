/// A metric that a registry knows: its name, its kind and its help text.
///
/// A registry keeps no other metrics. What a library records under another name takes no memory.
public struct MetricDescription: Sendable {
  /// The kinds of metrics.
  public enum Kind: Sendable {
    /// A number that only grows. Its name ends with `_total`.
    case counter
    /// A number that grows and falls.
    case gauge
    /// The distribution of durations, in seconds.
    case durations(bounds: [Double])
    /// The distribution of numbers, such as sizes of batches.
    case numbers(bounds: [Double])
  }

  /// The name, as in the text: `pithledger_http_requests_total`.
  public let name: String
  /// The kind.
  public let kind: Kind
  /// What the metric says, in one line.
  public let help: String

  /// Describes a metric.
  public init(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    self.kind = kind
    self.help = help
  }

  var isHistogram: Bool {
    switch kind {
    case .durations, .numbers: true
    case .counter, .gauge: false
    }
  }
}

/// A number that is read when the metrics are asked for, and not recorded when it changes.
public struct MetricSample: Sendable {
  /// The name of a described metric.
  public let name: String
  /// The labels, by name.
  public let labels: [(String, String)]
  /// The number.
  public let value: Double

  /// Makes a sample.
  public init(_ name: String, _ value: Double, labels: [(String, String)] = []) {
    self.name = name
    self.labels = labels
    self.value = value
  }

  /// Makes a sample of a whole number.
  public init(_ name: String, _ value: some BinaryInteger, labels: [(String, String)] = []) {
    self.init(name, Double(value), labels: labels)
  }
}
