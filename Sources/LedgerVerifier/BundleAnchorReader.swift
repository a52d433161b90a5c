import CanonicalJSON
import Encodings
import LedgerDomain
import TransparencyLog

/// Reads the member `anchors` of a bundle: proofs of time over checkpoints that cover events of the
/// record.
///
/// Specification: bundle.md, section Verification.
struct BundleAnchorReader {
  /// The bundle's checkpoint. Each anchored checkpoint must be consistent with it.
  let checkpoint: Checkpoint
  /// The positions of the record's events.
  let events: [Position]
  /// The verified entries of the bundle.
  let checked: [Position: LogReader.Checked]

  private static let members = ["checkpoint", "consistency", "position", "proof_b64"]

  /// Reads all anchors.
  ///
  /// - Throws: a `LogFault` that names the anchor at fault.
  func read(_ json: JSON?) throws -> [BundleVerification.Anchor] {
    guard let items = json?.arrayValue else {
      throw LogFault("bundle.form", place: "anchors", "an array")
    }
    return try items.enumerated().map { try read($1, place: "anchors[\($0)]") }
  }

  private func read(_ item: JSON, place: String) throws -> BundleVerification.Anchor {
    guard item.objectValue?.keys == Self.members, let text = item["checkpoint"]?.stringValue,
      let position = item["position"]?.integerValue.map(Position.init(rawValue:)),
      let proof = item["proof_b64"]?.stringValue.flatMap({ Base64.decode($0) })
    else {
      throw LogFault(
        "bundle.form", place: place,
        "an anchor has checkpoint, consistency, position and proof_b64")
    }
    let anchored = try anchoredCheckpoint(text, item["consistency"], place)
    let digest = Digest(hashing: Array(text.utf8))
    let (anchor, admitted) = try anchorEvent(at: position, of: digest, place)
    try checkNamed(proof, from: position, place)
    return BundleVerification.Anchor(
      kind: anchor.kind, proof: proof, digest: digest, size: anchored.size, admitted: admitted,
      events: events.filter { anchored.size.covers($0) })
  }

  /// Reads the anchored checkpoint, and verifies that it is consistent with the bundle's.
  private func anchoredCheckpoint(
    _ text: String, _ consistency: JSON?, _ place: String
  ) throws(LogFault) -> Checkpoint {
    do throws(TransparencyError) {
      let anchored = try Checkpoint(text: text)
      guard anchored.text == text, anchored.origin == checkpoint.origin else {
        throw TransparencyError("checkpoint.origin", "the checkpoint is another log's")
      }
      try TreeProofs.verifyConsistency(
        old: anchored.size, oldRoot: anchored.root, new: checkpoint.size,
        newRoot: checkpoint.root, proof: try TreeProofs.hashes(consistency))
      return anchored
    } catch { throw LogFault(error, place: place) }
  }

  /// Finds the registry's event that anchors the checkpoint. It is one of the verified entries.
  private func anchorEvent(
    at position: Position, of digest: Digest, _ place: String
  ) throws(LogFault) -> (anchor: TimestampAnchor, admitted: Verdict) {
    guard let entry = checked[position]?.entry,
      case .timestampAnchor(let anchor) = entry.event.body.payload, anchor.digest == digest,
      entry.event.body.subject == .registry
    else {
      throw LogFault(
        "bundle.anchor", position: position, place: place,
        "no event of the registry at this position anchors this checkpoint")
    }
    return (anchor, entry.admission.verdict)
  }

  /// Checks that the anchor event, or a later event, names the SHA-256 of the proof.
  private func checkNamed(
    _ proof: [UInt8], from position: Position, _ place: String
  ) throws(LogFault) {
    let digest = Digest(hashing: proof)
    let isNamed = checked.values.contains {
      $0.event.position >= position && $0.entry.event.body.payload.evidence == digest
    }
    guard isNamed else {
      throw LogFault(
        "bundle.anchor", position: position, place: place,
        "no event names a proof of these bytes")
    }
  }
}

extension TreeProofs {
  /// Reads the hashes of a proof in a bundle.
  static func hashes(_ json: JSON?) throws(TransparencyError) -> [Digest] {
    guard let items = json?.arrayValue, items.count <= maxHashes else {
      throw TransparencyError("proof.form", "a proof is an array of hashes")
    }
    var hashes: [Digest] = []
    for item in items {
      guard let hash = item.stringValue.flatMap({ Digest(base64: $0) }) else {
        throw TransparencyError("proof.form", "a hash of a proof is 32 bytes in base64")
      }
      hashes.append(hash)
    }
    return hashes
  }
}
