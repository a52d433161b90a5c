import CoreMetrics
import Foundation
import PrometheusMetrics
import TestSupport
import Testing

@Suite("Metrics as text")
struct PrometheusMetricsTests {
  private let registry = MetricRegistry([
    .init("a_total", .counter, "Counts\nthings."),
    .init("b", .gauge, "A \"gauge\" with \\."),
    .init("c_seconds", .durations(bounds: [0.001, 0.1, 1]), "Times."),
    .init("d_items", .numbers(bounds: [1, 10, 100]), "Sizes."),
    .init("e", .gauge, "Never recorded."),
  ])

  @Test("Counters, gauges and histograms in the format of Prometheus")
  func text() {
    let counter = Counter(
      label: "a_total", dimensions: [("z", "1"), ("k", "q\"\\\n")], factory: registry)
    counter.increment(by: 3)
    Counter(label: "a_total", dimensions: [("k", "q\"\\\n"), ("z", "1")], factory: registry)
      .increment()
    let meter = Meter(label: "b", factory: registry)
    meter.increment(by: 2.5)
    meter.decrement()
    let timer = CoreMetrics.Timer(label: "c_seconds", factory: registry)
    timer.recordMilliseconds(1)
    timer.recordMilliseconds(50)
    timer.recordSeconds(100)
    timer.recordNanoseconds(-5)
    let sizes = Recorder(label: "d_items", factory: registry)
    for size in [0, 1, 2, 10, 11, 100, 1_000_000] { sizes.record(size) }
    #expect(
      registry.text(.prometheus) == """
        # HELP a_total Counts\\nthings.
        # TYPE a_total counter
        a_total{k="q\\"\\\\\\n",z="1"} 4
        # HELP b A "gauge" with \\\\.
        # TYPE b gauge
        b 1.5
        # HELP c_seconds Times.
        # TYPE c_seconds histogram
        c_seconds_bucket{le="0.001"} 2
        c_seconds_bucket{le="0.1"} 3
        c_seconds_bucket{le="1.0"} 3
        c_seconds_bucket{le="+Inf"} 4
        c_seconds_sum 100.051
        c_seconds_count 4
        # HELP d_items Sizes.
        # TYPE d_items histogram
        d_items_bucket{le="1.0"} 2
        d_items_bucket{le="10.0"} 4
        d_items_bucket{le="100.0"} 6
        d_items_bucket{le="+Inf"} 7
        d_items_sum 1000124
        d_items_count 7

        """)
  }

  @Test("Samples are written beside recorded values; OpenMetrics ends with EOF")
  func samples() {
    Counter(label: "a_total", factory: registry).increment()
    let text = registry.text(
      .openMetrics,
      with: [
        MetricSample("b", 2, labels: [("x", "2")]),
        MetricSample("b", Double.infinity, labels: [("x", "1")]),
        MetricSample("unknown", 1),
      ])
    #expect(
      text == """
        # HELP a Counts\\nthings.
        # TYPE a counter
        a_total 1
        # HELP b A \\"gauge\\" with \\\\.
        # TYPE b gauge
        b{x="1"} +Inf
        b{x="2"} 2
        # EOF

        """)
  }

  @Test("Metrics that are not described, or of another kind, are not kept")
  func unknown() {
    Counter(label: "other_total", factory: registry).increment()
    Counter(label: "b", factory: registry).increment()
    Meter(label: "a_total", factory: registry).set(1)
    CoreMetrics.Timer(label: "b", factory: registry).recordSeconds(1)
    Gauge(label: "c_seconds", factory: registry).record(1)
    #expect(registry.text(.prometheus).isEmpty)
  }

  @Test("A metric has a bounded number of series, of bounded length")
  func bounded() {
    for number in 0..<10_000 {
      Counter(label: "a_total", dimensions: [("n", "\(number)")], factory: registry).increment()
    }
    let lines = registry.text(.prometheus).split(separator: "\n")
    #expect(lines.count == MetricRegistry.maxSeries + 2)
    #expect(registry.droppedSeries == 9000)
    Meter(
      label: "b", dimensions: [("x", String(repeating: "é", count: 10_000))], factory: registry
    ).set(1)
    #expect(registry.text(.prometheus).utf8.count < 40_000)
  }

  @Test("Bounds of buckets count values exactly to two digits, and no value twice")
  func buckets() {
    let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    let registry = MetricRegistry([.init("x_seconds", .durations(bounds: bounds), "X.")])
    let timer = CoreMetrics.Timer(label: "x_seconds", factory: registry)
    for bound in bounds {
      timer.recordNanoseconds(Int64(bound * 0.98 * 1e9))
      timer.recordNanoseconds(Int64(bound * 1.02 * 1e9))
    }
    let counts = registry.text(.prometheus).split(separator: "\n").dropFirst(2)
      .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    #expect(Array(counts.prefix(bounds.count)) == bounds.indices.map { Double(2 * $0 + 1) })
    #expect(counts[bounds.count] == Double(2 * bounds.count))
  }

  @Test("Recording from many threads loses nothing")
  func concurrent() async {
    let counter = Counter(label: "a_total", factory: registry)
    let meter = Meter(label: "b", factory: registry)
    let timer = CoreMetrics.Timer(label: "c_seconds", factory: registry)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            counter.increment()
            meter.increment()
            timer.recordMilliseconds(10)
          }
        }
      }
    }
    let text = registry.text(.prometheus)
    #expect(text.contains("\na_total 80000\n") && text.contains("\nb 80000\n"))
    #expect(text.contains("\nc_seconds_count 80000\n"))
    #expect(text.contains("c_seconds_bucket{le=\"0.1\"} 80000\n"))
  }

  @Test("The process's numbers agree with the kernel's")
  func process() throws {
    let samples = Dictionary(
      uniqueKeysWithValues: ProcessMetrics.samples().map { ($0.name, $0.value) })
    #expect(Set(samples.keys) == Set(ProcessMetrics.descriptions.map(\.name)))
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let resident = try #require(
      status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        .flatMap { Double($0.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) })
    let measured = try #require(samples["process_resident_memory_bytes"])
    #expect(abs(measured / 1024 / resident - 1) < 0.5)
    let start = try #require(samples["process_start_time_seconds"])
    let age = Date().timeIntervalSince1970 - start
    #expect(age > 0 && age < 86_400 && age >= Foundation.ProcessInfo.processInfo.systemUptime - 1e9)
    #expect(try #require(samples["process_cpu_seconds_total"]) > 0)
    #expect(try #require(samples["process_open_fds"]) >= 3)
  }
}
