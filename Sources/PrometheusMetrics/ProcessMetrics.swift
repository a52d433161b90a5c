import Foundation

/// What the kernel says about this process, under the names that Prometheus clients use.
public enum ProcessMetrics {
  /// The descriptions of the metrics.
  public static let descriptions: [MetricDescription] = [
    .init(
      "process_cpu_seconds_total", .counter, "CPU time of the process, in user and system mode."),
    .init("process_resident_memory_bytes", .gauge, "Resident memory of the process."),
    .init("process_virtual_memory_bytes", .gauge, "Virtual memory of the process."),
    .init("process_open_fds", .gauge, "Open file descriptors of the process."),
    .init("process_max_fds", .gauge, "Limit of open file descriptors of the process."),
    .init("process_start_time_seconds", .gauge, "When the process started, in Unix time."),
  ]

  /// Reads the numbers from `/proc`. Those that cannot be read are left out.
  public static func samples() -> [MetricSample] {
    var samples: [MetricSample] = []
    if let stat = Stat() {
      samples += [
        MetricSample("process_cpu_seconds_total", stat.cpuSeconds),
        MetricSample("process_resident_memory_bytes", stat.residentBytes),
        MetricSample("process_virtual_memory_bytes", stat.virtualBytes),
      ]
      if let boot = bootTime {
        samples.append(MetricSample("process_start_time_seconds", boot + stat.startSeconds))
      }
    }
    if let count = openDescriptors { samples.append(MetricSample("process_open_fds", count)) }
    var limit = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      samples.append(MetricSample("process_max_fds", limit.rlim_cur))
    }
    return samples
  }

  /// `/proc/self/stat`: see proc(5).
  private struct Stat {
    let cpuSeconds: Double
    let startSeconds: Double
    let virtualBytes: Double
    let residentBytes: Double

    init?() {
      guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
        let name = text.lastIndex(of: ")")
      else { return nil }
      // The name of the program, which may contain spaces, ends with the last parenthesis. The state follows as
      // field 3.
      let fields = text[name...].split(separator: " ").dropFirst().map { Double($0) }
      guard fields.count > 21, let user = fields[11], let system = fields[12],
        let start = fields[19], let virtual = fields[20], let pages = fields[21]
      else { return nil }
      let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
      cpuSeconds = (user + system) / ticks
      startSeconds = start / ticks
      virtualBytes = virtual
      residentBytes = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
  }

  /// When the machine started, in Unix time. It does not change while the process runs.
  private static let bootTime: Double? = {
    guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
    return text.split(separator: "\n").first { $0.hasPrefix("btime ") }
      .flatMap { Double($0.dropFirst("btime ".count)) }
  }()

  private static var openDescriptors: Int? {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else {
      return nil
    }
    // Reading the directory uses one.
    return max(0, names.count - 1)
  }
}
