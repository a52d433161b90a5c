import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

/// Reads record documents: those that are submitted, and those that the evidence store holds.
final class RecordDocuments: Sendable {
  let store: LedgerStore
  let configuration: LedgerConfiguration

  init(
    store: LedgerStore, configuration: LedgerConfiguration
  ) {
    self.store = store
    self.configuration = configuration
  }

  func parse(_ bytes: [UInt8]) throws(Refusal) -> RecordDocument {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(
        bytes, limits: JSONLimits(maxBytes: configuration.limits.documentBytes, maxDepth: 64))
    } catch { throw Refusal(json: error) }
    return try RecordDocument(json, trusted: configuration.trustedReceiptKeys)
  }

  /// The newest event of a record that names a document, and that document's digest.
  func newestEvent(
    of record: ResolvedRecord
  ) async throws -> (event: StoredEvent, digest: Digest)? {
    var newest: (event: StoredEvent, digest: Digest)?
    for type in [EventType.recordCreated, .graphSnapshot] {
      guard let stored = try await store.log.latestEvent(record: record.record, type: type) else {
        continue
      }
      let digest: Digest? =
        switch try Entry(bytes: stored.entry).event.body.payload {
        case .recordCreated(let payload): payload.documentSHA256
        case .graphSnapshot(let payload): payload.documentSHA256
        default: nil
        }
      if let digest, stored.position > newest?.event.position ?? -1 { newest = (stored, digest) }
    }
    return newest
  }

  /// The newest document of a record, if it has one that has not been erased.
  func document(of record: ResolvedRecord) async throws -> RecordDocument? {
    guard let newest = try await newestEvent(of: record),
      let bytes = try await store.evidence.publicBytes(newest.digest)
    else { return nil }
    return try parse(bytes)
  }
}
