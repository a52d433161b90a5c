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
    "after", "author", "before", "category", "orcid", "order", "status", "title",
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
      case "title": conditions.title = try SearchQuery(text, field: name)
      case "author": conditions.author = try SearchQuery(text, field: name)
      case "after": conditions.after = try Self.time(text, name)
      case "before": conditions.before = try Self.time(text, name)
      case "category": conditions.category = try Self.category(text)
      case "orcid": conditions.claimant = try Self.identity(text)
      case "status": conditions.statuses = try Self.statuses(text)
      default: conditions.order = try Self.order(text)
      }
    }
  }

  private static func refusal(_ field: String, _ message: String) -> Refusal {
    Refusal(.malformed, check: "query", field: field, message)
  }

  /// Parses a time, or a day, which begins at midnight UTC.
  private static func time(_ text: String, _ field: String) throws(Refusal) -> Timestamp {
    guard let time = Timestamp(text) ?? Timestamp(text + "T00:00:00Z") else {
      throw refusal(field, "A time as 2026-11-27T09:00:00Z, or a day as 2026-11-27.")
    }
    return time
  }

  private static func category(_ text: String) throws(Refusal) -> String {
    guard (1...64).contains(text.utf8.count), !text.utf8.contains(0) else {
      throw refusal("category", "A category has 1 to 64 bytes.")
    }
    return text
  }

  private static func identity(_ text: String) throws(Refusal) -> Digest128 {
    let prefix = "https://orcid.org/"
    let id = (text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text).uppercased()
    guard ORCID.isValid(id) else {
      throw refusal("orcid", "An ORCID iD such as 0000-0002-1825-0097, with a valid check digit.")
    }
    return KeyTimeline.identity(signerID: prefix + id)
  }

  private static func statuses(_ text: String) throws(Refusal) -> [RecordConditions.Status] {
    var statuses: [RecordConditions.Status] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let status = RecordConditions.Status(rawValue: String(name)) else {
        let known = RecordConditions.Status.allCases.map(\.rawValue).joined(separator: ", ")
        throw refusal("status", "A member of verification_status: \(known).")
      }
      if !statuses.contains(status) { statuses.append(status) }
    }
    return statuses
  }

  private static func order(_ text: String) throws(Refusal) -> EventOrder {
    guard let order = EventOrder(rawValue: text) else {
      throw refusal("order", "The orders are asc and desc.")
    }
    return order
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
  ///   - cursor: the cursor that a page of the same search gave; `nil` for the first page.
  ///   - limit: the largest number of records, brought to `pageSize`.
  ///
  /// Errors: `malformed` with check `query` for a limit below 1, and for a cursor of another search.
  public func page(
    _ filter: RecordFilter, cursor: String? = nil, limit: Int = 50
  ) async throws -> RecordSearchPage {
    guard limit >= 1 else {
      throw Refusal(
        .malformed, check: "query", field: "limit",
        "A limit is at least 1, and at most \(Self.pageSize).")
    }
    let limit = min(limit, Self.pageSize)
    let now = configuration.clock()
    let place = try cursor.map { text throws(Refusal) in try Self.place(text, filter) }
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
      }, next: page.next.map { Self.cursor($0, filter) })
  }

  // MARK: Cursors

  /// A cursor has the place and a mark of the search, in hexadecimal.
  private static func cursor(_ place: RecordPlace, _ filter: RecordFilter) -> String {
    let values = [place.submittedAt.microseconds, place.record.rawValue]
    let bytes = values.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }
    return Hex.encode(bytes + mark(of: filter))
  }

  private static func place(
    _ cursor: String, _ filter: RecordFilter
  ) throws(Refusal) -> RecordPlace {
    guard let bytes = Hex.decode(cursor), bytes.count == 20,
      Array(bytes[16...]) == mark(of: filter)
    else {
      throw Refusal(
        .malformed, check: "query", field: "cursor",
        "Not a cursor that a page of this search gave. A search with other parameters begins without one."
      )
    }
    func value(_ bytes: ArraySlice<UInt8>) -> Int64 {
      bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
    return RecordPlace(
      submittedAt: Timestamp(microseconds: value(bytes[0..<8])),
      record: RecordID(rawValue: value(bytes[8..<16])))
  }

  private static func mark(of filter: RecordFilter) -> [UInt8] {
    let text = filter.items.map {
      "\($0.name.utf8.count):\($0.name)\($0.value.utf8.count):\($0.value)"
    }
    return Array(Digest(hashing: Array(text.joined().utf8)).bytes.prefix(4))
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
