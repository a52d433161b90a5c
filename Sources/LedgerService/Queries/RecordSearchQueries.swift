import Encodings
public import LedgerDomain
public import LedgerStore
import ProofFormats

/// Which records a search finds, as a reader asks for them.
public struct RecordFilter: Sendable, Hashable {
  /// The parameters of a search by name, in the order of their names, as the reader gave them.
  public private(set) var items: [(name: String, value: String)] = []
  /// The conditions.
  public private(set) var conditions = RecordConditions()

  /// Compares the conditions.
  public static func == (a: RecordFilter, b: RecordFilter) -> Bool { a.conditions == b.conditions }

  /// Hashes the conditions.
  public func hash(into hasher: inout Hasher) { hasher.combine(conditions) }

  /// The parameters that a search takes.
  public static let parameters = [
    "after", "author", "before", "category", "orcid", "order", "q", "status", "title",
  ]

  /// Parses a search.
  ///
  /// - Parameter value: the value of a parameter of ``parameters``; `nil` for an absent one.
  /// - Throws: a `Refusal` of code `malformed` with check `query` that names the parameter.
  public init(_ value: (_ name: String) -> String?) throws(Refusal) {
    for name in Self.parameters {
      guard let text = value(name) else { continue }
      items.append((name, text))
      switch name {
      case "q": conditions.anywhere = try SearchQuery(text, field: name)
      case "title": conditions.title = try SearchQuery(text, field: name)
      case "author": conditions.author = try SearchQuery(text, field: name)
      case "after": conditions.after = try Self.time(text, name)
      case "before": conditions.before = try Self.time(text, name)
      case "category": conditions.category = try Self.category(text)
      case "orcid": conditions.claimant = try Self.identity(text)
      case "status":
        conditions.statuses = try ListQuery.choices(
          text, name, among: RecordConditions.Status.allCases.map { ($0.rawValue, $0) })
      default: conditions.order = try ListQuery.order(text)
      }
    }
  }

  /// Parses a time, or a day, which begins at midnight UTC.
  private static func time(_ text: String, _ field: String) throws(Refusal) -> Timestamp {
    guard let time = Timestamp(text) ?? Timestamp(text + "T00:00:00Z") else {
      throw ListQuery.refusal(field, "A time as 2026-11-27T09:00:00Z, or a day as 2026-11-27.")
    }
    return time
  }

  private static func category(_ text: String) throws(Refusal) -> String {
    guard (1...64).contains(text.utf8.count), !text.utf8.contains(0) else {
      throw ListQuery.refusal("category", "A category has 1 to 64 bytes.")
    }
    return text
  }

  private static func identity(_ text: String) throws(Refusal) -> Digest128 {
    let prefix = "https://orcid.org/"
    let id = (text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text).uppercased()
    guard ORCID.isValid(id) else {
      throw ListQuery.refusal(
        "orcid", "An ORCID iD such as 0000-0002-1825-0097, with a valid check digit.")
    }
    return KeyTimeline.identity(signerID: prefix + id)
  }
}

/// Searches for records, page by page.
public struct RecordSearchQueries: Sendable {
  /// The largest number of records in one page.
  public static let pageSize = 100

  let store: LedgerStore
  let configuration: LedgerConfiguration

  /// Returns a page of the records that a filter selects, the newest first unless the filter has another order.
  ///
  /// - Parameters:
  ///   - filter: what is selected.
  ///   - cursor: the cursor that a page of the same search gave; `nil` for the first page.
  ///   - limit: the largest number of records, brought to `pageSize`.
  ///
  /// Errors: `malformed` with check `query` for a limit below 1, and for a cursor of another search.
  public func page(
    _ filter: RecordFilter, cursor: String? = nil, limit: Int = 50
  ) async throws -> RecordSearchPage {
    let limit = try ListQuery.limit(limit, most: Self.pageSize)
    let now = configuration.clock()
    let cursors = ListCursor(filter.items.flatMap { [$0.name, $0.value] })
    let place = try cursor.map { text throws(Refusal) in
      let place = try cursors.place(text, count: 2)
      return RecordPlace(
        submittedAt: Timestamp(microseconds: place[0]), record: RecordID(rawValue: place[1]))
    }
    let page = try await store.search.page(
      filter.conditions, behind: place, limit: limit, now: now)
    return RecordSearchPage(
      filter: filter, limit: limit,
      records: page.records.map { found in
        RecordSearchPage.Item(
          record: found,
          status: StatusSnapshot(
            found.record.pithNumber, found.projected, position: found.projected.state.position,
            at: now))
      }, next: page.next.map { cursors.text($0.submittedAt.microseconds, $0.record.rawValue) })
  }
}

extension RecordSearchQueries {
  /// The periods between two times in which records were submitted, the newest first: a time in each. At most
  /// `RecordTitles.maxPeriods`.
  public func periods(
    _ unit: RecordTitles.Period, from: Timestamp = Timestamp(microseconds: 0),
    below: Timestamp = .never
  ) async throws -> [Timestamp] {
    try await store.titles.periods(unit, from: from, below: below)
  }
}

/// The records of one page of a search.
public struct RecordSearchPage: Sendable {
  /// A record with its status.
  public struct Item: Sendable {
    /// The record with what it was found by.
    public let record: FoundRecord
    /// The record's status.
    public let status: StatusSnapshot
  }

  /// The search.
  public let filter: RecordFilter
  /// The largest number of records that the page may have.
  public let limit: Int
  /// The records, in the order of the search.
  public let records: [Item]
  /// The cursor of the next page; `nil` if this is the last page.
  public let next: String?
}
