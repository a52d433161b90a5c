import Encodings
import LedgerDomain
import Logging
import ProofFormats
import ProofVerification

/// Asks calendars to complete pending OpenTimestamps proofs.
struct ProofUpgrader: Sendable {
  /// How many promises of one proof are followed.
  static let maxPromises = 8

  /// What calendars added to a proof.
  struct Upgrade: Sendable {
    /// The extended proof. `nil` if the calendars added nothing.
    let proof: [UInt8]?
    /// Whether calendars were asked and none of them knows its commitment.
    let isUnknown: Bool
  }

  let evidence: EvidenceChecker
  let calendars: CalendarClient
  /// The addresses of the calendars that may be asked.
  let allowedCalendars: Set<String>
  let logger: Logger

  /// Asks each configured calendar of a proof once about each of its commitments.
  func upgrade(_ bytes: [UInt8]) async throws -> Upgrade {
    let promises = self.promises(of: try await evidence.executed(bytes))
    let original = try OpenTimestampsProof.parse(bytes)
    var proof = original
    var unknown = 0
    for promise in promises {
      do {
        switch try await calendars.timestamp(of: promise.commitment, by: promise.uri) {
        case .waiting: break
        case .unknown: unknown += 1
        case .complete(let answer):
          let tree = try OpenTimestampsProof.parseTree(
            answer, messageLength: promise.commitment.count)
          let grown = proof
          proof = try await evidence.executor.run {
            Result { () throws(ProofFormatError) in try grown.adding(tree, at: promise.commitment) }
          }.get()
        }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        logger.warning("no usable answer from the calendar \(promise.uri): \(error)")
      }
    }
    return Upgrade(
      proof: proof == original ? nil : proof.serialised(),
      isUnknown: !promises.isEmpty && unknown == promises.count)
  }

  private struct Promise: Hashable {
    let uri: String
    let commitment: [UInt8]
  }

  private func promises(of proof: ExecutedProof) -> [Promise] {
    var promises: [Promise] = []
    for end in proof.ends {
      guard case .pending(let uri) = end.attestation, allowedCalendars.contains(uri),
        case let promise = Promise(uri: uri, commitment: end.message), !promises.contains(promise)
      else { continue }
      promises.append(promise)
      if promises.count == Self.maxPromises { break }
    }
    return promises
  }
}
