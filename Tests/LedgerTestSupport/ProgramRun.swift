public import CanonicalJSON
import Foundation
import Subprocess
import SystemPackage

/// The result of a program that ran to its end.
public struct ProgramRun: Sendable {
  /// The exit code; -1 if a signal ended the program.
  public let status: Int
  /// The standard output.
  public let output: String
  /// The standard error.
  public let errors: String

  /// Makes the result of a program that a test ran itself.
  public init(status: Int, output: String, errors: String) {
    self.status = status
    self.output = output
    self.errors = errors
  }

  /// Runs `pithledger` with arguments and settings.
  ///
  /// - Parameter settings: environment variables without the prefix `PITHLEDGER_`. Others of this prefix are
  ///   not set.
  public static func pithledger(
    _ arguments: [String], settings: [String: String] = [:]
  ) async throws -> ProgramRun {
    var environment: [Subprocess.Environment.Key: String?] = [:]
    for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("PITHLEDGER_") {
      environment[Subprocess.Environment.Key(stringLiteral: name)] = .some(nil)
    }
    for (name, value) in settings {
      environment[Subprocess.Environment.Key(stringLiteral: "PITHLEDGER_" + name)] = value
    }
    let result = try await run(
      .path(FilePath(TestProgram.path)), arguments: Arguments(arguments),
      environment: .inherit.updating(environment), input: .none,
      output: .string(limit: 1 << 22), error: .string(limit: 1 << 20))
    var status = -1
    if case .exited(let code) = result.terminationStatus { status = Int(code) }
    return ProgramRun(
      status: status, output: result.standardOutput, errors: result.standardError)
  }

  /// The last line of the standard error as JSON; `nil` if it is none.
  public var error: JSON? { Self.parse(errors.split(separator: "\n").last) }

  /// The standard output as JSON; `nil` if it is no single value.
  public var json: JSON? { Self.parse(output.split(separator: "\n").last) }

  private static func parse(_ line: Substring?) -> JSON? {
    line.flatMap { try? JSON.parse(Array($0.utf8)) }
  }
}

/// The commands of `pithledger` with their options, as the program describes them.
public struct CommandTree: Decodable, Sendable {
  /// An argument, option or flag.
  public struct Argument: Decodable, Sendable {
    /// A name of an option.
    public struct Name: Decodable, Sendable {
      /// The name without dashes.
      public let name: String
    }
    /// `positional`, `option` or `flag`.
    public let kind: String
    /// The names; `nil` for a positional argument.
    public let names: [Name]?
    /// Whether it may be left out.
    public let isOptional: Bool
  }

  /// The name.
  public let commandName: String
  /// What the command does, in a sentence.
  public let abstract: String?
  /// The rest of its description, with its examples.
  public let discussion: String?
  /// The arguments.
  public let arguments: [Argument]?
  /// The commands below.
  public let subcommands: [CommandTree]?

  private struct Dump: Decodable {
    let command: CommandTree
  }

  /// Asks the program for its commands.
  public static func read() async throws -> CommandTree {
    let dump = try await ProgramRun.pithledger(["--experimental-dump-help"])
    return try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command
  }

  /// The commands that have no others below them, with their path from the root. The command `help` is left
  /// out.
  public var leaves: [(path: [String], command: CommandTree)] {
    (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { child in
      let below = child.leaves
      return below.isEmpty
        ? [([child.commandName], child)]
        : below.map { ([child.commandName] + $0.path, $0.command) }
    }
  }

  /// The long and short names of the options.
  public var optionNames: Set<String> {
    Set((arguments ?? []).flatMap { ($0.names ?? []).map(\.name) })
  }
}
