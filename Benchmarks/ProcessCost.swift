import EmbeddedPostgres
import Foundation
import PostgresClient

/// What a load costs: processor time of the service and of PostgreSQL, transactions, and WAL.
struct ProcessCost {
  /// User and system time of the service, in seconds.
  var service = 0.0
  /// User and system time of PostgreSQL with all its processes, in seconds.
  var postgres = 0.0
  var transactions = 0.0
  var walBytes = 0.0

  /// The cost so far.
  ///
  /// - Parameters:
  ///   - service: the process id of the service.
  ///   - connection: a connection to the service's PostgreSQL, which is on this machine.
  static func now(service: Int32, _ connection: PostgresConnection) async throws -> ProcessCost {
    let row = try await connection.query(
      """
      SELECT sum(xact_commit + xact_rollback)::bigint, (pg_current_wal_insert_lsn() - '0/0')::bigint,
        split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::bigint
      FROM pg_stat_database
      """)[0]
    let server = Int32(try row.int(2))
    let times = processTimes()
    // The times of processes that ended are in those of their parent.
    let own = times.filter { $0.key == server || $0.value.parent == server }
    return ProcessCost(
      service: Double(times[service]?.ticks ?? 0) / ticksPerSecond,
      postgres: Double(own.values.reduce(0) { $0 + $1.ticks } + (times[server]?.endedTicks ?? 0))
        / ticksPerSecond,
      transactions: Double(try row.int(0)), walBytes: Double(try row.int(1)))
  }

  static func - (a: ProcessCost, b: ProcessCost) -> ProcessCost {
    ProcessCost(
      service: a.service - b.service, postgres: a.postgres - b.postgres,
      transactions: a.transactions - b.transactions, walBytes: a.walBytes - b.walBytes)
  }

  /// The mean cost of each of some submissions.
  static func / (a: ProcessCost, count: Int) -> ProcessCost {
    let count = Double(max(count, 1))
    return ProcessCost(
      service: a.service / count, postgres: a.postgres / count,
      transactions: a.transactions / count, walBytes: a.walBytes / count)
  }

  /// Prints what one submission costs, by round, and writes it to the file of results.
  static func report(
    _ name: String, _ label: String, at events: Int64, _ costs: [ProcessCost], _ bench: Bench
  ) throws {
    func add(
      _ name: String, _ label: String, _ unit: MeasuredUnit, _ value: (ProcessCost) -> Double
    ) throws { try bench.report(name, label, at: events, costs.map(value), unit) }
    try add("\(name).cpu", "\(label), processor time", .milliseconds) {
      ($0.service + $0.postgres) * 1000
    }
    try add("\(name).cpu.service", "\(label), processor time of the service", .milliseconds) {
      $0.service * 1000
    }
    try add("\(name).cpu.postgres", "\(label), processor time of PostgreSQL", .milliseconds) {
      $0.postgres * 1000
    }
    try add("\(name).transactions", "\(label), transactions", .count) { $0.transactions }
    try add("\(name).wal", "\(label), WAL", .bytes) { $0.walBytes }
  }

  private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

  private struct Times {
    let parent: Int32
    let ticks: Int
    let endedTicks: Int
  }

  /// The processor times of all processes, from `/proc/PID/stat`; see proc(5).
  private static func processTimes() -> [Int32: Times] {
    var times: [Int32: Times] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let id = Int32(name),
        let stat = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
        let end = stat.lastIndex(of: ")")
      else { continue }
      // The name before the parenthesis may contain spaces.
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      guard fields.count > 14, let parent = Int32(fields[1]) else { continue }
      let numbers = fields[11...14].map { Int($0) ?? 0 }
      times[id] = Times(
        parent: parent, ticks: numbers[0] + numbers[1], endedTicks: numbers[2] + numbers[3])
    }
    return times
  }
}
