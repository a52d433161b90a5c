import CanonicalJSON
import Encodings
public import LedgerDomain
import LedgerStore
import Logging
import TransparencyLog

/// Requests proofs of time for checkpoints from calendars and authorities, and appends them.
public final class CheckpointTimestamper: Sendable {
  let store: LedgerStore
  let configuration: LedgerConfiguration
  let checkpoints: CheckpointIssuer
  let anchors: CheckpointAnchors
  let requester: TimestampRequester
  let signing: SigningSubmitter
  let logger: Logger

  init(
    store: LedgerStore, configuration: LedgerConfiguration, checkpoints: CheckpointIssuer,
    anchors: CheckpointAnchors, requester: TimestampRequester, signing: SigningSubmitter,
    logger: Logger
  ) {
    self.store = store
    self.configuration = configuration
    self.checkpoints = checkpoints
    self.anchors = anchors
    self.requester = requester
    self.signing = signing
    self.logger = logger
  }

  /// Timestamps a new checkpoint with all configured calendars and authorities. Appends the proofs as
  /// events of the registry about the checkpoint. An authority that is unavailable is logged and skipped.
  ///
  /// - Returns: the positions of the events. Empty if no service is configured, or if nothing but proofs
  ///   of time was appended since the last timestamped checkpoint.
  ///
  /// Errors: a `Refusal` in a read-only process; with check `calendar` if no calendar answers; those of
  /// signing a checkpoint.
  @discardableResult
  public func timestampCheckpoint() async throws -> [Position] {
    guard checkpoints.signer != nil else { throw Refusal.readOnly }
    guard
      !configuration.checkpointTimestampCalendars.isEmpty
        || !configuration.checkpointTimestampAuthorities.isEmpty
    else {
      return []
    }
    let stamped = try await anchors.all()
    if let newest = stamped.last {
      // A proof of time is an entry too. Without this check, each proof would cause another one.
      let since = try await store.log.events(
        from: newest.size.end, limit: EventQueries.pageSize)
      if since.allSatisfy({ $0.record.isRegistry && !$0.type.isAboutKeys }) { return [] }
    }
    let checkpoint = try await checkpoints.issue()
    let digest = Digest(hashing: Array(try SignedNote(checkpoint.note).text.utf8))
    var positions: [Position] = []
    if !configuration.checkpointTimestampCalendars.isEmpty {
      let proof = try await requester.requestProof(
        over: digest, calendars: configuration.checkpointTimestampCalendars)
      positions.append(try await anchor(checkpoint.size, .opentimestamps, digest, proof))
    }
    for authority in configuration.checkpointTimestampAuthorities {
      do {
        let token = try await requester.requestToken(over: digest, authority: authority)
        positions.append(try await anchor(checkpoint.size, .rfc3161, digest, token))
      } catch let refusal as Refusal where refusal.code == .unavailable {
        logger.warning("the authority \(authority) gave no token: \(refusal)")
      }
    }
    return positions
  }

  private func anchor(
    _ size: TreeSize, _ kind: TimestampAnchor.Kind, _ digest: Digest, _ proof: [UInt8]
  ) async throws -> Position {
    try await signing.submit(
      type: .timestampAnchor,
      payload: [
        "anchor_kind": .string(kind.rawValue), "digest_sha256": .string(digest.hex),
        "evidence_sha256": .string(Digest(hashing: proof).hex),
      ], record: nil, target: "checkpoint:\(size)", evidence: [proof], key: nil
    ).position
  }
}
