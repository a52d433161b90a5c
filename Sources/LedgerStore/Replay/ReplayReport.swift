/// The result of a replay.
public struct ReplayReport: Sendable {
  /// A value of a derived table that differs from the one that follows from the log.
  public struct Drift: Sendable, Equatable {
    /// The table with its schema, such as `ledger.event_summary`.
    public let table: String
    /// The Pith Number of the record, or `record` and its position where there is none. For names of
    /// records and tokens: the name or the token.
    public let pithNumber: String
    /// The name of the column.
    public let key: String
    /// The live value; `nil` where the row was missing.
    public let was: String?
    /// The value the log gives; `nil` where there should be no row.
    public let now: String?
  }

  /// The number of events that the projections include.
  public let events: Int64
  /// The number of records.
  public let records: Int64
  /// The duration in seconds.
  public let seconds: Double
  /// The differences, at most ``Replayer``'s limit of 1000.
  public var drift: [Drift]
  /// Whether the replayed tables replaced the live ones.
  public let swapped: Bool
}

/// The progress of a replay.
public struct ReplayProgress: Sendable {
  /// The number of events that are folded; half an event counts for one that is only read.
  public let eventsDone: Int64
  /// The number of events that the replay folds.
  public let eventsTotal: Int64
  /// The time since the start, in seconds.
  public let seconds: Double

  /// Events per second.
  public var rate: Double { seconds > 0 ? Double(eventsDone) / seconds : 0 }
  /// Seconds left at this rate.
  public var secondsLeft: Double { rate > 0 ? Double(eventsTotal - eventsDone) / rate : 0 }
}
