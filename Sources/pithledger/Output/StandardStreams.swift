import CanonicalJSON
import Foundation
import Synchronization

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
  /// Whether the last text that was written did not end its line.
  private static let isLineOpen = Mutex(false)

  /// Writes a line with the name of the program before it.
  static func report(_ line: String) { writeLine("pithledger: \(TerminalText.escaped(line))") }

  /// Writes a JSON value in a line.
  static func reportJSON(_ json: JSON) {
    let text = json.canonicalString()
    writeLine(TerminalText.isDiagnostics ? TerminalText.escapedJSON(text) : text)
  }

  /// Writes text as it is.
  static func write(_ text: String) {
    isLineOpen.withLock { isOpen in
      FileHandle.standardError.write(Data(text.utf8))
      isOpen = !text.hasSuffix("\n")
    }
  }

  /// Writes a line of its own: ends a line of progress first.
  private static func writeLine(_ line: String) {
    isLineOpen.withLock { isOpen in
      FileHandle.standardError.write(Data("\(isOpen ? "\n" : "")\(line)\n".utf8))
      isOpen = false
    }
  }
}
