import Encodings
import LedgerDomain
import Logging
import ProofFormats
import ProofVerification

/// Asks calendars to complete pending OpenTimestamps proofs.
struct ProofUpgrader: Sendable {
  /// How many pending attestations of one proof are followed.
  static let maxAttestations = 8

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
    let attestations = self.attestations(of: try await evidence.executed(bytes))
    let original = try OpenTimestampsProof.parse(bytes)
    var proof = original
    var unknown = 0
    for attestation in attestations {
      do {
        switch try await calendars.timestamp(of: attestation.commitment, by: attestation.uri) {
        case .waiting: break
        case .unknown: unknown += 1
        case .complete(let answer):
          let tree = try OpenTimestampsProof.parseTree(
            answer, messageLength: attestation.commitment.count)
          let grown = proof
          proof = try await evidence.executor.run {
            Result { () throws(ProofFormatError) in
              try grown.adding(tree, at: attestation.commitment)
            }
          }.get()
        }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        logger.warning("no usable answer from the calendar \(attestation.uri): \(error)")
      }
    }
    return Upgrade(
      proof: proof == original ? nil : proof.serialised(),
      isUnknown: !attestations.isEmpty && unknown == attestations.count)
  }

  private struct PendingAttestation: Hashable {
    let uri: String
    let commitment: [UInt8]
  }

  private func attestations(of proof: ExecutedProof) -> [PendingAttestation] {
    var attestations: [PendingAttestation] = []
    for end in proof.ends {
      guard case .pending(let uri) = end.attestation, allowedCalendars.contains(uri),
        case let attestation = PendingAttestation(uri: uri, commitment: end.message),
        !attestations.contains(attestation)
      else { continue }
      attestations.append(attestation)
      if attestations.count == Self.maxAttestations { break }
    }
    return attestations
  }
}
