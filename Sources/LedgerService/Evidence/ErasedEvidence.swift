import Encodings
import LedgerDomain
import LedgerStore

/// The digests of the evidence that was erased, as the log records it.
///
/// The erasures of a log are few. Each process reads them once, and then those that are new.
actor ErasedEvidence {
  private static let batch = 500

  private let store: LedgerStore
  private var digests: Set<Digest> = []
  private var next: Position = .first

  init(store: LedgerStore) { self.store = store }

  /// Whether the log records that evidence was erased.
  func contains(_ digest: Digest) async throws -> Bool {
    while !digests.contains(digest) {
      let found = try await store.attestations.erasures(from: next, limit: Self.batch)
      for erasure in found {
        if let erased = try Entry(bytes: erasure.entry).event.body.payload.evidence {
          digests.insert(erased)
        }
        // A concurrent call may have read further meanwhile.
        next = max(next, erasure.position.next)
      }
      if found.count < Self.batch { break }
    }
    return digests.contains(digest)
  }
}
