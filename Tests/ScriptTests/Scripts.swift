import Foundation
import Subprocess
import TestSupport

/// The scripts of the project, and the programs of this build.
enum Scripts {
  /// The folder with the programs of this build.
  static let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    .path

  /// The output of a script.
  struct Output: CustomStringConvertible {
    let exitCode: Int32?
    let text: String
    var description: String { "exit code \(exitCode.map(String.init) ?? "none"): \(text)" }
    var isSuccess: Bool { exitCode == 0 }
  }

  private static func path(_ name: String) -> String {
    Fixtures.project.appendingPathComponent("scripts/\(name)").path
  }

  /// Runs a script of the folder `scripts` of the project, and returns what it printed on both streams.
  ///
  /// - Parameters:
  ///   - variables: further environment variables, as `NAME=value`.
  ///   - project: another folder with a folder `scripts`.
  static func run(
    _ name: String, _ arguments: [String], variables: [String] = [], in project: URL? = nil
  ) async throws -> Output {
    let script = project?.appendingPathComponent("scripts/\(name)").path ?? path(name)
    let result = try await Subprocess.run(
      .name("env"), arguments: Arguments(variables + [script] + arguments),
      output: .string(limit: 1 << 20),
      error: .combinedWithOutput)
    var exitCode: Int32?
    if case .exited(let code) = result.terminationStatus { exitCode = code }
    return Output(exitCode: exitCode, text: result.standardOutput)
  }

  /// Why no clean root can be made on this machine, or no package; `nil` if both can.
  static let missingRoot: String? = {
    for program in ["dpkg-deb", "dpkg-shlibdeps", "strip"]
    where !FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)") {
      return "\(program) is not installed"
    }
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: path("clean-root"))
    process.arguments = ["check"]
    process.standardOutput = pipe
    do { try process.run() } catch { return "scripts/clean-root cannot be started" }
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // Any other failure of the script is one of the test.
    return process.terminationStatus == 77 ? text : nil
  }()
}
