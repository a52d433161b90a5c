import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

/// Merges the statements of one record in this log: `state.json`.
///
/// Specification: merging.md, section State.
public struct MergedStateQueries: Sendable {
  let store: LedgerStore
  let resolver: RecordResolver
  let configuration: LedgerConfiguration
  /// The origin of this ledger, which is the only one that the merge trusts.
  let origin: String
  /// Caches states. The cost of a state is its length in bytes.
  let cache = BuildCache<BundleWriter.BundleKey, [UInt8]>(
    check: "state", maxRunning: 1, maxWaiting: 16, maxCost: 64 << 20, life: .seconds(60),
    cost: { $0.count })

  /// The number of events that are read at once.
  private static let page = 1000

  /// The merged state of a record as canonical JSON.
  ///
  /// Errors: a `Refusal` if the name is unknown, or if too many states are being computed.
  public func state(_ name: String) async throws -> [UInt8] {
    let record = try await resolver.resolve(name).record
    let head = try await store.log.head()
    let last =
      try await store.log.events(record: record.record, limit: 1, newestFirst: true).first?.position
      ?? record.record.firstPosition
    let key = BundleWriter.BundleKey(
      record: record.record, lastEvent: last, lastKeyEvent: head.lastKeyEvent)
    return try await cache.value(for: key) {
      let statements = try await statements(
        of: record.record, upTo: last, keysUpTo: head.lastKeyEvent)
      return RecordMerge(
        record.pithNumber, statements, trusted: configuration.trustedReceiptKeys
      ).json.canonicalBytes()
    }
  }

  private func statements(
    of record: RecordID, upTo last: Position, keysUpTo lastKey: Position
  ) async throws -> [MergeStatement] {
    var statements: [MergeStatement] = []
    var signers: Set<Digest128> = []
    var next = record.firstPosition
    while next <= last {
      let page = try await store.log.events(record: record, from: next, limit: Self.page)
      guard let end = page.last else { break }
      for stored in page where stored.position <= last {
        let entry = try Entry(bytes: stored.entry)
        signers.insert(entry.event.body.signer.fingerprint)
        statements.append(MergeStatement(entry, at: stored.position, in: origin))
      }
      next = end.position.next
    }
    let registry = try await store.folds.keyEvents(from: .first, below: lastKey.next)
    let naming = try await store.folds.namingEvents(
      store.folds.events(record: record, upTo: last.next).citingNames,
      below: .max)
    let others =
      BundleWriter.relevant(registry, to: signers, [])
      + BundleWriter.names(naming, besides: record)
    for start in stride(from: 0, to: others.count, by: Self.page) {
      let positions = Array(others[start..<min(start + Self.page, others.count)])
      for (position, bytes) in try await store.log.entries(at: positions) {
        statements.append(MergeStatement(try Entry(bytes: bytes), at: position, in: origin))
      }
    }
    return statements
  }
}
