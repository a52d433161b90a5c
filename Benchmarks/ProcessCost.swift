import EmbeddedPostgres
import Foundation
import PostgresClient

/// What a load costs: processor time of the service and of PostgreSQL, transactions, and WAL.
struct ProcessCost {
  /// User and system time of the service, in seconds.
  var service = 0.0
  /// User and system time of PostgreSQL with all its processes, in seconds.
  var postgres = 0.0
  var transactions: Int64 = 0
  var walBytes: Int64 = 0

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
      transactions: try row.int(0), walBytes: try row.int(1))
  }

  static func - (a: ProcessCost, b: ProcessCost) -> ProcessCost {
    ProcessCost(
      service: a.service - b.service, postgres: a.postgres - b.postgres,
      transactions: a.transactions - b.transactions, walBytes: a.walBytes - b.walBytes)
  }

  /// The cost of each of `count` submissions.
  func text(per count: Int) -> String {
    func each(_ value: Double, _ format: String) -> String {
      String(format: format, value / Double(max(count, 1)))
    }
    return
      "\(each((service + postgres) * 1000, "%.2f")) ms of processor time (service "
      + "\(each(service * 1000, "%.2f")), PostgreSQL \(each(postgres * 1000, "%.2f"))), "
      + "\(each(Double(transactions), "%.2f")) transactions, \(each(Double(walBytes), "%.0f")) bytes of WAL"
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
