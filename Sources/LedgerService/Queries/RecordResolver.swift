import LedgerDomain
import LedgerStore

/// Finds records by the names that readers use: Pith Numbers, short forms, arXiv ids and DOIs.
struct RecordResolver: Sendable {
  let store: LedgerStore

  /// The record a reader names, and the others that carry the same alias.
  ///
  /// Errors: `not_found`; `conflict` with the candidates where a short form is ambiguous.
  func resolve(
    _ name: String
  ) async throws -> (record: ResolvedRecord, others: [ResolvedRecord]) {
    let parsed = try RecordName(name)
    let found = try await store.records.resolve(parsed)
    let best = try Self.best(of: found, for: parsed, name)
    return (best, Array(found.dropFirst()))
  }

  static func best(
    of found: [ResolvedRecord], for parsed: RecordName, _ name: String
  ) throws(Refusal) -> ResolvedRecord {
    guard let best = found.first else {
      throw Refusal(.notFound, check: "identifier", "This ledger has no record \(name).")
    }
    if case .suffix(let suffix) = parsed, suffix.utf8.count < PithNumber.suffixLength,
      found.count > 1
    {
      throw Refusal(
        .conflict, check: "identifier", "\(name) is the beginning of several Pith Numbers.",
        candidates: found.map(\.pithNumber.description))
    }
    return best
  }
}
