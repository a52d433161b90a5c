import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerService
import LedgerTestSupport
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The version, completions, manual pages, and what is written to a terminal.
@Suite("The command line", .privateServer())
struct CommandLineTests {
  private func shell(_ script: String, _ arguments: [String] = []) async throws -> ProgramRun {
    let result = try await run(
      .path("/bin/bash"), arguments: Arguments(["-c", script, "bash"] + arguments),
      environment: .inherit, input: .none, output: .string(limit: 1 << 22),
      error: .string(limit: 1 << 20))
    var status = -1
    if case .exited(let code) = result.terminationStatus { status = Int(code) }
    return ProgramRun(status: status, output: result.standardOutput, errors: result.standardError)
  }

  @Test("--version prints the version of the program and nothing else")
  func version() async throws {
    let answer = try await ProgramRun.pithledger(["--version"])
    #expect(answer.status == 0 && answer.output == "pithledger \(LedgerVersion.current)\n")
  }

  // MARK: Manual

  @Test("Every command has a manual page that man reads without a warning")
  func manual() async throws {
    let directory = "/tmp/plt-man-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let made = try await ProgramRun.pithledger(["manual", "--dir", directory])
    #expect(made.status == 0, "\(made.errors)")
    let pages = try FileManager.default.contentsOfDirectory(atPath: directory)
    let leaves = try await CommandTree.read().leaves
    for (path, command) in leaves {
      let name = "pithledger-" + path.joined(separator: "-") + ".1"
      #expect(pages.contains(name), "\(name)")
      let page = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
      for option in command.optionNames where option.count > 1 && option != "continue-from" {
        #expect(page.contains("\\-\\-" + option.replacing("-", with: "\\-")), "\(name): \(option)")
      }
      #expect(page.contains(".SH EXAMPLES"), "\(name)")
    }
    let warnings = try await shell(
      """
      command -v groff >/dev/null || exit 77
      for page in "$1"/*.1; do groff -man -ww -z -Tutf8 "$page" 2>&1 || exit 1; done
      """, [directory])
    #expect(warnings.output.isEmpty, "\(warnings.output.prefix(2000))")
    #expect(warnings.status == 0 || warnings.status == 77)
    let one = try await ProgramRun.pithledger(["manual", "attest", "citation"])
    #expect(
      one.output.hasPrefix(".TH PITHLEDGER\\-ATTEST\\-CITATION 1"), "\(one.output.prefix(80))")
    let none = try await ProgramRun.pithledger(["manual", "attest", "nothing"])
    #expect(none.status == 64)
  }

  // MARK: Terminals

  /// Runs the program on a pseudo-terminal. Returns what it wrote.
  private func onTerminal(_ arguments: [String], _ environment: [String: String]) async throws
    -> String
  {
    let script = """
      import os, pty, sys, json
      env = {k: v for k, v in os.environ.items() if not k.startswith("PITHLEDGER_") and k != "NO_COLOR"}
      env.update(json.loads(sys.argv[1]))
      pid, fd = pty.fork()
      if pid == 0: os.execvpe(sys.argv[2], sys.argv[2:], env)
      out = b""
      while True:
          try: part = os.read(fd, 4096)
          except OSError: break
          if not part: break
          out += part
      os.waitpid(pid, 0)
      sys.stdout.buffer.write(out)
      """
    let environment = JSON.object(
      JSONObject(environment.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    return String(
      decoding: try await python(
        script, [environment.canonicalString(), TestProgram.path] + arguments), as: UTF8.self)
  }

  @Test("Colours are written to a terminal only, and never with NO_COLOR or a dumb one")
  func colours() async throws {
    try await withLedger { test in
      let arguments = ["doctor", "--data-dir", test.ledger.configuration.dataDirectory]
      let settings = ["PITHLEDGER_DATABASE_URL": test.uri, "TERM": "xterm"]
      let coloured = try await onTerminal(arguments, settings)
      #expect(coloured.contains("\u{1B}[32mok"), "\(coloured)")
      for other in [["NO_COLOR": "1"], ["TERM": "dumb"], ["TERM": ""]] {
        let plain = try await onTerminal(arguments, settings.merging(other) { $1 })
        #expect(!plain.contains("\u{1B}") && plain.contains("ok"), "\(other): \(plain)")
      }
      let piped = try await ProgramRun.pithledger(arguments, settings: ["DATABASE_URL": test.uri])
      #expect(!piped.output.contains("\u{1B}"))
    }
  }

  @Test("Progress is written to a terminal, elsewhere only when it is asked for")
  func progress() async throws {
    try await withLedger { test in
      let arguments = ["fsck", "--data-dir", test.ledger.configuration.dataDirectory]
      let settings = ["DATABASE_URL": test.uri]
      let quiet = try await ProgramRun.pithledger(arguments, settings: settings)
      #expect(quiet.status == 0 && !quiet.errors.contains("/s"), "\(quiet.errors)")
      let asked = try await ProgramRun.pithledger(arguments + ["--progress"], settings: settings)
      #expect(asked.errors.contains(#/\d+ of \d+ entries, \d+\/s, \d+ s left/#), "\(asked.errors)")
      let terminal = try await onTerminal(
        arguments, ["PITHLEDGER_DATABASE_URL": test.uri, "TERM": "xterm"])
      #expect(terminal.contains(#/entries, \d+\/s/#), "\(terminal)")
    }
  }
}
