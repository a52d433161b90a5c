import Foundation
import PostgresClient

/// The unit of a measured value.
enum MeasuredUnit: String, Encodable {
  case perSecond = "/s"
  case milliseconds = "ms"
  case mebibytes = "MiB"
  case bytes = "bytes"
  /// A number, such as of transactions.
  case count = ""

  /// Formats a value for a person.
  func text(_ value: Double) -> String {
    switch self {
    case .perSecond: "\(Int(value.rounded()))/s"
    case .milliseconds: String(format: "%.2f ms", value)
    case .mebibytes: "\(Int(value.rounded())) MiB"
    case .bytes: "\(Int(value.rounded())) bytes"
    case .count: String(format: value < 10 ? "%.2f" : "%.0f", value)
    }
  }
}

/// A quantity that was measured in rounds at one size of the log.
struct Measurement: Encodable {
  /// Never changes, so that scripts find the quantity. Begins with the same word for quantities of one kind.
  let name: String
  /// What the quantity is, for a person. Begins with the letter of the part.
  let label: String
  /// The number of events in the log.
  let events: Int64
  var unit = MeasuredUnit.perSecond
  /// The values of the ledger, by round.
  let ours: [Double]
  /// What the ledger is compared with; `nil` for nothing.
  var rival: String?
  /// The values of the comparison, by round.
  var theirs: [Double] = []

  /// One line with medians and, in brackets, the smallest and the largest value of the rounds.
  var text: String {
    var text = "\(label): \(Self.summary(ours, unit.text))"
    guard let rival else { return text }
    text += ", \(rival) \(Self.summary(theirs, unit.text))"
    // The ratio of the medians lies between the smallest and the largest ratio of a round.
    let ratio = String(format: "%.2f", Bench.median(ours) / max(Bench.median(theirs), 1e-9))
    let ratios = zip(ours, theirs).map { $0 / max($1, 1e-9) }
    guard ours.count == theirs.count, let low = ratios.min(), let high = ratios.max() else {
      return text + ", ratio \(ratio)"
    }
    return text + String(format: ", ratio %@ [%.2f to %.2f]", ratio, low, high)
  }

  private static func summary(_ values: [Double], _ text: (Double) -> String) -> String {
    guard let low = values.min(), let high = values.max() else { return "not measured" }
    let median = text(Bench.median(values))
    return values.count == 1 ? median : "\(median) [\(text(low)) to \(text(high))]"
  }
}

/// The machine and the options of a run, which its figures depend on.
struct RunDescription: Encodable {
  let date: String
  let cores: Int
  let memoryMebibytes: Int
  let processor: String
  let system: String
  let postgres: String
  let rounds: Int
  /// The options of the command line.
  let options: String

  /// Describes this machine.
  static func current(rounds: Int, _ connection: PostgresConnection) async throws -> Self {
    let information = ProcessInfo.processInfo
    let processor = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
      .split(separator: "\n").first { $0.hasPrefix("model name") }?
      .split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    return RunDescription(
      date: String(Date.now.ISO8601Format().prefix(10)), cores: information.activeProcessorCount,
      memoryMebibytes: Int(information.physicalMemory >> 20), processor: processor ?? "unknown",
      system: information.operatingSystemVersionString,
      postgres: try await connection.query("SHOW server_version")[0].text(0), rounds: rounds,
      options: CommandLine.arguments.dropFirst().joined(separator: " "))
  }
}

/// Prints results and writes them to a file as JSON lines, each as soon as it is known.
struct Results {
  private let file: FileHandle?

  /// - Parameter path: the file, which is replaced; `nil` only prints.
  init(path: String?) throws {
    guard let path else {
      file = nil
      return
    }
    try Data().write(to: URL(fileURLWithPath: path))
    file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  func begin(_ run: RunDescription) throws {
    say(
      "\(run.date): \(run.cores) cores, \(run.memoryMebibytes) MiB, \(run.processor), \(run.system), "
        + "PostgreSQL \(run.postgres), \(run.rounds) rounds")
    try write(["run": run])
  }

  func add(_ measurement: Measurement) throws {
    say(measurement.text)
    try write(["measurement": measurement])
  }

  private func write(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try file?.write(contentsOf: try encoder.encode(value) + Data("\n".utf8))
  }
}

/// Rates per second of the ledger and of the comparison, by round.
struct Rates {
  var ours: [Double] = []
  var theirs: [Double] = []

  var median: Double { Bench.median(ours) }
  var ratio: Double { median / max(Bench.median(theirs), 1) }
}

extension Bench {
  /// The median; of an even number of values, the mean of the two in the middle.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// Prints rates of the ledger and of a comparison, and writes them to the file of results.
  func report(
    _ name: String, _ label: String, at events: Int64, _ ours: [Double], _ rival: String,
    _ theirs: [Double]
  ) throws {
    try results.add(
      Measurement(
        name: name, label: label, events: events, ours: ours, rival: rival, theirs: theirs))
  }

  /// Prints values that nothing is compared with, and writes them to the file of results.
  func report(
    _ name: String, _ label: String, at events: Int64, _ values: [Double], _ unit: MeasuredUnit
  ) throws {
    try results.add(
      Measurement(name: name, label: label, events: events, unit: unit, ours: values))
  }
}
