import LedgerDomain
public import LedgerService

/// A chart of the number of events on each day, as SVG, with the same numbers as a table.
public struct DayChart: Sendable {
  /// A bar.
  public struct Bar: Sendable {
    /// The left edge.
    public let x: Int
    /// The upper edge.
    public let y: Int
    /// The height. A day with events has a bar that can be seen.
    public let height: Int
    /// The day and the number.
    public let title: String
    /// The day in words.
    public let day: String
    /// The day as a date.
    public let date: String
    /// The number of events.
    public let count: String
  }

  /// The bars, the oldest first.
  public let bars: [Bar]
  /// What the chart shows, in a sentence.
  public let summary: String
  /// The largest number of events of a day.
  public let most: String
  /// The first day.
  public let firstDay: String
  /// The last day.
  public let lastDay: String

  private static let height = 120
  private static let step = 20

  /// Makes a chart.
  public init(_ days: [HomeView.Day]) {
    let largest = max(1, days.map(\.count).max() ?? 1)
    bars = days.enumerated().map { index, day in
      let words = TimeWords(day.start)
      let height =
        day.count == 0 ? 0 : max(2, Int(Int64(Self.height) * day.count / largest))
      let count = NumberWords.text(day.count)
      return Bar(
        x: 40 + index * Self.step, y: 10 + Self.height - height, height: height,
        title: "\(words.day): \(NumberWords.count(day.count, "event", "events"))", day: words.day,
        date: String(words.exact.prefix(10)), count: count)
    }
    let total = days.reduce(0) { $0 + $1.count }
    let peak = days.max { $0.count < $1.count }
    most = NumberWords.text(days.map(\.count).max() ?? 0)
    firstDay = bars.first?.day ?? ""
    lastDay = bars.last?.day ?? ""
    summary =
      total == 0
      ? "No event was recorded in the last \(days.count) days."
      : "\(NumberWords.count(total, "event was", "events were")) recorded in the last \(days.count) days, most of them on "
        + "\(peak.map { TimeWords($0.start).day } ?? "") (\(most))."
  }
}
