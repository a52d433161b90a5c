import Foundation
import LedgerTestSupport
import TestSupport
import Testing

/// The messages of a service to the service manager that started it, as sd_notify(3) describes them.
@Suite("The service manager")
struct ServiceManagerTests {
  /// Starts a service with a socket for its messages. Prints the message, whether the service listened when it came, and
  /// the exit code after SIGTERM.
  private static let program = """
    import os, select, signal, socket, subprocess, sys
    program, directory, abstract = sys.argv[1:]
    address = ("\\0" if abstract == "abstract" else "") + directory + "-notify"
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if abstract != "missing": manager.bind(address)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PITHLEDGER_"))}
    environment["NOTIFY_SOCKET"] = address.replace("\\0", "@")
    service = subprocess.Popen([program, "serve", "--port", "0", "--data-dir", directory], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = service.stdout.readline().decode()
    assert line.startswith("listening on http://127.0.0.1:"), line
    if abstract != "missing":
        assert select.select([manager], [], [], 20)[0], "no message came"
        print(manager.recv(1000).decode())
    port = int(line.rsplit(":", 1)[1])
    socket.create_connection(("127.0.0.1", port), 5).close()
    service.send_signal(signal.SIGTERM)
    errors = service.communicate(timeout=60)[1].decode()
    print(service.returncode)
    print("told" if "service manager" in errors else "silent")
    """

  @Test(
    "A service tells its service manager when it listens, and serves without one that answers",
    arguments: [
      ("path", "READY=1\n0\nsilent\n"), ("abstract", "READY=1\n0\nsilent\n"),
      ("missing", "0\ntold\n"),
    ])
  func ready(socket: String, expected: String) async throws {
    let directory = "/tmp/plt-notify-\(UUID().uuidString.prefix(8))"
    defer {
      try? FileManager.default.removeItem(atPath: directory)
      try? FileManager.default.removeItem(atPath: directory + "-notify")
    }
    let output = try await python(Self.program, [TestProgram.path, directory, socket])
    #expect(String(decoding: output, as: UTF8.self) == expected)
  }
}
