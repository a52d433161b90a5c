import DurableFiles
import Foundation
public import Logging

/// Why the private PostgreSQL is not there, and what to do about it.
public struct EmbeddedPostgresError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    case notInstalled, noServerUser, unsafeSetting, dataDirectory, initdbFailed, startFailed
  }
  public let code: Code
  public let message: String
  public var description: String { "\(message) [\(code.rawValue)]" }
  public static func == (a: Self, b: Self) -> Bool { a.code == b.code }
}

/// A private PostgreSQL under the ledger's data directory, reached through a Unix socket alone.
///
/// Its postmaster outlives a `kill -9` of this program; the next start joins it. Processes share it by
/// holding a lease, and the last one out stops it.
public final class EmbeddedPostgres: Sendable {
  public let uri: String
  /// Whether this start made the cluster.
  public let createdCluster: Bool
  private let installation: Installation
  private let home: String
  private let socket: String
  private let settings: [String: String]
  private let dataDirectory: String
  private let lease: FileLock
  private var cluster: String { home + "/data" }

  private init(
    uri: String, createdCluster: Bool, installation: Installation, home: String, socket: String,
    settings: [String: String], dataDirectory: String, lease: FileLock
  ) {
    self.uri = uri
    self.createdCluster = createdCluster
    self.installation = installation
    self.home = home
    self.socket = socket
    self.settings = settings
    self.dataDirectory = dataDirectory
    self.lease = lease
  }

  /// Settings that would lose acknowledged events in a crash.
  static let durable = ["fsync", "full_page_writes", "synchronous_commit"]

  /// Starts the server of a data directory or joins it, creating cluster and database the first time.
  ///
  /// - Parameter settings: further settings of PostgreSQL; one that gives up durability is refused.
  public static func start(
    dataDirectory: String, database: String = "pithledger", settings: [String: String] = [:],
    logger: Logger
  ) async throws -> EmbeddedPostgres {
    for name in durable {
      if let value = settings[name], !["on", "remote_apply", "remote_write"].contains(value) {
        throw EmbeddedPostgresError(
          code: .unsafeSetting, message: "\(name)=\(value) could lose acknowledged events")
      }
    }
    let directory = URL(fileURLWithPath: dataDirectory).standardizedFileURL.path
    let installation = try Installation.find()
    try makeDirectory(directory, traversable: installation.user != nil)
    let gate = try FileLock(path: directory + "/postgres.lock")
    try await gate.lock(exclusive: true)
    defer { gate.unlock() }
    let lease = try FileLock(path: directory + "/postgres.lease")
    try await lease.lock(exclusive: false)
    let home = try clusterHome(directory, installation, logger)
    let cluster = home + "/data"
    let created = !FileManager.default.fileExists(atPath: cluster + "/PG_VERSION")
    if created { try await initialise(cluster, installation) }
    let socket = try socketDirectory(home, installation)
    if try await runningPID(cluster, installation) == nil {
      try await startServer(cluster, home, socket, settings, installation)
    }
    try await makeDatabase(database, socket, installation)
    return EmbeddedPostgres(
      uri: uri(socket: socket, database: database), createdCluster: created,
      installation: installation, home: home, socket: socket, settings: settings,
      dataDirectory: directory, lease: lease)
  }

  /// The postmaster's process, if it lives.
  public var postmasterPID: Int32? {
    guard let text = try? String(contentsOfFile: cluster + "/postmaster.pid", encoding: .utf8),
      let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }),
      kill(pid, 0) == 0 || errno == EPERM
    else { return nil }
    return pid
  }

  /// Starts the server again whenever it has died, until the task is cancelled: there is no service
  /// manager that would.
  public func keepRunning(logger: Logger) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(500))
      guard !Task.isCancelled, postmasterPID == nil else { continue }
      do {
        let gate = try FileLock(path: dataDirectory + "/postgres.lock")
        try await gate.lock(exclusive: true)
        defer { gate.unlock() }
        guard try await Self.runningPID(cluster, installation) == nil else { continue }
        logger.warning("the private PostgreSQL is gone: starting it again")
        try await Self.startServer(cluster, home, socket, settings, installation)
      } catch is CancellationError {
      } catch {
        logger.error("the private PostgreSQL cannot be started again: \(error)")
      }
    }
  }

  static let superuser = "pithledger"

  private static func uri(socket: String, database: String) -> String {
    let host = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? socket
    return "postgresql:///\(database)?host=\(host)&user=\(superuser)"
  }

  /// Another database of the same server.
  public func uri(database: String) -> String {
    uri.replacing(/\/\/\/[^?]*/, with: "///\(database)")
  }

  /// Gives up this process's share; the last one out stops the server and waits for it.
  public func stop() async throws {
    let gate = try FileLock(path: dataDirectory + "/postgres.lock")
    try await gate.lock(exclusive: true)
    defer { gate.unlock() }
    lease.unlock()
    let all = try FileLock(path: dataDirectory + "/postgres.lease")
    guard all.tryLockExclusive() else { return }
    defer { all.unlock() }
    _ = try await installation.run("pg_ctl", ["-D", cluster, "-m", "fast", "-w", "stop"])
  }

  // MARK: Steps

  /// Makes a directory of ours, which the server's user may walk through where that is another; the mode of one
  /// that is there stays as it is.
  private static func makeDirectory(_ path: String, traversable: Bool) throws {
    do throws(DurableFileError) {
      try OwnedDirectory.prepare(path, mode: traversable ? 0o711 : 0o700)
    } catch { throw EmbeddedPostgresError(code: .dataDirectory, message: error.message) }
  }

  /// The directory that holds the cluster: under the data directory, or, where the server's user cannot
  /// get there (as under root's home), under /var/lib/pithledger with a link to it.
  private static func clusterHome(
    _ directory: String, _ installation: Installation, _ logger: Logger
  ) throws -> String {
    let place = directory + "/postgres"
    if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place) {
      return target
    }
    guard let user = installation.user else {
      try makeDirectory(place, traversable: false)
      return place
    }
    var home = place
    if !user.canReach(directory) {
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      for byte in directory.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      home = "/var/lib/pithledger/" + String(hash, radix: 16)
    }
    if !FileManager.default.fileExists(atPath: home) {
      try makeDirectory(
        URL(fileURLWithPath: home).deletingLastPathComponent().path, traversable: true)
      try FileManager.default.createDirectory(
        atPath: home, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      guard unsafe chown(home, user.uid, user.gid) == 0 else {
        throw EmbeddedPostgresError(
          code: .dataDirectory, message: "\(home) cannot be given to the user \(user.name)")
      }
    }
    if home != place {
      logger.notice(
        "the user \(user.name) cannot reach \(directory): the database is kept in \(home), linked from there"
      )
      try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: home)
    }
    return home
  }

  /// Makes a cluster beside its place and moves it there whole, so that a crash leaves no half of one.
  private static func initialise(_ cluster: String, _ installation: Installation) async throws {
    let draft = cluster + ".new"
    _ = try await installation.run("rm", ["-rf", draft], plain: true)
    let result = try await installation.run(
      "initdb",
      [
        "-D", draft, "-U", superuser, "-E", "UTF8", "--locale=C", "--auth-local=trust",
        "--auth-host=reject", "--data-checksums",
      ])
    guard result.succeeded else {
      throw EmbeddedPostgresError(
        code: .initdbFailed, message: "initdb failed: \(result.lastLines)")
    }
    guard unsafe rename(draft, cluster) == 0 else {
      throw EmbeddedPostgresError(
        code: .initdbFailed, message: "the new cluster could not be moved to \(cluster)")
    }
  }

  private static func socketDirectory(
    _ home: String, _ installation: Installation
  ) throws -> String {
    // A socket's path has at most 107 bytes, and the file's name takes some of them.
    if home.utf8.count < 85 { return home }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in home.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let path = "/tmp/pithledger-" + String(hash, radix: 16)
    if !FileManager.default.fileExists(atPath: path) {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      if let user = installation.user { _ = unsafe chown(path, user.uid, user.gid) }
    }
    // Anyone may make a name in /tmp: what is there must be the server user's own.
    var info = stat()
    let owner = installation.user?.uid ?? getuid()
    guard unsafe lstat(path, &info) == 0, info.st_uid == owner, info.st_mode & 0o077 == 0 else {
      throw EmbeddedPostgresError(
        code: .dataDirectory,
        message: "\(path) belongs to somebody else: remove it, or move the data directory")
    }
    return path
  }

  private static func runningPID(
    _ cluster: String, _ installation: Installation
  ) async throws -> Int32? {
    guard try await installation.run("pg_ctl", ["-D", cluster, "status"]).succeeded,
      let text = try? String(contentsOfFile: cluster + "/postmaster.pid", encoding: .utf8),
      let line = text.split(separator: "\n").first
    else { return nil }
    return Int32(line)
  }

  /// Megabytes that the server may fill with pages: an eighth of the machine's memory, from 128 MB to 4 GB.
  /// The indexes of a large log do not fit into PostgreSQL's own default, and every append would fetch and
  /// write pages of theirs.
  private static var sharedBuffers: UInt64 {
    min(4096, max(128, ProcessInfo.processInfo.physicalMemory >> 23))
  }

  private static func startServer(
    _ cluster: String, _ home: String, _ socket: String, _ settings: [String: String],
    _ installation: Installation
  ) async throws {
    var all = [
      "listen_addresses": "", "unix_socket_directories": socket, "unix_socket_permissions": "0700",
      "shared_buffers": "\(sharedBuffers)MB", "max_connections": "100", "fsync": "on",
      "full_page_writes": "on",
      "synchronous_commit": "on", "wal_compression": "on", "max_wal_size": "2GB",
    ]
    // Where this build has lz4, full pages in the write-ahead log cost a fraction of the time.
    let hasLZ4 = try await installation.run(
      "postgres", ["-D", cluster, "-c", "wal_compression=lz4", "-C", "wal_compression"]
    ).succeeded
    if hasLZ4 { all["wal_compression"] = "lz4" }
    all.merge(settings) { $1 }
    let options = all.sorted { $0.key < $1.key }.map { "-c \($0.key)='\($0.value)'" }
      .joined(separator: " ")
    var result = RunResult(succeeded: false, output: "")
    // After a crash of the postmaster its last backends may hold the memory for a moment longer.
    for attempt in 0..<20 {
      if attempt > 0 { try await Task.sleep(for: .milliseconds(250)) }
      result = try await installation.run(
        "pg_ctl",
        ["-D", cluster, "-l", home + "/postgres.log", "-w", "-t", "120", "-o", options, "start"])
      if result.succeeded { return }
    }
    let log =
      (try? String(contentsOfFile: home + "/postgres.log", encoding: .utf8)) ?? result.output
    throw EmbeddedPostgresError(
      code: .startFailed,
      message:
        "PostgreSQL does not start; \(home)/postgres.log ends: \(RunResult(succeeded: false, output: log).lastLines)"
    )
  }

  private static func makeDatabase(
    _ database: String, _ socket: String, _ installation: Installation
  ) async throws {
    let result = try await installation.run(
      "createdb", ["-h", socket, "-U", superuser, "-T", "template0", database])
    // A standby takes no CREATE DATABASE; what its primary has, it has.
    guard
      result.succeeded || result.output.contains("already exists")
        || result.output.contains("read-only transaction")
    else {
      throw EmbeddedPostgresError(
        code: .startFailed, message: "the database could not be made: \(result.lastLines)")
    }
  }
}

struct RunResult: Sendable {
  let succeeded: Bool
  let output: String
  var lastLines: String {
    output.split(separator: "\n").suffix(4).joined(separator: "; ")
  }
}

/// Where PostgreSQL's programs are, and as whom they run.
struct Installation: Sendable {
  struct User: Sendable {
    let name: String
    let uid: uid_t
    let gid: gid_t

    /// Whether this user may walk down to a directory.
    func canReach(_ path: String) -> Bool {
      var current = ""
      for part in path.split(separator: "/") {
        current += "/" + part
        var info = stat()
        guard unsafe stat(current, &info) == 0 else { return false }
        let bit: mode_t =
          info.st_uid == uid ? 0o100 : info.st_gid == gid ? 0o010 : 0o001
        if info.st_mode & bit == 0 { return false }
      }
      return true
    }
  }

  let directory: String
  /// `nil` where the programs run as whoever runs this one.
  let user: User?

  static func find() throws -> Installation {
    let directory = try programs()
    guard getuid() == 0 else { return Installation(directory: directory, user: nil) }
    // PostgreSQL refuses to run as root.
    guard let entry = unsafe getpwnam("postgres") else {
      throw EmbeddedPostgresError(
        code: .noServerUser,
        message:
          "PostgreSQL does not run as root, and there is no user postgres: apt-get install postgresql, or start as another user"
      )
    }
    return unsafe Installation(
      directory: directory,
      user: User(name: "postgres", uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid))
  }

  private static func programs() throws -> String {
    let needed = ["initdb", "postgres", "pg_ctl", "createdb"]
    func isComplete(_ directory: String) -> Bool {
      needed.allSatisfy { FileManager.default.isExecutableFile(atPath: directory + "/" + $0) }
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for directory in path.split(separator: ":").map(String.init) where isComplete(directory) {
      return directory
    }
    let root = "/usr/lib/postgresql"
    let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
      .compactMap { Int($0) }.sorted(by: >)
    for version in versions where version >= 15 {
      let directory = "\(root)/\(version)/bin"
      if isComplete(directory) { return directory }
    }
    throw EmbeddedPostgresError(
      code: .notInstalled,
      message:
        "PostgreSQL 15 or newer was not found: apt-get install postgresql, or set PITHLEDGER_DATABASE_URL"
    )
  }

  /// Runs one of the programs to its end, with a clean environment.
  func run(_ program: String, _ arguments: [String], plain: Bool = false) async throws -> RunResult
  {
    var command = [plain ? "/bin/\(program)" : "\(directory)/\(program)"] + arguments
    if let user {
      // The change of user is left to a program of its own: made between fork and exec of a process
      // with threads, it can wait for ever.
      command =
        ["/usr/bin/setpriv", "--reuid", user.name, "--regid", "\(user.gid)", "--init-groups", "--"]
        + command
    }
    // A file, not a pipe: the server inherits it, and a pipe would stay open as long as it runs.
    let path = "/tmp/pithledger-run-\(UUID().uuidString)"
    let output = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard output >= 0 else {
      throw EmbeddedPostgresError(code: .startFailed, message: "\(path) cannot be written")
    }
    defer {
      close(output)
      try? FileManager.default.removeItem(atPath: path)
    }
    // A directory that the server's user may enter, whatever this program was started in.
    let arguments = ["/usr/bin/env", "--chdir=/"] + command
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      // Foundation's Process waits for every heir of its socket, and the server is one; this waits for
      // the program alone, on a thread that may block.
      Thread.detachNewThread {
        continuation.resume(with: Result { try Self.spawn(arguments, output: output) })
      }
    }
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return RunResult(succeeded: status == 0, output: text)
  }

  /// Runs a command to its end, and answers what `waitpid` says of it.
  private static func spawn(_ command: [String], output: Int32) throws -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    let variables: [String] = ["LC_ALL=C", "PATH=/usr/bin:/bin"]
    var environment: [UnsafeMutablePointer<CChar>?] = unsafe variables.map { unsafe strdup($0) }
    unsafe environment.append(nil)
    let pointers = unsafe arguments + environment
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    var pid: pid_t = 0
    let failure = unsafe posix_spawn(&pid, command[0], &actions, nil, arguments, environment)
    guard failure == 0 else {
      throw EmbeddedPostgresError(
        code: .startFailed,
        message: "\(command[0]) cannot be run: \(unsafe String(cString: strerror(failure)))")
    }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status
  }
}
