import DurableFiles
import Foundation
public import Logging
import PostgresClient

/// The reason why the private PostgreSQL is not available. Two errors are equal if their codes are
/// equal.
public struct EmbeddedPostgresError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of error. `dataDirectory` covers the data directory and the socket's directory.
  public enum Code: String, Sendable {
    /// The message of the error says what to do.
    case notInstalled, noServerUser, unsafeSetting, dataDirectory, initdbFailed, startFailed
  }
  /// The kind of error.
  public let code: Code
  /// A description in English, with what to do.
  public let message: String
  /// The message with the code.
  public var description: String { "\(message) [\(code.rawValue)]" }
  /// Compares the codes.
  public static func == (a: Self, b: Self) -> Bool { a.code == b.code }
}

/// A private PostgreSQL server under the ledger's data directory. It listens on a Unix socket only,
/// and only the user of this process can connect.
///
/// The postmaster continues to run after a `kill -9` of this program. The next start uses it again.
/// Several processes share the server; each holds a lease, and the last one to stop also stops the
/// server.
public final class EmbeddedPostgres: Sendable {
  /// The URI of the database that `start` created or found, as the owner of the cluster.
  public var uri: String { uri(database: database) }
  /// Whether this start created the cluster.
  public let createdCluster: Bool
  private let installation: Installation
  private let home: String
  private let socket: String
  private let database: String
  private let settings: [String: String]
  private let dataDirectory: String
  private let lease: FileLock
  private let postmaster: PostmasterFile
  private var cluster: String { home + "/data" }

  private init(
    createdCluster: Bool, installation: Installation, home: String, socket: String,
    database: String, settings: [String: String], dataDirectory: String, lease: FileLock,
    postmaster: PostmasterFile
  ) {
    self.createdCluster = createdCluster
    self.installation = installation
    self.home = home
    self.socket = socket
    self.database = database
    self.settings = settings
    self.dataDirectory = dataDirectory
    self.lease = lease
    self.postmaster = postmaster
  }

  /// Settings whose change could lose acknowledged events in a crash.
  static let durable = ["fsync", "full_page_writes", "synchronous_commit"]

  /// Starts the server of a data directory, or joins a running one. The first start creates the
  /// cluster and the database.
  ///
  /// - Parameters:
  ///   - dataDirectory: the data directory of the ledger, in which the cluster lies.
  ///   - database: the name of the database.
  ///   - logins: further roles as which the user of this process may log in.
  ///   - settings: further settings of PostgreSQL. A value that could lose acknowledged events in a crash, such as
  ///     `fsync=off`, is refused.
  ///   - logger: the log of the process.
  public static func start(
    dataDirectory: String, database: String = "pithledger", logins: [String] = [],
    settings: [String: String] = [:], logger: Logger
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
    let access = ClusterAccess(logins: [superuser] + ledgerLogins + logins.sorted())
    let postmaster = PostmasterFile(cluster: cluster, installation: installation)
    if try await access.install(in: cluster, installation) { postmaster.reload() }
    let server = EmbeddedPostgres(
      createdCluster: created, installation: installation, home: home,
      socket: try socketDirectory(home, installation), database: database, settings: settings,
      dataDirectory: directory, lease: lease, postmaster: postmaster)
    let connection = try await server.bringUp(logger: logger)
    do {
      try await makeDatabase(database, connection)
      await connection.close()
    } catch {
      await connection.close()
      throw error
    }
    return server
  }

  /// Whether a data directory has a cluster. Creates nothing.
  public static func hasCluster(dataDirectory: String) -> Bool {
    let directory = URL(fileURLWithPath: dataDirectory).standardizedFileURL.path
    return FileManager.default.fileExists(atPath: directory + "/postgres/data/PG_VERSION")
  }

  /// The process ID of the postmaster; `nil` if it does not run.
  public var postmasterPID: Int32? {
    guard case .running(let pid, _) = postmaster.state() else { return nil }
    return pid
  }

  /// Restarts the server each time it dies, until the task is cancelled. No service manager
  /// supervises the private server.
  public func keepRunning(logger: Logger) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(500))
      guard !Task.isCancelled, postmasterPID == nil else { continue }
      do {
        let gate = try FileLock(path: dataDirectory + "/postgres.lock")
        try await gate.lock(exclusive: true)
        defer { gate.unlock() }
        guard postmasterPID == nil else { continue }
        logger.warning("the private PostgreSQL is gone: starting it again")
        try await bringUp(logger: logger).close()
      } catch is CancellationError {
      } catch {
        logger.error("the private PostgreSQL cannot be started again: \(error)")
      }
    }
  }

  static let superuser = "pithledger"
  /// The login roles that a ledger's migrations create. Every start allows them, so that it does
  /// not lock out a ledger that already runs.
  static let ledgerLogins = ["admin", "projector", "reader", "settler", "signer", "writer"].map {
    "pithledger_\($0)"
  }

  /// The URI of a database of this server, for one login role.
  ///
  /// It sets every connection parameter that libpq would otherwise take from an environment
  /// variable.
  public func uri(database: String, user: String? = nil) -> String {
    Self.uri(database: database, user: user, socket: socket, serverUser: installation.serverUser)
  }

  private static func uri(
    database: String, user: String?, socket: String, serverUser: String
  ) -> String {
    let unreserved = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
    func escaped(_ text: String) -> String {
      text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }
    let parameters = [
      ("host", socket), ("user", user ?? Self.superuser), ("port", Self.port), ("hostaddr", ""),
      ("password", ""), ("options", ""), ("sslmode", "disable"), ("gssencmode", "disable"),
      ("channel_binding", "disable"), ("ssl_min_protocol_version", ""),
      ("ssl_max_protocol_version", ""), ("target_session_attrs", "any"),
      // A user who can write to the socket's directory could replace the socket.
      ("requirepeer", serverUser),
    ]
    return "postgresql:///\(escaped(database))?"
      + parameters.map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&")
  }

  /// The URI of the database of a server that runs; `nil` if none runs in the data directory, or if there is no
  /// program of PostgreSQL. Creates and starts nothing.
  public static func runningURI(
    dataDirectory: String, database: String = "pithledger"
  ) -> String? {
    let directory = URL(fileURLWithPath: dataDirectory).standardizedFileURL.path
    let place = directory + "/postgres"
    let home =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: place)) ?? place
    guard let installation = try? Installation.find() else { return nil }
    let postmaster = PostmasterFile(cluster: home + "/data", installation: installation)
    guard case .running = postmaster.state() else { return nil }
    return uri(
      database: database, user: nil, socket: socketPath(home),
      serverUser: installation.serverUser)
  }

  /// The programs of PostgreSQL that a private server uses.
  ///
  /// - Returns: their directory, and what `postgres --version` prints.
  ///
  /// Errors: an ``EmbeddedPostgresError`` with code `notInstalled` or `noServerUser`.
  public static func programs() async throws -> (directory: String, version: String) {
    let installation = try Installation.find()
    let result = try await installation.run("postgres", ["--version"])
    return (installation.directory, result.lastLines)
  }

  /// Releases this process's lease. If no other process holds one, stops the server and waits until
  /// it has stopped.
  public func stop() async throws {
    let gate = try FileLock(path: dataDirectory + "/postgres.lock")
    try await gate.lock(exclusive: true)
    defer { gate.unlock() }
    lease.unlock()
    let all = try FileLock(path: dataDirectory + "/postgres.lease")
    guard all.tryLockExclusive() else { return }
    defer { all.unlock() }
    guard postmasterPID != nil else { return }
    _ = try await installation.run("pg_ctl", ["-D", cluster, "-m", "fast", "-W", "stop"])
    // `pg_ctl -w` would wait a minute for a postmaster that was killed and is a zombie, as in a container
    // whose first process reaps nothing. A ledger that starts would wait with it.
    let start = ContinuousClock.now
    while postmasterPID != nil, ContinuousClock.now - start < Self.stopTimeout {
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// The longest time to wait for a server to stop.
  private static let stopTimeout: Duration = .seconds(60)

  // MARK: Steps

  /// Creates a directory, which the server's user can traverse if that is another user. An existing
  /// directory keeps its mode.
  private static func makeDirectory(_ path: String, traversable: Bool) throws {
    do throws(DurableFileError) {
      try OwnedDirectory.prepare(path, mode: traversable ? 0o711 : 0o700)
    } catch { throw EmbeddedPostgresError(code: .dataDirectory, message: error.message) }
  }

  /// The directory that holds the cluster. If the server's user cannot reach the data directory, as
  /// under root's home, it lies under /var/lib/pithledger, and the data directory links to it.
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

  /// Creates a cluster under a temporary name and renames it, so that a crash leaves no incomplete
  /// cluster.
  private static func initialise(_ cluster: String, _ installation: Installation) async throws {
    let draft = cluster + ".new"
    _ = try await installation.run("rm", ["-rf", draft], plain: true)
    let result = try await installation.run(
      "initdb",
      [
        "-D", draft, "-U", superuser, "-E", "UTF8", "--locale=C", "--auth-local=peer",
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

  private static func socketPath(_ home: String) -> String {
    // A socket's path has at most 107 bytes, and the file's name takes some of them.
    if home.utf8.count < 85 { return home }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in home.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return "/tmp/pithledger-" + String(hash, radix: 16)
  }

  private static func socketDirectory(
    _ home: String, _ installation: Installation
  ) throws -> String {
    let path = socketPath(home)
    if path == home { return home }
    if !FileManager.default.fileExists(atPath: path) {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      if let user = installation.user { _ = unsafe chown(path, user.uid, user.gid) }
    }
    // Any user can create a directory in /tmp. An existing one must belong to the server's user.
    var info = stat()
    let owner = installation.user?.uid ?? getuid()
    guard unsafe lstat(path, &info) == 0, info.st_uid == owner, info.st_mode & 0o077 == 0 else {
      throw EmbeddedPostgresError(
        code: .dataDirectory,
        message: "\(path) belongs to another user: remove it, or move the data directory")
    }
    return path
  }

  /// The suffix of the socket's name. The server opens no port.
  static let port = "5432"

  /// Connects to the server. Waits while it starts or stops, and starts it if it does not run. The
  /// caller holds the lock.
  private func bringUp(logger: Logger) async throws -> PostgresConnection {
    var start = ServerStart(
      installation: installation, postmaster: postmaster, home: home, socket: socket,
      settings: settings, uri: uri(database: "postgres"), logger: logger)
    return try await start.run()
  }

  private static func makeDatabase(
    _ database: String, _ connection: PostgresConnection
  ) async throws {
    let rows = try await connection.query(
      """
      SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1), quote_ident($1), pg_is_in_recovery()
      """, [.text(database)])
    // A standby refuses CREATE DATABASE. It has the databases of its primary.
    if try rows[0].bool(0) || rows[0].bool(2) { return }
    try await connection.execute(
      "CREATE DATABASE \(try rows[0].text(1)) TEMPLATE template0")
  }
}
