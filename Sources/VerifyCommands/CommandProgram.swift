public import ArgumentParser
import CanonicalJSON
import Foundation

/// Runs a program's root command.
///
/// An error about the arguments is described by the parser, and for `--json` by one JSON object on standard
/// error. Specification: errors.md, section Errors of the command line.
public enum CommandProgram {
  /// Parses the arguments of the process, runs the command, and ends the process if there is an error.
  public static func run<Root: ParsableCommand>(_ root: Root.Type) async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try Root.parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      let code = Root.exitCode(for: error)
      guard arguments.contains("--json"), !(error is ExitCode), code != .success else {
        Root.exit(withError: error)
      }
      let check = code == .validationFailure ? "usage" : "internal"
      reportJSON([
        "check": .string(check), "exit_code": .integer(Int64(code.rawValue)),
        "message": .string(Root.message(for: error)),
      ])
      Root.exit(withError: code)
    }
  }

  /// Writes a JSON object to standard error, in one line.
  static func reportJSON(_ members: JSONObject) {
    FileHandle.standardError.write(Data((JSON.object(members).canonicalString() + "\n").utf8))
  }
}
