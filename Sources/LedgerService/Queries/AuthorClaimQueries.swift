import LedgerDomain
import LedgerStore

extension RecordQueries {
  /// The largest number of claims of authorship in a view.
  public static let maxAuthorClaims = 100

  /// The claims of authorship that count, the strong ones first, then the newest first.
  ///
  /// - Parameters:
  ///   - projected: the record's state. A record without claims that count needs no query.
  ///   - limit: the largest number of claims.
  func authorClaims(
    of record: RecordID, _ projected: ProjectedState?, limit: Int = maxAuthorClaims
  ) async throws -> [RecordView.AuthorClaim] {
    guard let sums = projected?.state.sums, sums.strongAuthors + sums.weakAuthors > 0 else {
      return []
    }
    // Weak claims, which anybody can make, do not crowd out the strong ones.
    var candidates = try await store.folds.newestAuthorClaims(
      record: record, confirmed: true, limit: limit)
    let confirmed = Set(candidates.map(\.position))
    candidates += try await store.folds.newestAuthorClaims(
      record: record, confirmed: false, limit: limit
    ).filter { !confirmed.contains($0.position) }
    let keys = try await timeline.current().timeline
    let fold = GroupFold(
      try await store.folds.events(
        record: record, groups: Set(candidates.compactMap(\.foldGroup)), keys), keys)
    let wanted = Set(candidates.map(\.position))
    var counted: [(position: Position, isStrong: Bool)] = []
    for statement in fold.live where wanted.contains(statement.event.position) {
      guard !statement.isEquivocating, statement.verdict == .verified else { continue }
      counted.append((statement.event.position, fold.standing(of: statement) == .verified))
    }
    counted.sort { ($0.isStrong ? 1 : 0, $0.position) > ($1.isStrong ? 1 : 0, $1.position) }
    let shown = counted.prefix(limit)
    let entries = try await store.log.entries(at: shown.map(\.position))
    return try shown.compactMap { claim in
      guard let bytes = entries[claim.position] else { return nil }
      let entry = try Entry(bytes: bytes)
      guard case .authorAttestation(let payload) = entry.event.body.payload else { return nil }
      return RecordView.AuthorClaim(
        position: claim.position, entry: entry, payload: payload, isStrong: claim.isStrong)
    }
  }
}
