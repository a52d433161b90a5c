import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

/// `events --follow`: each event once, through an outage of the service, until a signal.
@Suite("Following the events", .privateServer())
struct FollowTests {
  /// Follows a service with `--server`, stops and starts the service between two events, and ends with SIGINT.
  private static let throughRestart = """
    import json, os, signal, socket, subprocess, sys, time
    program, directory, uri, key = sys.argv[1:]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PITHLEDGER_"))}
    env["PITHLEDGER_DATABASE_URL"] = uri
    free = socket.socket(); free.bind(("127.0.0.1", 0)); port = str(free.getsockname()[1]); free.close()
    def serve():
        ledger = subprocess.Popen([program, "serve", "--port", port, "--data-dir", directory], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert b"listening" in ledger.stdout.readline()
        return ledger
    def cite(doi):
        out = subprocess.check_output([program, "attest", "citation", "4OXKXQ4P", "--by", doi, "--relation",
            "cites", "--key", key, "--json", "--data-dir", directory], env=env)
        return json.loads(out)["position"]
    ledger = serve()
    plain = {k: v for k, v in env.items() if not k.startswith("PITHLEDGER_")}
    follower = subprocess.Popen([program, "events", "--follow", "--json", "--type", "citation_signature",
        "--from", "0", "--server", "http://127.0.0.1:" + port], env=plain, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    def line(): return json.loads(follower.stdout.readline())["position"]
    first = cite("10.1/1")
    assert line() == first
    ledger.send_signal(signal.SIGTERM); assert ledger.wait(30) == 0
    second = cite("10.1/2")
    time.sleep(3)
    assert follower.poll() is None
    ledger = serve()
    third = cite("10.1/3")
    assert [line(), line()] == [second, third]
    follower.send_signal(signal.SIGINT)
    assert follower.wait(30) == 130, follower.returncode
    errors = follower.stderr.read().decode()
    assert '"check":"server"' in errors, errors
    ledger.send_signal(signal.SIGTERM); ledger.wait(30)
    print("done")
    """

  @Test("It continues after a restart of the service, and SIGINT ends it with 130")
  func restart() async throws {
    try await withLedger { test in
      try await run(Self.throughRestart, test)
    }
  }

  /// Follows the ledger of a data directory from its end. Closes the pipe after one line.
  private static let fromTheEnd = """
    import json, os, signal, subprocess, sys, time
    program, directory, uri, key = sys.argv[1:]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PITHLEDGER_"))}
    env["PITHLEDGER_DATABASE_URL"] = uri
    def start(*more):
        return subprocess.Popen([program, "events", "4OXKXQ4P", "--follow", "--data-dir", directory, *more], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    def cite(doi):
        out = subprocess.check_output([program, "attest", "citation", "4OXKXQ4P", "--by", doi, "--relation",
            "cites", "--key", key, "--json", "--data-dir", directory], env=env)
        return json.loads(out)
    follower = start()
    time.sleep(3)
    new = cite("10.1/1")
    line = follower.stdout.readline().decode()
    assert line.startswith(str(new["position"]) + "  ") and new["event_id"] in line, line
    follower.stdout.close()
    cite("10.1/2")
    assert follower.wait(30) == 141, follower.returncode
    terminated = start("--from", "0")
    assert terminated.stdout.readline()
    terminated.send_signal(signal.SIGTERM)
    assert terminated.wait(30) == 143, terminated.returncode
    wrong = start("--from", "999999")
    assert wrong.wait(30) == 2
    print("done")
    """

  @Test("It begins with the next event, and ends with its reader")
  func local() async throws {
    try await withLedger { test in
      try await run(Self.fromTheEnd, test)
    }
    let descending = try await ProgramRun.pithledger(["events", "--follow", "--order", "desc"])
    #expect(descending.status == 64)
  }

  /// Runs a program in Python with the ledger and the file of a key that is registered there.
  private func run(_ program: String, _ test: LedgerUnderTest) async throws {
    let key = try await test.key("follow")
    let file = test.ledger.configuration.dataDirectory + "/follow.key"
    try key.write(to: file)
    let output = try await python(
      program, [TestProgram.path, test.ledger.configuration.dataDirectory, test.uri, file])
    #expect(String(decoding: output, as: UTF8.self) == "done\n")
  }
}
