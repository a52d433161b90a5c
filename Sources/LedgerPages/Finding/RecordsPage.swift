public import LedgerDomain
public import LedgerService
public import LedgerStore
import RecordFormats

/// A year, a month or a day by which records are browsed, as in `2024`, `2024-05` and `2024-05-03`.
public struct CalendarPeriod: Sendable, Equatable {
  /// The year.
  public let year: Int
  /// The month, from 1; `nil` for a whole year.
  public let month: Int?
  /// The day; `nil` for a whole year or month.
  public let day: Int?

  /// Parses a period; `nil` for another text.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count), parts[0].utf8.count == 4,
      parts.dropFirst().allSatisfy({ $0.utf8.count == 2 }),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D })
    else { return nil }
    let full = [text, "\(text)-01", "\(text)-01-01"].first { $0.utf8.count == 10 } ?? text
    guard Timestamp(full + "T00:00:00Z") != nil, let year = Int(parts[0]) else { return nil }
    self.init(
      year: year, month: parts.count > 1 ? Int(parts[1]) : nil,
      day: parts.count > 2 ? Int(parts[2]) : nil)
  }

  init(year: Int, month: Int? = nil, day: Int? = nil) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The period as a parameter.
  public var text: String {
    [Self.padded(year, 4), month.map { Self.padded($0, 2) }, day.map { Self.padded($0, 2) }]
      .compactMap(\.self).joined(separator: "-")
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  /// The first moment.
  public var start: Timestamp? { Self.midnight(year, month ?? 1, day ?? 1) }

  /// The first moment after the period.
  public var end: Timestamp? {
    guard let month else { return Self.midnight(year + 1, 1, 1) }
    guard day != nil, let start else {
      return month == 12 ? Self.midnight(year + 1, 1, 1) : Self.midnight(year, month + 1, 1)
    }
    return Timestamp(microseconds: start.microseconds + 86_400_000_000)
  }

  private static func midnight(_ year: Int, _ month: Int, _ day: Int) -> Timestamp? {
    Timestamp("\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T00:00:00Z")
  }

  /// The period in words, such as `May 2024`.
  public var words: String {
    guard let start else { return text }
    let parts = TimeWords(start).day.split(separator: " ")
    guard parts.count == 3 else { return text }
    return day != nil
      ? parts.joined(separator: " ") : month != nil ? "\(parts[1]) \(parts[2])" : "\(parts[2])"
  }

  /// The length of the periods into which this one is divided; `nil` for a day.
  public var unit: RecordTitles.Period? { day != nil ? nil : month != nil ? .day : .month }

  /// The part of this period that has a time in it.
  func part(at time: Timestamp) -> CalendarPeriod {
    let numbers = time.description.prefix(10).split(separator: "-").compactMap { Int($0) }
    guard numbers.count == 3 else { return self }
    return CalendarPeriod(
      year: numbers[0], month: numbers[1], day: month == nil ? nil : numbers[2])
  }
}

/// The records by date and category, the newest first.
public struct RecordsPage: Page {
  public static let template = "records"
  public let frame: PageFrame
  /// The heading.
  public let heading: String
  /// The periods around the one that is shown.
  public let trail: [TextLink]
  /// What the links of ``parts`` are: years, months or days.
  public let partsName: String
  /// The parts of the period that have records.
  public let parts: [TextLink]
  /// Whether there are ``parts``.
  public let hasParts: Bool
  /// The period; empty for all times.
  public let date: String
  /// The category; empty for any.
  public let category: String
  /// The records.
  public let rows: [RecordRow]
  /// Whether there are ``rows``.
  public let hasRows: Bool
  /// The links to other pages.
  public let pager: Pager
  /// The same list as JSON.
  public let json: String

  /// Makes the page.
  ///
  /// - Parameters:
  ///   - frame: the parts that every page has.
  ///   - page: the records.
  ///   - period: the period; `nil` for all times.
  ///   - parts: a time in each part of the period that has records.
  ///   - category: the chosen category; `nil` for any.
  ///   - isFirst: whether it is the first page of the list.
  public init(
    frame: PageFrame, _ page: RecordSearchPage, period: CalendarPeriod?, parts: [Timestamp],
    category: String?, isFirst: Bool
  ) {
    func items(_ period: CalendarPeriod?) -> [(name: String, value: String)] {
      [("category", category), ("date", period?.text)].compactMap { name, value in
        value.map { (name: name, value: $0) }
      }
    }
    func link(_ words: String, _ target: CalendarPeriod?) -> TextLink {
      TextLink(words, Links.address("/records", items(target)), isCurrent: target == period)
    }
    heading = [period.map { "Records of \($0.words)" } ?? "Records", category.map { "in \($0)" }]
      .compactMap(\.self).joined(separator: " ")
    var trail = [link("All years", nil)]
    if let period {
      trail.append(link("\(period.year)", CalendarPeriod(year: period.year)))
      if let month = period.month {
        let month = CalendarPeriod(year: period.year, month: month)
        trail.append(link(month.words, month))
      }
      if period.day != nil { trail.append(link(period.words, period)) }
    }
    self.trail = trail
    partsName = period == nil ? "Years" : period?.month == nil ? "Months" : "Days"
    self.parts = parts.map { time in
      let part =
        period?.part(at: time)
        ?? CalendarPeriod(year: Int(time.description.prefix(4)) ?? 1970)
      return link(part.words, part)
    }
    hasParts = !parts.isEmpty
    date = period?.text ?? ""
    self.category = category ?? ""
    rows = page.records.map { RecordRow($0) }
    hasRows = !rows.isEmpty
    pager = Pager(
      "/records", items(period), isFirst: isFirst, next: page.next.map { ("cursor", $0) })
    json = Links.address("/api/records", page.filter.items)
    var frame = frame
    frame.alternates.append(TypedLink(rel: "alternate", href: json, type: "application/json"))
    self.frame = frame
  }
}
