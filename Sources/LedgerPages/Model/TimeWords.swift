public import LedgerDomain

/// A time for people, with its exact form for programs.
public struct TimeWords: Sendable, Equatable {
  /// The exact time, RFC 3339.
  public let exact: String
  /// The day: `27 November 2026`.
  public let day: String
  /// The day and the minute in UTC: `27 November 2026, 09:30 UTC`.
  public let minute: String

  /// Describes a time.
  public init(_ time: Timestamp) {
    exact = time.description
    day = Self.day(exact)
    minute = "\(day), \(exact.dropFirst(11).prefix(5)) UTC"
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]

  /// The day of a time of RFC 3339. A time whose year has more digits stays as it is.
  private static func day(_ exact: String) -> String {
    let parts = exact.prefix(10).split(separator: "-")
    guard parts.count == 3, let month = Int(parts[1]), (1...12).contains(month),
      let day = Int(parts[2])
    else { return exact }
    return "\(day) \(months[month - 1]) \(parts[0])"
  }
}
