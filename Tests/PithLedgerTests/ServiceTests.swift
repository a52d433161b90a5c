import CanonicalJSON
import Foundation
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

/// The program as a service, from outside.
@Suite("The program as a service", .privateServer(), .serialized)
struct ServiceTests {
  private struct Stop: Decodable {
    let code: Int
    let seconds: Double
    let answers: Int
    let whole: Bool
    let stream: String
    let errors: String
  }

  private static func script(_ name: String) throws -> String {
    try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent(name), encoding: .utf8)
  }

  @Test("SIGTERM ends streams, idle connections and half-sent requests within seconds")
  func stop() async throws {
    try await withLedger { test in
      let directory = test.ledger.configuration.dataDirectory
      let output = try await python(
        Self.script("service_stop.py"), [TestProgram.path, test.uri, directory])
      let stops = try JSONDecoder().decode([String: Stop].self, from: Data(output))
      for (name, stop) in stops {
        #expect(stop.code == 0, "\(name): \(stop.errors)")
        #expect(stop.seconds < 5, "\(name) took \(stop.seconds) s")
        #expect(stop.whole && stop.answers >= 20, "\(name)")
        #expect(!stop.errors.contains("error"), "\(stop.errors)")
      }
      // The last chunk of the stream has the length zero: the client sees the end.
      #expect(stops["one"]?.stream == "0\r\n\r\n")
    }
  }

  private struct Secure: Decodable {
    let readableKey: Failed
    let otherKey: Failed
    let url, alpn, version, tls12, tls11, plain, links, spoofed, metrics, errors: String
    let expiry: Int
    let first, signal, kept, change, damaged: Bool
    let code: Int
    let seconds: Double

    struct Failed: Decodable {
      let code: Int
      let error: String

      init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        code = try values.decode(Int.self)
        error = try values.decode(String.self)
      }
    }
  }

  @Test("A service with a certificate: versions, links, and a new certificate without a restart")
  func tls() async throws {
    try await withLedger { test in
      let directory = test.ledger.configuration.dataDirectory
      let output = try await python(
        Self.script("tls_service.py"), [TestProgram.path, test.uri, directory])
      let run = try JSONDecoder().decode(Secure.self, from: Data(output))
      #expect(run.readableKey.code == 2 && run.readableKey.error.contains("chmod 600"))
      #expect(run.readableKey.error.contains("PITHLEDGER_TLS_KEY_FILE"))
      #expect(run.otherKey.code == 2, "\(run.otherKey.error)")
      #expect(run.otherKey.error.contains("is not the key"))
      #expect(run.url.hasPrefix("https://127.0.0.1:"))
      #expect(run.alpn == "http/1.1" && run.version == "TLSv1.3" && run.tls12 == "TLSv1.2")
      #expect(run.tls11 == "refused")
      #expect(!run.plain.contains("200"))
      let port = run.url.split(separator: ":").last ?? ""
      for answer in [run.links, run.spoofed] {
        #expect(answer.contains("\"https://localhost:\(port)/"))
        #expect(!answer.contains("http://localhost") && !answer.contains("evil.example"))
        #expect(!answer.contains("gopher"))
      }
      #expect(
        run.metrics.contains(
          "\npithledger_tls_certificate_expiry_timestamp_seconds \(run.expiry)\n"))
      #expect(run.first && run.signal && run.kept && run.change && run.damaged, "\(run.errors)")
      #expect(run.errors.contains("the earlier one stays in use"))
      #expect(run.code == 0 && run.seconds < 5, "\(run.seconds) s")
    }
  }

  @Test("The lines of a service are JSON where the setting says so, from the first line on")
  func lines() async throws {
    try await withLedger { test in
      let program = """
        import json, os, signal, subprocess, sys, urllib.request
        program, url, directory = sys.argv[1:]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PITHLEDGER_"))}
        environment |= {"PITHLEDGER_DATABASE_URL": url, "PITHLEDGER_LOG_FORMAT": "json",
                        "PITHLEDGER_LOG_LEVEL": "info"}
        service = subprocess.Popen([program, "serve", "--port", "0", "--data-dir", directory], env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        address = service.stdout.readline().split()[-1].decode()
        urllib.request.urlopen(address + "/pith/4OXKXQ4P?x=".split("?")[0]).read()
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0
        lines = [json.loads(line) for line in service.stderr.read().splitlines()]
        assert all({"time", "level", "message"} <= set(line) for line in lines)
        print(json.dumps([line for line in lines if line["message"] == "request"]))
        """
      let output = try await python(
        program, [TestProgram.path, test.uri, test.ledger.configuration.dataDirectory])
      let requests = try JSON.parse(output.filter { $0 != 0x0A && $0 != 0x20 })
      #expect(requests.arrayValue?.count == 1)
      #expect(requests.arrayValue?.first?["route"] == "/pith/{id}")
      for (name, value) in [("LOG_FORMAT", "xml"), ("LOG_LEVEL", "trace"), ("METRICS_ACCESS", "x")]
      {
        let run = try await ProgramRun.pithledger(["config", "check"], settings: [name: value])
        #expect(run.status == 2 && run.errors.contains("PITHLEDGER_\(name)"), "\(run.errors)")
      }
    }
  }

  @Test("The lines of a witness follow the same settings")
  func witnessLines() async throws {
    let program = """
      import json, os, signal, subprocess, sys, tempfile, urllib.error, urllib.request
      environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PITHLEDGER_"))}
      with tempfile.TemporaryDirectory() as folder:
          open(folder + "/logs.txt", "w").close()
          def start(**settings):
              arguments = [sys.argv[1], "witness", "--name", "w.example/w", "--logs", "logs.txt", "--port", "0"]
              more = {"PITHLEDGER_" + name: value for name, value in settings.items()}
              return subprocess.Popen(arguments, cwd=folder, env=environment | more, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)
          witness = start(LOG_FORMAT="json", LOG_LEVEL="info")
          address = witness.stdout.readline().split()[-1].decode()
          try:
              urllib.request.urlopen(address + "/add-checkpoint", b"no checkpoint")
          except urllib.error.HTTPError as error:
              assert error.code == 400, error
          witness.send_signal(signal.SIGTERM)
          assert witness.wait(30) == 0
          lines = [json.loads(line) for line in witness.stderr.read().splitlines()]
          assert lines and all({"time", "level", "message"} <= set(line) for line in lines), lines
          assert [line["status"] for line in lines if line["message"] == "add-checkpoint"] == [400], lines
          quiet = start()
          address = quiet.stdout.readline().split()[-1].decode()
          quiet.send_signal(signal.SIGTERM)
          assert quiet.wait(30) == 0
          assert quiet.stderr.read() == b""
          wrong = start(LOG_FORMAT="xml")
          assert wrong.wait(30) == 2 and b"PITHLEDGER_LOG_FORMAT" in wrong.stderr.read()
      print("done")
      """
    let output = try await python(program, [TestProgram.path])
    #expect(String(decoding: output, as: UTF8.self) == "done\n")
  }
}
