import Foundation

/// Writes to standard output without a buffer.
enum StandardOutput {
  /// Writes a line at once. `print` waits for a full buffer if the output is not a terminal.
  static func writeLine(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  /// Writes bytes at once.
  ///
  /// - Throws: an error of Foundation, for example if a pipe has no reader.
  static func write(_ bytes: [UInt8]) throws {
    try FileHandle.standardOutput.write(contentsOf: Data(bytes))
  }
}

/// Writes diagnostics to standard error, so that standard output holds only the result.
enum Diagnostics {
  /// Writes a line with the name of the program before it.
  static func report(_ line: String) { write("pithledger: \(line)\n") }

  /// Writes text as it is.
  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
