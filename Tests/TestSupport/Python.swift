import Foundation
import Subprocess

/// Runs a Python program with some input, for differential tests.
///
/// - Throws: ``PythonFailed`` with the error output of the program.
public func python(
  _ program: String, _ arguments: [String] = [], input: [UInt8] = []
) async throws -> [UInt8] {
  let result = try await run(
    .name("python3"), arguments: Arguments(["-c", program] + arguments), input: .array(input),
    output: .bytes(limit: 256 << 20), error: .string(limit: 1 << 20))
  guard result.terminationStatus.isSuccess else {
    throw PythonFailed(message: result.standardError)
  }
  return result.standardOutput
}

/// A Python program ended with an error.
public struct PythonFailed: Error, CustomStringConvertible {
  /// The error output of the program.
  public let message: String
  /// The message for a person.
  public var description: String { "python3 failed: \(message)" }
}

/// What a test needs that may not be installed.
public enum PythonPackages {
  /// Whether the interpreter can import every one of some modules, and some programs are installed.
  ///
  /// - Parameter programs: names of programs.
  public static func missing(_ modules: [String], programs: [String] = []) -> String? {
    let test =
      modules.map { "import \($0)" } + ["import shutil"]
      + programs.map { "assert shutil.which('\($0)')" }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", test.joined(separator: "\n")]
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return "python3 cannot be started" }
    process.waitUntilExit()
    return process.terminationStatus == 0
      ? nil : "these are not all installed: \((modules + programs).joined(separator: ", "))"
  }
}
