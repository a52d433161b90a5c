import Encodings

/// The checks that a statement passes or fails in every ledger: its signature, its signer, and what its
/// payload says about the record.
///
/// Specification: merging.md, section Validity.
struct MergeValidity {
  private let number: PithNumber
  /// The names of the record that derive from its canonical form.
  private let names: [RecordName]
  /// SHA-256 of the canonical form; `nil` if no statement contains it.
  let canonicalSHA256: Digest?
  /// The registrations of each key, by statements that the key signed itself.
  private let registrations: [Digest128: (publicKey: [UInt8], signers: [Signer])]

  init(_ number: PithNumber, _ events: [SignedEvent]) {
    self.number = number
    var registrations: [Digest128: (publicKey: [UInt8], signers: [Signer])] = [:]
    var canonical: CanonicalRecord?
    for event in events {
      switch event.body.payload {
      case .keyRegistered(let payload):
        let fingerprint = event.body.signer.fingerprint
        guard Digest(hashing: payload.publicKey).prefix == fingerprint,
          event.isSigned(by: payload.publicKey)
        else { continue }
        registrations[fingerprint, default: (payload.publicKey, [])].signers.append(
          event.body.signer)
      case .recordCreated(let payload) where payload.canonical.pithNumber == number:
        // The Pith Number fixes 130 bits of the digest. The lowest digest is the same for each order.
        if canonical.map({ payload.canonical.digest.hex < $0.digest.hex }) ?? true {
          canonical = payload.canonical
        }
      default: break
      }
    }
    self.registrations = registrations
    canonicalSHA256 = canonical?.digest
    names =
      [.pithNumber(number)]
      + (canonical?.impliedAliases ?? []).compactMap { alias in
        switch alias.kind {
        case .arxiv: .alias([.arxiv], alias.folded)
        case .doi: .alias([.doi], alias.folded)
        default: nil
        }
      }
  }

  /// The name of the check that a statement about the record fails; `nil` if it is valid.
  ///
  /// - Parameter isTestified: whether a trusted ledger admitted the event. Its signature and its signer
  ///   are then checked already.
  func failure(_ event: SignedEvent, isTestified: Bool) -> String? {
    let signer = event.body.signer
    if !isTestified {
      guard let key = registrations[signer.fingerprint] else { return "known_key" }
      guard event.isSigned(by: key.publicKey) else { return "signature" }
      guard key.signers.contains(signer) else { return "signer" }
    }
    let isRegistry = signer.signerType == .registry
    switch event.body.payload {
    case .recordCreated(let payload):
      guard isRegistry else { return "authority" }
      return payload.canonical.digest == canonicalSHA256 ? nil : "canonical_sha256"
    case .graphSnapshot, .aliasAdded, .aliasRetracted, .anchorUpgraded, .checkRecorded:
      return isRegistry ? nil : "authority"
    case .citationSignature(let payload):
      if isRegistry { return "authority" }
      return payload.citing.recordNames.contains(where: names.contains) ? "self_citation" : nil
    case .replicationRecord: return isRegistry ? "authority" : nil
    case .timestampAnchor(let payload):
      return canonicalSHA256.map { $0 == payload.digest } ?? true ? nil : "digest"
    case .storageAttestation(let payload) where payload.role == .canonicalRecord:
      return canonicalSHA256.map { $0 == payload.content } ?? true ? nil : "digest"
    default: return nil
    }
  }
}
