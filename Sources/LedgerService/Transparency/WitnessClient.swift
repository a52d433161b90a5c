import CanonicalJSON
import Encodings
public import LedgerDomain
import LedgerStore
import Logging
import SafeHTTPClient
public import TransparencyLog

/// A witness that cosigns this log's checkpoints.
public struct WitnessEndpoint: Sendable, Equatable {
  /// The witness's public key, of type `cosignature`.
  public let key: NoteVerifierKey
  /// The address below which the witness serves `/add-checkpoint`, without a slash at its end.
  public let url: String

  /// Parses `NAME+ID+KEY URL`.
  ///
  /// Errors: a `Refusal` with check `configuration`.
  public init(_ text: String) throws(Refusal) {
    let words = text.split(separator: " ")
    guard words.count == 2, let key = try? NoteVerifierKey(words[0]), key.algorithm == .cosignature
    else {
      throw Refusal(
        .malformed, check: "configuration", field: "PITHLEDGER_WITNESSES",
        "A witness is NAME+ID+KEY, a space, and the address before /add-checkpoint; several are "
          + "separated by commas. The key is of type 4.")
    }
    try LedgerConfiguration.checkAddress(String(words[1]), "PITHLEDGER_WITNESSES")
    self.key = key
    url = words[1].hasSuffix("/") ? String(words[1].dropLast()) : String(words[1])
  }
}

/// The pause after a witness did not cosign: ten seconds, doubled after each further failure, at most ten
/// minutes.
actor WitnessBackoff {
  private var failures: [String: (count: Int, until: ContinuousClock.Instant)] = [:]

  func mayAsk(_ name: String, at now: ContinuousClock.Instant = .now) -> Bool {
    failures[name].map { $0.until <= now } ?? true
  }

  func succeeded(_ name: String) { failures[name] = nil }

  func failed(_ name: String, at now: ContinuousClock.Instant = .now) {
    let count = failures[name]?.count ?? 0
    failures[name] = (count + 1, now + .seconds(min(10 << min(count, 6), 600)))
  }
}

/// Stores the cosignatures of witnesses.
protocol CosignatureArchive: Sendable {
  /// The largest size that a witness cosigned. 0 if it cosigned none.
  func lastCosignedSize(by witness: String) async throws -> TreeSize
  /// Stores a valid cosignature on the checkpoint of a size.
  func save(cosignature: NoteSignature, size: TreeSize) async throws
}

extension CheckpointStore: CosignatureArchive {}

/// Issues this log's checkpoints, and compares those that others show with the log.
protocol CheckpointSource: Sendable {
  /// Signs a checkpoint of the whole log if the log has grown. Returns the newest one otherwise.
  func issue() async throws -> StoredCheckpoint
  /// The checkpoint of a size with its valid cosignatures. `nil` if there is none.
  func checkpoint(size: TreeSize) async throws -> StoredCheckpoint?
  /// Whether the log contains a checkpoint that another party shows. `nil` in a process that cannot sign.
  ///
  /// Errors: `note.signature` if this log's key did not sign it.
  func contains(_ shown: [UInt8]) async throws -> Bool?
}

extension CheckpointIssuer: CheckpointSource {}

/// Fetches an address.
protocol Fetcher: Sendable {
  /// Errors: a `FetchError`.
  func fetch(_ request: SafeHTTPClient.Request) async throws -> Fetched
}

extension SafeHTTPClient: Fetcher {}

/// Publishes checkpoints: signs them and collects cosignatures.
public struct WitnessClient: Sendable {
  let witnesses: [WitnessEndpoint]
  let origin: String
  let tree: any LogTree
  let cosignatures: any CosignatureArchive
  let checkpoints: any CheckpointSource
  let fetcher: any Fetcher
  let backoff = WitnessBackoff()
  let logger: Logger

  /// Signs a checkpoint if the log has grown, and requests cosignatures from the witnesses that have not
  /// cosigned it.
  ///
  /// A witness that fails does not delay the publication of later checkpoints. It is not asked again
  /// during its pause.
  ///
  /// - Returns: the checkpoint's note with the valid cosignatures.
  ///
  /// Errors: those of signing a checkpoint. Failures of witnesses are logged.
  @discardableResult
  public func publishCheckpoint() async throws -> String {
    let checkpoint = try await checkpoints.issue()
    await withTaskGroup(of: Void.self) { group in
      for witness in witnesses
      where !checkpoint.cosignatures.joined().contains("— \(witness.key.name) ") {
        group.addTask { await ask(witness, checkpoint) }
      }
    }
    return try await checkpoints.checkpoint(size: checkpoint.size)?.cosigned
      ?? checkpoint.cosigned
  }

  /// Requests a cosignature from one witness, unless its pause has not ended.
  private func ask(
    _ witness: WitnessEndpoint, _ checkpoint: StoredCheckpoint
  ) async {
    let name = witness.key.name
    guard await backoff.mayAsk(name) else { return }
    do {
      try await requestCosignature(witness, checkpoint)
      await backoff.succeeded(name)
    } catch {
      // A failure of this ledger's database, or its shutdown, is not a failure of the witness.
      guard !Task.isCancelled, !LedgerStoreError.isUnavailability(error) else { return }
      await backoff.failed(name)
      logger.warning("the witness \(name) did not cosign: \(error)")
    }
  }

  /// Requests a cosignature from one witness, and again if the witness reports another old size.
  func requestCosignature(
    _ witness: WitnessEndpoint, _ checkpoint: StoredCheckpoint
  ) async throws {
    let note = try SignedNote(checkpoint.note)
    var old = try await cosignatures.lastCosignedSize(by: witness.key.name)
    // Another process of this ledger may have had a newer checkpoint cosigned.
    guard old <= checkpoint.size else { return }
    for _ in 0..<3 {
      guard let shape = ProofLayout.consistency(old: old, new: checkpoint.size) else {
        return try await examine(
          witness, "the witness says that it saw \(old) entries of \(checkpoint.size)")
      }
      let request = AddCheckpointRequest(
        oldSize: old, proof: try await tree.hashes(of: shape), note: note)
      var call = SafeHTTPClient.Request(witness.url + "/add-checkpoint", .witnesses)
      call.method = "POST"
      call.body = request.bytes
      call.maxResponseBytes = 65_536
      call.accepted = [200, 409]
      let answer = try await fetcher.fetch(call)
      if answer.status == 409 {
        guard let size = AddCheckpointRequest.conflictSize(answer.bytes) else {
          throw TransparencyError("witness.conflict", "the witness answers 409 without a size")
        }
        guard size != old else {
          return try await examine(
            witness, "the witness says that it saw another root of \(old) entries")
        }
        old = size
        continue
      }
      // The answer is not trusted: a cosignature is stored only if it verifies.
      let signed = try SignedNote(
        Array((note.text + "\n" + note.signatures.map(\.line).joined()).utf8) + answer.bytes)
      for signature in try signed.verified(by: [witness.key]) {
        try await cosignatures.save(cosignature: signature, size: checkpoint.size)
      }
      return
    }
    throw TransparencyError("witness.conflict", "the witness changes its mind about the size")
  }

  /// Fetches the last checkpoint that a witness cosigned and compares it with the log.
  ///
  /// The size that a witness reports is not signed and proves nothing. A checkpoint with a signature of
  /// this log's key that the log does not contain proves that the database was rolled back. A witness may
  /// serve its last checkpoint at `/checkpoint/` and the SHA-256 of the origin.
  ///
  /// Errors: `witness.ahead`, unless the log contains the checkpoint; `note.signature` if the witness
  /// shows no checkpoint of this log's key.
  private func examine(_ witness: WitnessEndpoint, _ claim: String) async throws {
    var call = SafeHTTPClient.Request(
      witness.url + "/checkpoint/" + Digest(hashing: Array(origin.utf8)).hex, .witnesses)
    call.maxResponseBytes = 65_536
    guard let shown = try? await fetcher.fetch(call),
      let isContained = try await checkpoints.contains(shown.bytes)
    else {
      throw TransparencyError("witness.ahead", "\(claim), and shows no checkpoint")
    }
    guard isContained else {
      throw TransparencyError("witness.ahead", "\(claim), and shows what this log's key signed")
    }
    // The log contains the checkpoint: another process has published a newer one meanwhile.
  }
}
