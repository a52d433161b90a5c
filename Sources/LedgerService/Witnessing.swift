import CanonicalJSON
import GuardedFetch
public import LedgerDomain
import LedgerStore
import Logging
import ProofForms
public import TransparencyLog

/// A witness that cosigns this log's checkpoints.
public struct WitnessEndpoint: Sendable, Equatable {
  public let key: NoteVerifierKey
  /// The address before `/add-checkpoint`.
  public let url: String

  /// Reads `NAME+ID+KEY URL`.
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

extension Ledger {
  /// Signs a checkpoint where the log has grown, and asks the witnesses that have not cosigned it.
  ///
  /// - Returns: the checkpoint with what was collected.
  @discardableResult
  public func publishCheckpoint() async throws -> String {
    let checkpoint = try await issueCheckpoint()
    await withTaskGroup(of: Void.self) { group in
      for witness in configuration.witnesses
      where !checkpoint.cosignatures.joined().contains("— \(witness.key.name) ") {
        group.addTask {
          do { try await self.ask(witness, checkpoint) } catch {
            self.logger.warning("the witness \(witness.key.name) did not cosign: \(error)")
          }
        }
      }
    }
    return try await store.checkpoint(size: checkpoint.size)?.cosigned ?? checkpoint.cosigned
  }

  /// Asks one witness, again where it remembers another size than was thought.
  private func ask(
    _ witness: WitnessEndpoint, _ checkpoint: LedgerStore.StoredCheckpoint
  ) async throws {
    let note = try SignedNote(checkpoint.note)
    var old = try await store.lastCosigned(by: witness.key.name)
    for _ in 0..<3 {
      guard let shape = TreeShape.consistency(old: old, new: checkpoint.size) else {
        // It saw more of this log than there is: a database was rolled back, or a key was stolen.
        await keeper?.refuse(
          TransparencyError(
            "checkpoint.rolled_back",
            "the witness \(witness.key.name) saw \(old) entries, and the log has \(checkpoint.size)"
          ))
        throw TransparencyError("witness.ahead", "the witness saw \(old) entries")
      }
      let request = AddCheckpointRequest(
        oldSize: old, proof: try await store.hashes(of: shape), note: note)
      var fetch = GuardedFetch.Request(witness.url + "/add-checkpoint", .witnesses)
      fetch.method = "POST"
      fetch.body = request.bytes
      fetch.keeping = 65_536
      fetch.accepted = [200, 409]
      let answer = try await checks.fetch.fetch(fetch)
      if answer.status == 409 {
        guard let size = UInt64(String(decoding: answer.bytes, as: UTF8.self).dropLast()),
          size != old
        else {
          throw TransparencyError("witness.conflict", "the witness saw another root of this size")
        }
        old = size
        continue
      }
      // What it adds is believed only where its signature holds.
      let signed = try SignedNote(
        Array((note.text + "\n" + note.signatures.map(\.line).joined()).utf8) + answer.bytes)
      for signature in try signed.verified(by: [witness.key]) {
        try await store.record(signature, size: checkpoint.size)
      }
      return
    }
    throw TransparencyError("witness.conflict", "the witness changes its mind about the size")
  }
}
