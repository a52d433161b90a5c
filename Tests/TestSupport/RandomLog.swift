public import LedgerDomain

/// A random log with valid and invalid events of every type, determined by a seed.
public struct RandomLog: Sendable {
  /// The seed.
  public let seed: UInt64
  /// The columns of the events, by position. They are derived from `entries`.
  public let events: [FoldEvent]
  /// The bytes of the entries, by position.
  public let entries: [[UInt8]]
  /// The records that the log creates.
  public let records: [RecordID]

  /// Generates a log.
  ///
  /// - Parameters:
  ///   - count: the number of events. The log may have one more.
  ///   - recordCount: the number of records.
  public init(seed: UInt64, count: Int = 240, records recordCount: Int = 4) throws {
    var generator = try RandomLogGenerator(seed: seed, records: recordCount)
    while generator.writer.events.count < count { try generator.appendAny() }
    self.seed = seed
    events = generator.events
    entries = generator.writer.entries
    records = generator.records
  }
}
