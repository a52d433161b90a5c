import Foundation
import LedgerTestSupport
import TestSupport
import Testing

/// The end of a ledger with its private PostgreSQL.
@Suite("The end of a ledger")
struct StopTests {
  /// Starts a ledger under a parent that reaps no process, and stops it. PostgreSQL cannot stop, because its
  /// checkpointer is frozen. Kills the postmaster while the ledger waits for it. Prints how long the ledger then
  /// took to end, in seconds.
  private static let program = """
    import ctypes, os, signal, subprocess, sys, time
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    program, directory = sys.argv[1:]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PITHLEDGER_"))}
    ledger = subprocess.Popen([program, "serve", "--port", "0", "--data-dir", directory], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert b"listening" in ledger.stdout.readline()
    postmaster = int(open(directory + "/postgres/data/postmaster.pid").readline())
    def title(pid):
        try: return open(f"/proc/{pid}/cmdline", "rb").read()
        except OSError: return b""
    children = open(f"/proc/{postmaster}/task/{postmaster}/children").read().split()
    checkpointer = next(int(pid) for pid in children if b"checkpointer" in title(pid))
    os.kill(checkpointer, signal.SIGSTOP)
    ledger.send_signal(signal.SIGTERM)
    # PostgreSQL notes in its file that it stops.
    while b"stopping" not in open(directory + "/postgres/data/postmaster.pid", "rb").read():
        assert ledger.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    assert ledger.poll() is None
    start = time.monotonic()
    for pid in (postmaster, checkpointer):
        os.kill(pid, signal.SIGKILL)
    ledger.wait(120)
    assert open(f"/proc/{postmaster}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
    print(time.monotonic() - start)
    """

  @Test("A stop does not wait for a postmaster that was killed and that nobody reaps")
  func zombie() async throws {
    let directory = "/tmp/plt-stop-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let output = try await python(Self.program, [TestProgram.path, directory])
    let text = String(decoding: output, as: UTF8.self).split(separator: "\n").last ?? ""
    let seconds = try #require(Double(text))
    #expect(seconds < 30, "it waited \(seconds) s")
  }
}
