import LedgerDomain
import LedgerStore
import LedgerVerifier
import TransparencyLog

/// Checks the tables of checkpoints and cosignatures: signatures, and columns against the notes.
struct CheckpointChecker: Sendable {
  private static let batch = 1000
  private static let checkpointTable = ["ledger.checkpoint"]
  private static let cosignatureTable = ["ledger.cosignature"]

  let store: LedgerStore
  let origin: String
  let witnesses: [NoteVerifierKey]

  /// What the tables hold.
  struct Report: Sendable {
    /// The checkpoints that the log must contain.
    var expectations: [LogVerification.Expectation] = []
    /// The number of cosignatures that no configured key verifies.
    var unverifiedCosignatures = 0
    var faults: [LogFault] = []
  }

  /// Checks every checkpoint and every cosignature.
  ///
  /// - Parameter verifier: the key of the log.
  func check(_ verifier: NoteVerifierKey) async throws -> Report {
    var report = Report()
    try await checkCheckpoints(verifier, &report)
    try await checkCosignatures(&report)
    return report
  }

  private func checkCheckpoints(
    _ verifier: NoteVerifierKey, _ report: inout Report
  ) async throws {
    var from: TreeSize = .zero
    while true {
      let batch = try await store.checkpoints.list(from: from, limit: Self.batch)
      for row in batch {
        let place = "checkpoint of \(row.size) in the database"
        do throws(TransparencyError) {
          let signed = try SignedCheckpoint(Array(row.note.utf8), by: [verifier], origin: origin)
          guard signed.checkpoint.size == row.size, signed.checkpoint.root == row.root else {
            throw TransparencyError("checkpoint.row", "the note is of another size or root")
          }
          report.expectations.append(.init(signed.checkpoint, place: place))
        } catch {
          report.faults.append(LogFault(error, place: place).with(tables: Self.checkpointTable))
        }
      }
      guard let last = batch.last else { return }
      from = last.size.next
    }
  }

  private func checkCosignatures(_ report: inout Report) async throws {
    var (size, witness) = (Int64.min, "")
    while true {
      let batch = try await store.checkpoints.cosignatures(after: size, witness, limit: Self.batch)
      for row in batch {
        switch verdict(of: row) {
        case .verified: break
        case .unknownKey: report.unverifiedCosignatures += 1
        case .failed(let reason):
          report.faults.append(
            LogFault(
              "checkpoint.cosignature", place: "\(row.witness) on the checkpoint of \(row.size)",
              reason, tables: Self.cosignatureTable))
        }
      }
      guard let last = batch.last else { return }
      (size, witness) = (last.size, last.witness)
    }
  }

  private enum Verdict {
    case verified
    /// The key of the witness is not configured.
    case unknownKey
    case failed(String)
  }

  private func verdict(of row: StoredCosignature) -> Verdict {
    guard let text = row.note else { return .failed("there is no checkpoint of this size") }
    guard let own = try? SignedNote(text), let note = try? SignedNote(text + row.line),
      note.signatures.count == own.signatures.count + 1, let signature = note.signatures.last,
      signature.line.utf8.elementsEqual(row.line.utf8)
    else { return .failed("not a signature line under the checkpoint") }
    guard signature.name.utf8.elementsEqual(row.witness.utf8) else {
      return .failed("the line is by \(signature.name)")
    }
    let keys = witnesses.filter { $0.name == signature.name }
    if keys.isEmpty { return .unknownKey }
    guard let key = keys.first(where: { signature.isBy($0) }) else {
      return .failed("the key is not the witness's")
    }
    return key.isValid(signature, over: note.text)
      ? .verified : .failed("the signature does not hold")
  }
}
