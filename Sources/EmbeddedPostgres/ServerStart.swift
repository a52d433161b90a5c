import Foundation
import Logging
import PostgresClient

/// One attempt to bring up the private server, until it accepts a connection. The caller holds the lock
/// of the data directory.
struct ServerStart {
  let installation: Installation
  let postmaster: PostmasterFile
  /// The directory that holds the cluster and the server's log.
  let home: String
  /// The directory of the server's socket.
  let socket: String
  /// Further settings of PostgreSQL.
  let settings: [String: String]
  /// The URI of the database `postgres`.
  let uri: String
  let logger: Logger

  /// The options of the server, which are determined once.
  private var options: String?
  /// The time since which the server reports ready and accepts no connection.
  private var readySince: ContinuousClock.Instant?
  /// The time of the first `pg_ctl start` that failed.
  private var firstFailure: ContinuousClock.Instant?
  private var lastFailure: any Error = CancellationError()

  /// The longest time for a server to replay its write-ahead log or to stop.
  private static let startTimeout: Duration = .seconds(120)
  /// The longest time in which a server that reports ready refuses connections, or in which starts fail.
  private static let failureTimeout: Duration = .seconds(15)
  /// The time after which processes of an earlier server are ended that prevent a start.
  private static let orphanTimeout: Duration = .seconds(1.5)

  private var cluster: String { home + "/data" }
  private var logPath: String { home + "/postgres.log" }

  init(
    installation: Installation, postmaster: PostmasterFile, home: String, socket: String,
    settings: [String: String], uri: String, logger: Logger
  ) {
    self.installation = installation
    self.postmaster = postmaster
    self.home = home
    self.socket = socket
    self.settings = settings
    self.uri = uri
    self.logger = logger
  }

  /// Connects to the server. Waits while it starts or stops, and starts it if it does not run.
  ///
  /// Errors: `startFailed`.
  mutating func run() async throws -> PostgresConnection {
    let start = ContinuousClock.now
    while ContinuousClock.now - start < Self.startTimeout {
      switch postmaster.state() {
      case .running(let pid, let isReady):
        if let connection = try await connect(to: pid, isReady: isReady) { return connection }
      case .unfinished: try await postmaster.removeIfUnfinished()
      case .stale(let pid):
        logger.notice("postmaster.pid names process \(pid), which is not a running PostgreSQL")
        try await postmaster.disown(pid)
      case .absent:
        if try await startPostmaster() { continue }
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw lastFailure
  }

  /// Connects to a running server. Returns `nil` if it accepts no connection yet.
  ///
  /// Errors: `startFailed` if the server has reported ready for 15 seconds. It does not recover by itself.
  private mutating func connect(
    to pid: Int32, isReady: Bool
  ) async throws -> PostgresConnection? {
    let configuration = PostgresConfiguration(uri: uri, connectTimeout: .seconds(5))
    do { return try await PostgresConnection.connect(configuration) } catch { lastFailure = error }
    guard isReady, case .running(pid, _) = postmaster.state() else { return nil }
    let since = readySince ?? .now
    readySince = since
    if ContinuousClock.now - since > Self.failureTimeout {
      throw EmbeddedPostgresError(
        code: .startFailed,
        message: "the private PostgreSQL (process \(pid)) accepts no connection: \(lastFailure)")
    }
    return nil
  }

  /// Starts the server. Returns whether the start succeeded.
  ///
  /// Errors: `startFailed` if starts have failed for 15 seconds.
  private mutating func startPostmaster() async throws -> Bool {
    readySince = nil
    let options = if let options { options } else { try await makeOptions() }
    self.options = options
    try await postmaster.removeStaleLock(ofSocketIn: socket)
    let result = try await installation.run(
      "pg_ctl",
      ["-D", cluster, "-l", logPath, "-w", "-t", "120", "-o", options, "start"])
    if result.succeeded { return true }
    let failure = EmbeddedPostgresError(code: .startFailed, message: describe(result))
    lastFailure = failure
    let since = firstFailure ?? .now
    firstFailure = since
    let failing = ContinuousClock.now - since
    if failing > Self.failureTimeout { throw failure }
    // After a crash of the postmaster its backends keep the shared memory until they notice. A stopped
    // backend never notices.
    if failing > Self.orphanTimeout { postmaster.killOrphans(logger: logger) }
    return false
  }

  private func describe(_ result: RunResult) -> String {
    let log = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? result.output
    return "PostgreSQL does not start; \(logPath) ends: "
      + RunResult(succeeded: false, output: log).lastLines
  }

  // MARK: Options

  /// `shared_buffers` in MB: an eighth of the machine's memory, between 128 and 4096. The indexes
  /// of a large log do not fit into PostgreSQL's default, so that every append would read and write
  /// their pages.
  private static var sharedBuffers: UInt64 {
    min(4096, max(128, ProcessInfo.processInfo.physicalMemory >> 23))
  }

  /// The options of the server's command line.
  private func makeOptions() async throws -> String {
    var all = [
      "listen_addresses": "", "unix_socket_directories": socket, "unix_socket_permissions": "0700",
      "port": EmbeddedPostgres.port, "shared_buffers": "\(Self.sharedBuffers)MB",
      "max_connections": "100",
      "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "wal_compression": "on",
      "max_wal_size": "2GB",
    ]
    // With lz4, if this build has it, writing full pages to the write-ahead log takes much less time.
    if try await supports("wal_compression", "lz4") { all["wal_compression"] = "lz4" }
    // After a crash PostgreSQL flushes each of the cluster's files by itself, which takes many seconds
    // on a slow disk; one call flushes the whole file system. Linux reports the errors of that call
    // from 5.8 on.
    let kernel = OperatingSystemVersion(majorVersion: 5, minorVersion: 8, patchVersion: 0)
    if ProcessInfo.processInfo.isOperatingSystemAtLeast(kernel),
      try await supports("recovery_init_sync_method", "syncfs")
    {
      all["recovery_init_sync_method"] = "syncfs"
    }
    all.merge(settings) { $1 }
    return all.sorted { $0.key < $1.key }.map { "-c \($0.key)='\($0.value)'" }
      .joined(separator: " ")
  }

  /// Whether this build of PostgreSQL knows a value of a setting.
  private func supports(_ setting: String, _ value: String) async throws -> Bool {
    try await installation.run(
      "postgres", ["-D", cluster, "-c", "\(setting)=\(value)", "-C", setting]
    ).succeeded
  }
}
