public import LedgerDomain

/// Runs independent checks of many items on all cores.
public enum AllCores {
  /// Calls a function for each item, in chunks that run in parallel. The results are in the order of the
  /// items.
  ///
  /// - Parameters:
  ///   - items: the items.
  ///   - chunk: the number of items that one task takes.
  ///   - body: the function, which runs on several threads at once.
  public static func map<T: Sendable, R: Sendable>(
    _ items: [T], chunk: Int, _ body: @escaping @Sendable (T) -> R
  ) async -> [R] {
    await withTaskGroup(of: (start: Int, results: [R]).self) { group in
      let starts = stride(from: 0, to: items.count, by: chunk)
      for start in starts {
        group.addTask {
          (start, items[start..<min(start + chunk, items.count)].map { body($0) })
        }
      }
      var chunks: [[R]] = Array(repeating: [], count: items.count / chunk + 1)
      for await (start, results) in group { chunks[start / chunk] = results }
      var all: [R] = []
      all.reserveCapacity(items.count)
      for chunk in chunks { all += chunk }
      return all
    }
  }
}

/// An event with the public key that must have signed it.
public struct SignedBy: Sendable {
  /// The event.
  public let event: SignedEvent
  /// The raw public key, 32 bytes.
  public let publicKey: [UInt8]

  /// Makes a pair.
  public init(_ event: SignedEvent, publicKey: [UInt8]) {
    self.event = event
    self.publicKey = publicKey
  }

  /// The number of signatures that one task verifies: about two milliseconds of work.
  private static let chunk = 32

  /// Verifies the signatures of many events on all cores. Returns for each event whether its signature
  /// holds.
  public static func verify(_ events: [SignedBy]) async -> [Bool] {
    await AllCores.map(events, chunk: chunk) { $0.event.isSigned(by: $0.publicKey) }
  }
}
