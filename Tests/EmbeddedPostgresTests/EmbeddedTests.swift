import EmbeddedPostgres
import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite("The private PostgreSQL")
struct EmbeddedTests {
  private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
  }

  private func one(_ uri: String) async throws -> Int64 {
    let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: uri))
    let one = try await connection.query("SELECT 1")[0].int(0)
    await connection.close()
    return one
  }

  @Test("Two processes share the server, the last one stops it, and the next start finds the data")
  func sharing() async throws {
    try await withDirectory { directory in
      let first = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let second = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      #expect(first.createdCluster && !second.createdCluster)
      #expect(first.postmasterPID == second.postmasterPID && first.postmasterPID != nil)
      let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: first.uri))
      try await connection.execute("CREATE TABLE kept (a int); INSERT INTO kept VALUES (1)")
      for setting in ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"] {
        #expect(try await connection.query("SHOW \(setting)")[0].text(0) == "on", "\(setting)")
      }
      await connection.close()
      try await first.stop()
      #expect(try await one(second.uri) == 1)
      try await second.stop()
      #expect(second.postmasterPID == nil)
      let third = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let again = try await PostgresConnection.connect(PostgresConfiguration(uri: third.uri))
      #expect(try await again.query("SELECT count(*) FROM kept")[0].int(0) == 1)
      await again.close()
      try await third.stop()
    }
  }

  @Test("After kill -9 of the postmaster the server is started again with all committed data")
  func crash() async throws {
    try await withDirectory { directory in
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let watch = Task { await server.keepRunning(logger: PrivateServer.logger) }
      let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: server.uri))
      try await connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS a")
      let pid = try #require(server.postmasterPID)
      #expect(kill(pid, SIGKILL) == 0)
      await connection.close()
      var count: Int64 = 0
      for _ in 0..<100 where count == 0 {
        try await Task.sleep(for: .milliseconds(200))
        guard
          let again = try? await PostgresConnection.connect(PostgresConfiguration(uri: server.uri))
        else { continue }
        count = try await again.query("SELECT count(*) FROM kept")[0].int(0)
        await again.close()
      }
      #expect(count == 1000)
      #expect(server.postmasterPID != pid)
      watch.cancel()
      await watch.value
      try await server.stop()
    }
  }

  // MARK: Descriptors

  @Test("The server inherits no file descriptor, even one without close-on-exec")
  func descriptors() async throws {
    try await withDirectory { directory in
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      let file = unsafe open("/dev/null", O_RDONLY)
      defer {
        close(listener)
        close(file)
      }
      try #require(listen(listener, 1) == 0 && file > 2)
      func isHeir(_ descriptor: Int32) -> Bool { fcntl(descriptor, F_GETFD) & FD_CLOEXEC == 0 }
      try #require(isHeir(listener) && isHeir(file))
      let link = try FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/self/fd/\(listener)")
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let pid = try #require(server.postmasterPID)
      let held = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").map {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
      }
      #expect(held.count > 3)
      #expect(!held.contains(link), "the listening socket")
      // The standard input of the server is /dev/null.
      #expect(held.count { $0 == "/dev/null" } <= 1)
      try await server.stop()
    }
  }

  // MARK: After a crash

  enum Leftover: String, CaseIterable {
    case dead, zombie, otherProgram, otherServer, thisProcess, empty, cutShort
  }

  /// Runs a shell command as the server's user, in a process that exists until the test ends.
  private func background(_ script: String, isShort: Bool = false) throws -> (
    process: Process, line: String
  ) {
    let process = Process()
    let output = Pipe()
    let asServer =
      getuid() == 0
      ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "--"] : []
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["--chdir=/"] + asServer + ["bash", "-c", script]
    process.standardOutput = output
    try process.run()
    let reading = output.fileHandleForReading
    let line = String(
      decoding: isShort ? reading.readDataToEndOfFile() : reading.availableData, as: UTF8.self)
    return (process, line.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  @Test(
    "The next start succeeds with any contents of postmaster.pid after a crash",
    arguments: Leftover.allCases
  )
  func leftovers(leftover: Leftover) async throws {
    try await withDirectory { directory in
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: server.uri))
      try await connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS a")
      await connection.close()
      let pid = try #require(server.postmasterPID)
      let path = directory + "/postgres/data/postmaster.pid"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(kill(pid, SIGKILL) == 0)
      var helper: Process?
      defer { helper.map { _ = kill($0.processIdentifier, SIGKILL) } }
      var other: EmbeddedPostgres?
      func named(_ pid: String) -> String {
        ([pid[...]] + text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst())
          .joined(separator: "\n")
      }
      var content = text
      switch leftover {
      case .dead: break
      case .zombie:
        // exec replaces the shell by a program that never waits for the child.
        let (process, line) = try background("sleep 0 & echo $!; exec sleep 600")
        helper = process
        content = named(line)
      case .otherProgram:
        let (process, line) = try background("echo $$; exec sleep 600")
        helper = process
        content = named(line)
      case .otherServer:
        other = try await EmbeddedPostgres.start(
          dataDirectory: directory + "/other", logger: PrivateServer.logger)
        content = named("\(try #require(other?.postmasterPID))")
      case .thisProcess: content = named("\(getpid())")
      case .empty: content = ""
      case .cutShort: content = String(text.prefix { $0 != "\n" })
      }
      for path in [path, directory + "/postgres/.s.PGSQL.5432.lock"] {
        // The file is written in place, so that it keeps the owner of the server.
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(content.utf8))
        try file.close()
      }
      if leftover != .dead, leftover != .cutShort { #expect(server.postmasterPID == nil) }
      let again = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      #expect(again.postmasterPID != nil && again.postmasterPID != pid)
      let reading = try await PostgresConnection.connect(PostgresConfiguration(uri: again.uri))
      #expect(try await reading.query("SELECT count(*) FROM kept")[0].int(0) == 1000)
      await reading.close()
      try await server.stop()
      try await again.stop()
      try await other?.stop()
    }
  }

  @Test("A stopped backend that outlives its postmaster does not prevent the next start")
  func frozenOrphan() async throws {
    try await withDirectory { directory in
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      let connection = try await PostgresConnection.connect(PostgresConfiguration(uri: server.uri))
      let backend = Int32(try await connection.query("SELECT pg_backend_pid()")[0].int(0))
      #expect(kill(backend, SIGSTOP) == 0)
      #expect(kill(try #require(server.postmasterPID), SIGKILL) == 0)
      let again = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      #expect(try await one(again.uri) == 1)
      await connection.close()
      try await server.stop()
      try await again.stop()
    }
  }

  // MARK: Who may connect

  @Test(
    "The user of the server's processes cannot log in, also to a cluster of an earlier version",
    .enabled(if: getuid() == 0, "the server has a user of its own only where the ledger is root"))
  func otherUsers() async throws {
    try await withDirectory { directory in
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      func attempt() throws -> String {
        let (process, line) = try background(
          "psql 'host=\(directory)/postgres user=pithledger dbname=postgres' -Atc 'SELECT 42' 2>&1",
          isShort: true)
        process.waitUntilExit()
        return line
      }
      #expect(try attempt().contains("Peer authentication failed"))
      #expect(try await one(server.uri) == 1)
      // The state that an earlier version left, with a running server.
      let (process, _) = try background(
        "echo 'local all all trust' > \(directory)/postgres/data/pg_hba.conf; echo")
      process.waitUntilExit()
      #expect(kill(try #require(server.postmasterPID), SIGHUP) == 0)
      var answer = ""
      for _ in 0..<50 where answer != "42" {
        answer = try attempt()
        if answer != "42" { try await Task.sleep(for: .milliseconds(50)) }
      }
      #expect(answer == "42", "the old rules let it in")
      let joined = try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
      for _ in 0..<50 where answer == "42" {
        answer = try attempt()
        if answer == "42" { try await Task.sleep(for: .milliseconds(50)) }
      }
      #expect(answer.contains("Peer authentication failed"))
      #expect(try await one(joined.uri) == 1)
      try await joined.stop()
      try await server.stop()
    }
  }

  @Test("Further login roles are allowed for this user")
  func logins() async throws {
    try await withDirectory { directory in
      let server = try await EmbeddedPostgres.start(
        dataDirectory: directory, logins: ["a \"reader\""], logger: PrivateServer.logger)
      let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: server.uri))
      try await owner.execute("CREATE ROLE \"a \"\"reader\"\"\" LOGIN; CREATE ROLE other LOGIN")
      await owner.close()
      #expect(try await one(server.uri(database: "pithledger", user: "a \"reader\"")) == 1)
      await #expect(throws: PostgresError.self) {
        try await one(server.uri(database: "pithledger", user: "other"))
      }
      try await server.stop()
    }
  }

  @Test("Settings that could lose acknowledged events are refused")
  func unsafeSettings() async throws {
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
      let error = await #expect(throws: EmbeddedPostgresError.self) {
        try await EmbeddedPostgres.start(
          dataDirectory: "/tmp/plt-never", settings: [name: "off"], logger: PrivateServer.logger)
      }
      #expect(error?.code == .unsafeSetting)
    }
  }
}
