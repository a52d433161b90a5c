public import Encodings
import LedgerDomain
import LedgerStore

/// Erases stored evidence on an operator's command.
public final class EvidenceEraser: Sendable {
  let store: LedgerStore
  let reader: EvidenceReader
  let recorder: CheckRecorder
  let configuration: LedgerConfiguration
  /// Called after bytes were erased, so that caches drop answers that contain them.
  let didErase: @Sendable () async -> Void

  init(
    store: LedgerStore, reader: EvidenceReader, recorder: CheckRecorder,
    configuration: LedgerConfiguration, didErase: @escaping @Sendable () async -> Void
  ) {
    self.store = store
    self.reader = reader
    self.recorder = recorder
    self.configuration = configuration
    self.didErase = didErase
  }

  /// Erases the bytes of some evidence, and records this for each event that names them. The log, its
  /// signatures and its replay do not change.
  ///
  /// - Returns: how many events name the bytes.
  ///
  /// Errors: a `Refusal` with check `evidence` if there is no such evidence.
  public func erase(_ digest: Digest, reason: String) async throws -> Int {
    try configuration.requireWriting()
    guard try await store.evidence.readForAudit(digest) != nil else {
      throw Refusal(.notFound, check: "evidence", "There is no evidence of this SHA-256.")
    }
    var count = 0
    for stored in try await store.log.events(naming: digest) {
      let event = try Entry(bytes: stored.entry).event
      guard event.body.payload.evidence == digest else { continue }
      try await recorder.record(.erased, reason, about: stored, of: reader.record(of: event))
      count += 1
    }
    // The erasure is recorded before the bytes are removed: missing bytes without a record would look
    // like a loss.
    _ = try await store.evidence.erase(digest)
    await didErase()
    return count
  }
}
