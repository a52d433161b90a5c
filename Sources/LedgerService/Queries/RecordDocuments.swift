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

  /// A document as an event of its record names it.
  struct Named: Sendable {
    /// The event.
    let event: StoredEvent
    /// SHA-256 of the document.
    let digest: Digest

    /// The document that an event names; `nil` for an event that names none.
    init?(_ event: StoredEvent) throws(Refusal) {
      let digest: Digest? =
        switch try Entry(bytes: event.entry).event.body.payload {
        case .recordCreated(let payload): payload.documentSHA256
        case .graphSnapshot(let payload): payload.documentSHA256
        default: nil
        }
      guard let digest else { return nil }
      self.event = event
      self.digest = digest
    }
  }

  /// The document that stands for a record: the one that its newest event with a document names.
  func standing(of record: ResolvedRecord) async throws -> Named? {
    // The newest `record_created` may name no document, because it adds a receipt alone.
    var standing = try await snapshot(of: record)
    var below = Position.max
    while let created = try await store.log.newestEvents(
      record: record.record, type: .recordCreated, below: below, limit: 1
    ).first, created.position > standing?.event.position ?? -1 {
      if let named = try Named(created) {
        standing = named
        break
      }
      below = created.position
    }
    return standing
  }

  /// The newest graph snapshot of a record.
  func snapshot(of record: ResolvedRecord) async throws -> Named? {
    try await store.log.newestEvents(
      record: record.record, type: .graphSnapshot, limit: 1
    ).first.flatMap { try Named($0) }
  }

  /// The document that stands for a record, if it has one that has not been erased.
  func document(of record: ResolvedRecord) async throws -> RecordDocument? {
    guard let standing = try await standing(of: record) else { return nil }
    return try await document(standing.digest)
  }

  /// A document by its SHA-256; `nil` if it is not in the store of evidence, or was erased.
  func document(_ digest: Digest) async throws -> RecordDocument? {
    guard let bytes = try await store.evidence.documentBytes(digest) else { return nil }
    return try parse(bytes)
  }

  /// The number of earlier documents with which a document is compared member by member. All earlier
  /// documents are compared by their digest.
  static let comparedDocuments = 16

  /// Whether a record had a document, or an equal one, before the one that stands.
  func hadBefore(
    _ document: RecordDocument, _ record: ResolvedRecord, standing: Named
  ) async throws -> Bool {
    var seen: Set<Digest> = [standing.digest]
    var toCompare: [Digest] = []
    for type in [EventType.recordCreated, .graphSnapshot] {
      var below = standing.event.position
      while true {
        let page = try await store.log.newestEvents(
          record: record.record, type: type, below: below, limit: 256)
        for named in try page.compactMap({ try Named($0) }) where seen.insert(named.digest).inserted
        {
          if named.digest == document.documentDigest { return true }
          if toCompare.count < Self.comparedDocuments { toCompare.append(named.digest) }
        }
        guard page.count == 256, let last = page.last else { break }
        below = last.position
      }
    }
    for digest in toCompare {
      // A document that an earlier version of the rules admitted may not parse today.
      guard let earlier = try? await self.document(digest) else { continue }
      if earlier.comparableDigest == document.comparableDigest { return true }
    }
    return false
  }
}
