public import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerVerifier
public import TransparencyLog

/// Verifies bundles, proofs and receipts with keys that the caller trusts. It needs no ledger.
///
/// Errors: a `LogFault` or a `TransparencyError` for what does not hold.
public struct OfflineVerifier: Sendable {
  /// The verifier keys of the log.
  public let keys: [NoteVerifierKey]

  /// Makes a verifier.
  public init(keys: [NoteVerifierKey]) { self.keys = keys }

  /// Verifies a bundle. Returns what it proves, and what it does not prove.
  ///
  /// - Parameters:
  ///   - bytes: the bundle.
  ///   - headers: trusted block headers, one HEIGHT HEADERHEX on each line.
  ///   - roots: trusted roots of timestamp authorities, in PEM format.
  public func bundle(
    _ bytes: [UInt8], headers: [UInt8]?, roots: [UInt8]?
  ) async throws -> JSONObject {
    try await BundleReport.make(bytes, keys, TimeProofChecker(headers: headers, roots: roots)).json
  }

  /// Verifies an inclusion proof.
  ///
  /// - Parameters:
  ///   - bytes: the proof (C2SP tlog-proof).
  ///   - entry: the bytes of the entry, if the proof does not contain them.
  public func proof(_ bytes: [UInt8], entry: [UInt8]?) throws -> JSONObject {
    let proof = try InclusionProof(bytes)
    guard let entry = proof.extra ?? entry else {
      throw LogFault("proof.form", "the proof does not carry the entry, and no entry is given")
    }
    return Self.members(proof, entry, try proof.verify(entry: entry, by: keys))
  }

  /// The members that state what an inclusion proof proves.
  static func members(
    _ proof: InclusionProof, _ entry: [UInt8], _ signed: SignedCheckpoint
  ) -> JSONObject {
    let event = (try? Entry(bytes: entry))?.event
    return [
      "event_id": event.map { .string("sha256:" + $0.eventID.hex) } ?? .null,
      "origin": .string(signed.checkpoint.origin),
      "position": .integer(Int64(clamping: proof.index)),
      "size": .integer(signed.checkpoint.size.stored),
    ]
  }

  /// Verifies a receipt.
  ///
  /// - Parameters:
  ///   - bytes: the receipt, as a signed note.
  ///   - proof: a later inclusion proof of the same entry.
  ///   - place: the name of the proof in a fault.
  public func receipt(
    _ bytes: [UInt8], proof: [UInt8]?, place: String = "proof"
  ) throws -> JSONObject {
    let receipt = try LogReceipt(bytes, by: keys)
    var members: JSONObject = [
      "event_id": .string(receipt.eventID), "origin": .string(receipt.origin),
      "position": .integer(Int64(clamping: receipt.position)),
    ]
    if let proof {
      let proof = try InclusionProof(proof)
      guard let entry = proof.extra, Digest.leaf(entry) == receipt.leaf,
        proof.index == receipt.position
      else {
        throw LogFault(
          "receipt.broken", position: Position(leaf: receipt.position), place: place,
          "the proof is of another entry or position than the receipt")
      }
      try proof.verify(entry: entry, by: keys, origin: receipt.origin)
      members["kept"] = true
    }
    return members
  }
}
