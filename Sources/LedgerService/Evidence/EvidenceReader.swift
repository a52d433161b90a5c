import Encodings
import LedgerDomain
import LedgerStore

/// Reads stored evidence, and the statements in the log that refer to it.
public struct EvidenceReader: Sendable {
  let store: LedgerStore
  let timeline: TimelineCache
  let erased: ErasedEvidence

  /// Whether the log records that evidence was erased.
  func isErased(_ digest: Digest) async throws -> Bool { try await erased.contains(digest) }

  /// The bytes of public evidence. Identity tokens are never served.
  ///
  /// - Parameter hex: the SHA-256 of the bytes in hexadecimal.
  ///
  /// Errors: a `Refusal` with check `sha256` if the text is not a SHA-256; `gone` with check `erased` if
  /// the evidence was erased; `notFound` with check `evidence` if there is no such public evidence.
  public func publicBytes(_ hex: String) async throws -> [UInt8] {
    guard let digest = Digest(hex: hex.lowercased()) else {
      throw Refusal(
        .malformed, check: "sha256", field: "sha256", "A SHA-256 has 64 hexadecimal digits.")
    }
    guard let bytes = try await store.evidence.publicBytes(digest) else {
      if try await isErased(digest) {
        throw Refusal(
          .gone, check: "erased", field: "sha256",
          "The evidence was erased. The log records the erasure and keeps the SHA-256.")
      }
      throw Refusal(
        .notFound, check: "evidence", field: "sha256",
        "There is no public evidence of this SHA-256: it was never stored, or is an identity token."
      )
    }
    return bytes
  }

  /// The digest of the newest upgrade of an anchor's proof. `nil` if there is none.
  func latestProof(of anchor: FoldEvent) async throws -> Digest? {
    guard let newest = try await store.attestations.newest(.anchorUpgraded, referringTo: anchor)
    else {
      return nil
    }
    return try Entry(bytes: newest.entry).event.body.payload.evidence
  }

  /// The standing of an attestation in the fold of its group. `nil` if the event is in no group.
  func statement(of stored: StoredEvent) async throws -> GroupFold.Statement? {
    guard let columns = try await store.folds.event(record: stored.record, id: stored.eventID),
      let group = columns.foldGroup
    else { return nil }
    let keys = try await timeline.current().timeline
    let fold = GroupFold(
      try await store.folds.events(record: stored.record, groups: [group], keys), keys)
    return fold.statements.first { $0.event.position == stored.position }
  }

  /// The record that an event is about. `nil` for the registry.
  func record(of event: SignedEvent) async throws -> ResolvedRecord? {
    guard case .record(let number) = event.body.subject else { return nil }
    guard let record = try await store.records.resolve(.pithNumber(number)).first else {
      throw Refusal(.notFound, check: "identifier", "This ledger has no record \(number).")
    }
    return record
  }
}
