import LedgerDomain
public import LedgerStore

/// One page of the records with equivocations. It may have fewer records than its limit, and a next page all the same.
public struct EquivocationPage: Sendable {
  /// The records, in the order of their first events.
  public let records: [EquivocalRecord]
  /// The cursor of the next page; `nil` if this is the last page.
  public let next: String?
}

/// Lists the records some of whose live statements contradict each other.
public struct EquivocationQueries: Sendable {
  /// The largest number of records in one page.
  public static let pageSize = 100
  private static let cursors = ListCursor(["equivocations"])

  let store: LedgerStore

  /// Returns a page of the list.
  ///
  /// - Parameters:
  ///   - cursor: the cursor that a page gave; `nil` for the first page.
  ///   - limit: the largest number of items.
  ///
  /// Errors: `malformed` with check `query` for a limit below 1 and for another cursor.
  public func page(cursor: String? = nil, limit: Int) async throws -> EquivocationPage {
    let limit = try ListQuery.limit(limit, most: Self.pageSize)
    let from =
      try cursor.map { text throws(Refusal) in try Self.cursors.place(text)[0] } ?? 0
    let found = try await store.equivocations.records(
      from: RecordID(rawValue: from), limit: limit)
    return EquivocationPage(
      records: found.records, next: found.next.map { Self.cursors.text($0.rawValue) })
  }
}
