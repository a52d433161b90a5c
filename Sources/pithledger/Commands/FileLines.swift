import Foundation
import LedgerService

/// The lines of a file without blank lines, read on demand.
struct FileLines: AsyncSequence, Sendable {
  let handle: FileHandle
  let limit: Int

  struct AsyncIterator: AsyncIteratorProtocol {
    let handle: FileHandle
    var splitter: LineSplitter
    var lines: ArraySlice<NumberedLine> = []
    var isFinished = false

    mutating func next() async throws -> NumberedLine? {
      while lines.isEmpty, !isFinished {
        if let data = try handle.read(upToCount: 1 << 16), !data.isEmpty {
          lines = try splitter.feed(Array(data))[...]
        } else {
          isFinished = true
          lines = splitter.finish().map { [$0] } ?? []
        }
      }
      return lines.popFirst()
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(handle: handle, splitter: LineSplitter(limit: limit))
  }
}
