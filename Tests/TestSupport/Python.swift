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
