import Encodings
import ProofFormats

/// Checks `storage_attestation`.
struct StorageCheck {
  let authority: SignerAuthority
  let evidence: EvidenceForm
  let record: RecordFacts
  let finding: Finding?
  let now: Timestamp

  /// Checks the location and the digest. A file needs its bytes; other storage needs a fetch or a
  /// storage provider's signature.
  func check(_ payload: StorageAttestation, _ admission: inout Admission) throws(Refusal) {
    try checkLocation(payload.location)
    if payload.observedAt > now.adding(seconds: AdmissionCheck.clockSkewSeconds) {
      throw Refusal(.observedAt, "payload.observed_at", "More than five minutes in the future.")
    }
    if payload.role == .canonicalRecord, payload.content != record.canonicalSHA256 {
      throw Refusal(
        .content, "payload.content_sha256",
        "The canonical record hashes to \(record.canonicalSHA256.hex).")
    }
    if payload.kind == .file {
      try checkUpload(payload)
      admission.checks.append(Check("content", .verified))
    } else if let finding {
      admission.apply(finding, orPending: "fetch")
    } else {
      guard authority.isStorageProvider else {
        throw Refusal(
          .fetch, "payload.location",
          "The ledger has not fetched this location. Upload the bytes as a file, or let a vouched "
            + "storage provider sign the statement.")
      }
      admission.checks.append(Check("storage_provider", .pending))
      admission.verdict = .pending
    }
  }

  /// Checks that the ledger can fetch a location now and later. An old log may contain other locations.
  private func checkLocation(_ location: String) throws(Refusal) {
    guard location.hasPrefix("https://") else { return }
    do throws(WebAddress.Fault) { _ = try WebAddress(location) } catch {
      throw Refusal(.location, "payload.location", error.message)
    }
  }

  /// Checks that the uploaded bytes came with the event and have the stated digest and length.
  private func checkUpload(_ payload: StorageAttestation) throws(Refusal) {
    guard payload.evidence == payload.content else {
      throw Refusal(
        .content, "payload.evidence_sha256",
        "A file is uploaded: evidence_sha256 equals content_sha256, and evidence holds the bytes.")
    }
    let bytes = try evidence.bytes(of: payload.content)
    guard bytes.count == payload.sizeBytes else {
      throw Refusal(.content, "payload.size_bytes", "The upload has \(bytes.count) bytes.")
    }
  }
}
