import ContextProtocol
import Foundation

/// The Model Context Protocol over standard input and output: one message on each line.
///
/// Standard output has nothing else. The program ends when the input ends and every request is answered.
enum StandardStreamTransport {
  /// Serves a client until its input ends.
  static func run(_ server: ContextServer) async {
    // A client that goes away must not end the process before the ledger is closed.
    _ = signal(SIGPIPE, SIG_IGN)
    let output = MessageWriter()
    let session = ContextSession(server) { await output.write($0) }
    let input = DispatchQueue(label: "pithledger.input")
    var lines = LineReader()
    while let bytes = await read(input) {
      for line in lines.take(bytes) { await receive(line, session) }
    }
    if let line = lines.finish() { await receive(line, session) }
    await session.finish()
  }

  private static func receive(_ line: LineReader.Line, _ session: ContextSession) async {
    switch line {
    case .bytes(let bytes): await session.receive(bytes)
    case .tooLong: await session.refuseLongLine()
    }
  }

  /// Reads what has come. `nil` at the end of the input. No thread of the concurrency pool waits for input.
  private static func read(_ queue: DispatchQueue) async -> Data? {
    await withCheckedContinuation { continuation in
      queue.async {
        let bytes = FileHandle.standardInput.availableData
        continuation.resume(returning: bytes.isEmpty ? nil : bytes)
      }
    }
  }
}

/// Writes messages to standard output, one after the other. A client that does not read stops its own requests.
private final class MessageWriter: Sendable {
  private let queue = DispatchQueue(label: "pithledger.output")

  func write(_ message: [UInt8]) async {
    await withCheckedContinuation { continuation in
      queue.async {
        // A client that has gone away gets no answer; its input ends too.
        try? StandardOutput.write(message + [0x0A])
        continuation.resume()
      }
    }
  }
}
