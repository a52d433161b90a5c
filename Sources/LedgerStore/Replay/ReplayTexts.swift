import LedgerDomain
import PostgresClient

extension Replayer {
  /// The number of positions whose records' texts are written in one transaction.
  private static let textRange = 4096

  /// Writes the texts by which records are found into the new tables, in parallel by ranges of the log.
  func writeTexts(below end: Position) async throws {
    let width = Self.textRange
    let queue = PartQueue(count: (Int(end.rawValue) + width - 1) / width)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.workers {
        group.addTask {
          let target = try await PostgresConnection.connect(
            Projector.connection(self.configuration))
          do {
            while let part = queue.next() {
              try Task.checkCancellation()
              let start = Position.first.advanced(by: part * width)
              try await RecordTextRows.rebuild(
                start..<min(start.advanced(by: width), end), below: end, schema: Self.schema,
                on: target)
            }
            await target.close()
          } catch {
            await target.close()
            throw error
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
