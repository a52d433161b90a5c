import Foundation
import LedgerTestSupport
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What the shells propose with the scripts of `--generate-completion-script`.
@Suite("Completions")
struct CompletionTests {
  private static let missingZsh = PythonPackages.missing([], programs: ["zsh"])
  private static let missingFish = PythonPackages.missing([], programs: ["fish"])

  /// Lines with what every shell proposes at their end.
  private static let lines: [(line: String, words: Set<String>)] = [
    ("pithledger att", ["attest"]),
    ("pithledger attest ", ["author", "citation", "replication", "storage", "timestamp"]),
    ("pithledger status --as", ["--as-of"]),
    ("pithledger attest citation x --relation re", ["refutes", "replaces"]),
  ]
  private static let setting = "pithledger status --set CHECKPOINT_I"

  /// Runs a program of a shell with the folder of `pithledger` in its path. Returns its lines.
  private func shell(
    _ name: String, _ options: [String], _ program: String, _ arguments: [String]
  ) async throws -> [String] {
    let folder = URL(fileURLWithPath: TestProgram.path).deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let result = try await run(
      .name(name), arguments: Arguments(options + ["-c", program] + arguments),
      environment: .inherit.updating(["PATH": "\(folder):\(path)", "TERM": "dumb"]), input: .none,
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    try #require(
      result.terminationStatus.isSuccess, "\(result.standardOutput)\(result.standardError)")
    return result.standardOutput.split(whereSeparator: \.isNewline).map(String.init)
  }

  // MARK: bash

  private func bash(_ line: String) async throws -> Set<String> {
    let script = """
      eval "$(pithledger --generate-completion-script bash)"
      COMP_LINE="$1"; COMP_POINT=${#COMP_LINE}
      read -ra COMP_WORDS <<< "$COMP_LINE"
      case "$COMP_LINE" in *' ') COMP_WORDS+=('') ;; esac
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      COMPREPLY=()
      _pithledger pithledger "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    return Set(
      try await shell("bash", [], script, ["bash", line]).map {
        $0.trimmingCharacters(in: .whitespaces)
      })
  }

  @Test("bash completes commands, subcommands, options, settings and files")
  func bash() async throws {
    let commands = try await bash("pithledger ")
    #expect(commands.isSuperset(of: ["serve", "status", "attest", "doctor"]), "\(commands)")
    for (line, words) in Self.lines {
      let proposed = try await bash(line).subtracting(["--help", "-h"])
      #expect(proposed.isSuperset(of: words), "\(line): \(proposed)")
      #expect(line.hasSuffix(" ") || proposed == words, "\(line): \(proposed)")
    }
    #expect(try await bash(Self.setting) == ["CHECKPOINT_INTERVAL_SECONDS="])
    try await withFile(Array("x".utf8), named: "key") { path in
      let files = try await bash("pithledger key register \(path.dropLast(3))")
      #expect(files == [path])
    }
  }

  // MARK: zsh

  /// What zsh proposes: a second zsh, on a terminal of its own, prints the words that it would add.
  private func zsh(_ line: String) async throws -> Set<String> {
    let inner = """
      PROMPT=
      stty -echo
      autoload -Uz compinit && compinit -u -D
      eval "$(pithledger --generate-completion-script zsh)"
      bindkey '^I' complete-word
      zstyle ':completion:*' insert-tab false
      compadd() {
        if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
        local -a hits
        builtin compadd -A hits "$@"
        builtin compadd "$@"
        print -rl -- '' "<"${^hits}">"
      }
      finish() { print; print end-of-completion; exit }
      comppostfuncs=(finish)
      print ready-to-complete
      """
    let outer = """
      zmodload zsh/zpty
      zpty z zsh -f -i
      () { zpty -w z "source $1"; zpty -r z junk '*ready-to-complete*' } =(print -r -- "$1")
      zpty -w -n z "$2"$'\\t'
      zpty -r z answer '*end-of-completion*'
      print -r -- "$answer"
      """
    let printed = try await shell("zsh", ["-f"], outer, ["zsh", inner, line])
    #expect(printed.contains { $0.contains("end-of-completion") }, "\(line): \(printed)")
    return Set(
      printed.filter { $0.hasPrefix("<") && $0.hasSuffix(">") }.map {
        String($0.dropFirst().dropLast())
      })
  }

  @Test(
    "zsh completes commands, subcommands, options, settings and files",
    .enabled(if: missingZsh == nil, Comment(rawValue: missingZsh ?? "")), .timeLimit(.minutes(3)))
  func zsh() async throws {
    for (line, words) in Self.lines {
      let proposed = try await zsh(line)
      #expect(proposed == words, "\(line): \(proposed)")
    }
    #expect(try await zsh(Self.setting) == ["CHECKPOINT_INTERVAL_SECONDS="])
    #expect(try await zsh("pithledger nothing ") == [])
    try await withFile(Array("x".utf8), named: "key") { path in
      let name = URL(fileURLWithPath: path).lastPathComponent
      let files = try await zsh("pithledger key register \(path.dropLast(3))")
      #expect(files == [name])
    }
  }

  // MARK: fish

  private func fish(_ line: String) async throws -> Set<String> {
    let script = "pithledger --generate-completion-script fish | source; complete -C $argv[1]"
    return Set(
      try await shell("fish", ["--no-config"], script, [line]).map {
        String($0.prefix { $0 != "\t" })
      })
  }

  @Test(
    "fish completes commands, subcommands, options, settings and files",
    .enabled(if: missingFish == nil, Comment(rawValue: missingFish ?? "")), .timeLimit(.minutes(3)))
  func fish() async throws {
    for (line, words) in Self.lines {
      let proposed = try await fish(line)
      #expect(proposed == words, "\(line): \(proposed)")
    }
    try await withFile(Array("x".utf8), named: "key") { path in
      let files = try await fish("pithledger key register \(path.dropLast(3))")
      #expect(files == [path])
    }
    // fish asks the program for settings in a terminal only.
    let folder = URL(fileURLWithPath: TestProgram.path).deletingLastPathComponent().path
    let found = try await python(
      """
      import os, pty, select, sys, time
      os.environ.update(PATH=sys.argv[1] + ":" + os.environ["PATH"], TERM="xterm")
      process, terminal = pty.fork()
      if process == 0:
          os.execvp("fish", ["fish", "--no-config", "--private", "-i"])
      def wait(text):
          seen, end = "", time.monotonic() + 60
          while text not in seen:
              assert time.monotonic() < end, (text, seen)
              if select.select([terminal], [], [], 1)[0]:
                  seen += os.read(terminal, 65536).decode(errors="replace")
      os.write(terminal, b"pithledger --generate-completion-script fish | source; echo rea''dy\\r")
      wait("ready\\r")
      os.write(terminal, sys.argv[2].encode() + b"\\t")
      wait("CHECKPOINT_INTERVAL_SECONDS=")
      os.write(terminal, b"\\x03")
      os.close(terminal)
      os.waitpid(process, 0)
      print("found")
      """, [folder, Self.setting])
    #expect(String(decoding: found, as: UTF8.self) == "found\n")
  }

  @Test("The scripts of zsh and fish name every command")
  func everyCommand() async throws {
    for name in ["zsh", "fish"] {
      let script = try await ProgramRun.pithledger(["--generate-completion-script", name])
      #expect(script.status == 0)
      for (path, _) in try await CommandTree.read().leaves {
        #expect(script.output.contains(path[path.count - 1]), "\(name): \(path)")
      }
    }
  }
}
