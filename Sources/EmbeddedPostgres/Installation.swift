import CSpawn
import Foundation

struct RunResult: Sendable {
  let succeeded: Bool
  let output: String
  var lastLines: String {
    output.split(separator: "\n").suffix(4).joined(separator: "; ")
  }
}

/// The directory of PostgreSQL's programs, and the user as whom they run.
struct Installation: Sendable {
  struct User: Sendable {
    let name: String
    let uid: uid_t
    let gid: gid_t

    /// Whether this user can traverse every directory of a path.
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

  /// The user of the server, as the operating system names it.
  var serverUser: String { user?.name ?? Self.ownName }

  /// The user of this process.
  static var ownName: String {
    guard let entry = unsafe getpwuid(geteuid()) else { return "\(geteuid())" }
    return unsafe String(cString: entry.pointee.pw_name)
  }

  let directory: String
  /// The user of the programs; `nil` if they run as the user of this process.
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
    let needed = ["initdb", "postgres", "pg_ctl"]
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

  /// Runs a program until it exits, as the server's user, with a clean environment and without this
  /// process's file descriptors.
  func run(_ program: String, _ arguments: [String], plain: Bool = false) async throws -> RunResult
  {
    var command = [plain ? "/bin/\(program)" : "\(directory)/\(program)"] + arguments
    if let user {
      // A separate program changes the user. Changing it between fork and exec of a process with threads
      // can deadlock.
      command =
        ["/usr/bin/setpriv", "--reuid", user.name, "--regid", "\(user.gid)", "--init-groups", "--"]
        + command
    }
    // The output goes to a file and not to a pipe. The server inherits it, and a pipe would stay open
    // as long as the server runs.
    let output = try Self.outputFile()
    defer { close(output) }
    // The server's user may have no access to this program's working directory.
    let arguments = ["/usr/bin/env", "--chdir=/"] + command
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      // Foundation's Process waits for every process that inherits its socket, and the server does. This
      // waits for the program only, on a thread that can block.
      Thread.detachNewThread {
        continuation.resume(with: Result { try Self.spawn(arguments, output: output) })
      }
    }
    return RunResult(succeeded: status == 0, output: Self.text(of: output))
  }

  /// Opens a file without a name for the output of a program.
  private static func outputFile() throws -> Int32 {
    let path = "/tmp/pithledger-run-\(UUID().uuidString)"
    let output = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard output >= 0 else {
      throw EmbeddedPostgresError(code: .startFailed, message: "\(path) cannot be written")
    }
    unsafe unlink(path)
    return output
  }

  private static func text(of file: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < 1 << 20 {
      let count = unsafe pread(file, &buffer, buffer.count, off_t(bytes.count))
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Runs a command until it exits. Returns its status as `waitpid` reports it.
  private static func spawn(_ command: [String], output: Int32) throws -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
    // The server outlives this process. An inherited listening socket would keep the port in use.
    unsafe pithledger_close_from(&actions, 3)
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    let variables: [String] = ["LC_ALL=C", "PATH=/usr/bin:/bin"]
    var environment: [UnsafeMutablePointer<CChar>?] = unsafe variables.map { unsafe strdup($0) }
    unsafe environment.append(nil)
    let pointers = unsafe arguments + environment
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    // The calling thread may block signals, and a new process inherits its signal mask.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
    var pid: pid_t = 0
    let failure = unsafe posix_spawn(
      &pid, command[0], &actions, &attributes, arguments, environment)
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
