import CanonicalJSON
public import Encodings
public import LedgerDomain

/// A proof that some bytes existed at a time. Checking it needs block headers or roots that the reader
/// trusts.
public struct TimeProof: Sendable {
  /// The kind of the proof.
  public let kind: TimestampAnchor.Kind
  /// The bytes of the proof.
  public let bytes: [UInt8]
  /// The SHA-256 that the proof is about.
  public let digest: Digest

  /// Makes a proof from its parts.
  public init(kind: TimestampAnchor.Kind, bytes: [UInt8], digest: Digest) {
    self.kind = kind
    self.bytes = bytes
    self.digest = digest
  }
}

/// Reads the member `proofs` of a bundle: the proofs of the record's own timestamp anchors.
///
/// Specification: bundle.md, section Verification.
struct BundleProofReader {
  /// The digest of the canonical record, which each proof is about.
  let digest: Digest
  /// The positions of the record's events.
  let events: [Position]
  /// The verified entries of the bundle.
  let checked: [Position: LogReader.Checked]

  private static let members = ["position", "proof_b64"]

  /// Reads all proofs. Their positions ascend.
  ///
  /// - Throws: a `LogFault` that names the proof at fault.
  func read(_ json: JSON?) throws(LogFault) -> [BundleVerification.Proof] {
    guard let items = json?.arrayValue else {
      throw LogFault("bundle.form", place: "proofs", "an array")
    }
    let anchors = Set(events)
    let naming = naming()
    var proofs: [BundleVerification.Proof] = []
    for (number, item) in items.enumerated() {
      let place = "proofs[\(number)]"
      guard item.objectValue?.keys == Self.members,
        let position = item["position"]?.integerValue.map(Position.init(rawValue:)),
        let bytes = item["proof_b64"]?.stringValue.flatMap({ Base64.decode($0) })
      else {
        throw LogFault("bundle.form", place: place, "a proof has position and proof_b64")
      }
      guard position > proofs.last?.position ?? .beforeFirst else {
        throw LogFault(
          "bundle.order", position: position, place: place, "the positions do not ascend")
      }
      guard anchors.contains(position), let entry = checked[position]?.entry,
        case .timestampAnchor(let anchor) = entry.event.body.payload, anchor.digest == digest
      else {
        throw LogFault(
          "bundle.proof", position: position, place: place,
          "no event of the record at this position anchors its canonical record")
      }
      let name = Digest(hashing: bytes)
      guard anchor.proof == name || naming[name]?.contains(entry.event.eventID) ?? false else {
        throw LogFault(
          "bundle.proof", position: position, place: place, "no event names a proof of these bytes")
      }
      proofs.append(
        BundleVerification.Proof(
          proof: TimeProof(kind: anchor.kind, bytes: bytes, digest: digest), position: position,
          admitted: entry.admission.verdict))
    }
    return proofs
  }

  /// The anchors that later events of the record upgrade, by the SHA-256 of the better proof.
  private func naming() -> [Digest: Set<Digest>] {
    var naming: [Digest: Set<Digest>] = [:]
    for position in events {
      if case .anchorUpgraded(let upgrade)? = checked[position]?.entry.event.body.payload {
        naming[upgrade.proof, default: []].insert(upgrade.eventID)
      }
    }
    return naming
  }
}
