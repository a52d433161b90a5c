import CanonicalJSON
import EmbeddedPostgres
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import PostgresClient
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension FaultTests {
  /// Continues with a copy of the database: a standby or a backup.
  @Suite("Standbys and backups")
  struct RecoveryTests: FaultScenario {
    /// Copies a running server to another data directory with `pg_basebackup`.
    ///
    /// - Parameter following: whether the copy runs as a standby.
    private func copy(
      of primary: EmbeddedPostgres, in directory: String, following: Bool
    ) async throws -> EmbeddedPostgres {
      let connection = try await PostgresConnection.connect(
        PostgresConfiguration(uri: primary.uri))
      let programs = try await connection.query(
        "SELECT setting FROM pg_config WHERE name = 'BINDIR'")[0].text(0)
      if following {
        let primaryFiles = try await connection.query("SHOW data_directory")[0].text(0)
        // The replication connections of the standby do not run as the ledger's user, so they have a
        // separate login.
        try await connection.execute(
          """
          CREATE ROLE follower LOGIN REPLICATION PASSWORD 'of-the-test';
          COPY (VALUES ('local replication follower scram-sha-256'), ('local all all peer map=pithledger'),
            ('local replication all peer map=pithledger')) TO '\(primaryFiles)/pg_hba.conf'
          """)
        try await connection.execute("SELECT pg_reload_conf()")
      }
      await connection.close()
      let socket = try #require(primary.uri.firstMatch(of: /host=([^&]*)/)).1
      let home = directory + "/postgres"
      let script = """
        set -e
        install -d -m 0711 "$1"
        install -d -m 0700 "$2"
        "$3/pg_basebackup" -h "$4" -U pithledger -D "$2/data" -X stream -c fast ${5:+-R -C -S standby}
        if [ -n "$5" ]; then
          echo "primary_conninfo = 'host=$4 user=follower password=$5'" >> "$2/data/postgresql.auto.conf"
        fi
        if [ "$(id -u)" = 0 ]; then chown -R postgres:postgres "$2"; fi
        """
      let result = try await run(
        .name("bash"),
        arguments: Arguments([
          "-c", script, "bash", directory, home, programs,
          String(socket).removingPercentEncoding ?? "", following ? "of-the-test" : "",
        ]), input: .none, output: .discarded, error: .string(limit: 65_536))
      try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
      return try await EmbeddedPostgres.start(
        dataDirectory: directory, logger: PrivateServer.logger)
    }

    @Test("The primary is killed, the standby is promoted, and the load continues")
    func failOver() async throws {
      try await withDirectory { directory in
        let primary = try await EmbeddedPostgres.start(
          dataDirectory: directory + "/one", logger: PrivateServer.logger)
        let follower = try await copy(of: primary, in: directory + "/two", following: true)
        let owner = try await PostgresConnection.connect(PostgresConfiguration(uri: primary.uri))
        // Replication is synchronous: without it, acknowledged events could be lost with the primary.
        try await owner.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        try await owner.execute("SELECT pg_reload_conf()")
        await owner.close()
        let other = try #require(follower.uri.firstMatch(of: /host=([^&]*)/)).1
        var configuration = LedgerConfiguration(dataDirectory: directory + "/ledger")
        configuration.databaseURL =
          primary.uri.replacing("&user", with: ",\(other)&user").replacing(
            "target_session_attrs=any", with: "target_session_attrs=read-write")
        _ = try await Ledger.migrate(configuration, logger: PrivateServer.logger)
        let ledger = try await Ledger.open(configuration, logger: PrivateServer.logger)
        let load = try await makeLoad(ledger, count: 600)

        // The standby serves reads meanwhile.
        var reading = configuration
        reading.databaseURL = follower.uri
        reading.isReadOnly = true
        let reader = try await Ledger.open(reading, logger: PrivateServer.logger)
        let size = try await ledger.health().size
        var seen = false
        for _ in 0..<50 where !seen {
          seen = try await reader.health().size == size
          if !seen { try await Task.sleep(for: .milliseconds(50)) }
        }
        let status = try await reader.records.status(
          Fixtures.sampleNumber, atLeast: size.end.previous
        ).json
        #expect(status["verification_status"]?["pith_receipt"] == true)
        await #expect(throws: Refusal(.unavailable, check: "read_only", "")) {
          try await reader.submitter.submit(load.lines[0], client: .shell)
        }
        await reader.close()

        var isPromoted = false
        let sent = try await send(load, to: ledger) { _, count in
          guard count >= 200, !isPromoted else { return }
          isPromoted = true
          try kill(.allOfPostgres, directory + "/one")
          let promoting = try await PostgresConnection.connect(
            PostgresConfiguration(uri: follower.uri))
          _ = try await promoting.query("SELECT pg_promote()")
          await promoting.close()
        }
        #expect(isPromoted)
        let found = try await complete(load, in: ledger, acknowledged: sent.acknowledged)
        await ledger.close()
        try await follower.stop()
        try await primary.stop()
        try note("fail-over to a standby", acknowledged: sent.acknowledged.count, found)
      }
    }

    @Test(
      "A backup that pg_basebackup takes under load contains all events up to a point after its start"
    )
    func backup() async throws {
      try await withDirectory { directory in
        let ledger = try await open(directory)
        let load = try await makeLoad(ledger, count: 800)
        let server = try await EmbeddedPostgres.start(
          dataDirectory: directory, logger: PrivateServer.logger)
        var before: [String: Position] = [:]
        var restored: EmbeddedPostgres?
        let copying = Mutex<Task<EmbeddedPostgres, any Error>?>(nil)
        let sent = try await send(load, to: ledger) { answer, count in
          guard count <= 200 else { return }
          before["sha256:" + answer.eventID.hex] = answer.position
          guard count == 200 else { return }
          copying.withLock {
            $0 = Task { try await copy(of: server, in: directory + "/two", following: false) }
          }
        }
        #expect(sent.refused == 0)
        restored = try await copying.withLock { $0 }?.value
        try await server.stop()
        await ledger.close()
        // A backup includes the key files.
        for key in ["registry.key", "log.key"] {
          try FileManager.default.copyItem(
            atPath: "\(directory)/\(key)", toPath: "\(directory)/two/\(key)")
        }
        let copied = try await open(directory + "/two")
        let cited = try await inspect(copied, acknowledged: before).cited
        #expect(cited >= before.count)
        let found = try await complete(load, in: copied, acknowledged: before)
        await copied.close()
        try await restored?.stop()
        try note("a backup under load, restored", acknowledged: before.count, found)
      }
    }
  }
}
