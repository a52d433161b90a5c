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

  @Test("Two share it, the last one out stops it, and the next start finds the data")
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

  @Test("After kill -9 of the postmaster it is started again, with all that was committed")
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

  @Test("Settings that could lose what was acknowledged are refused")
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
