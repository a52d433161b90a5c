public import CanonicalJSON
public import Encodings

/// `record_created`: a record is in this ledger, with its canonical form.
public struct RecordCreated: EventPayload {
  /// The canonical record. Its digest equals the member `canonical_sha256`.
  public let canonical: CanonicalRecord
  /// A receipt by a key that issues Pith Numbers.
  public let receipt: JSON?
  /// SHA-256 of the whole document. `nil` for a bare record.
  public let documentSHA256: Digest?

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    canonical = try CanonicalRecord(
      members.value("canonical_record"), field: "payload.canonical_record")
    guard try members.digest("canonical_sha256") == canonical.digest else {
      throw Refusal(
        .invalid, check: "canonical_sha256", field: "payload.canonical_sha256",
        "The canonical record hashes to \(canonical.digest.hex).")
    }
    receipt = members.optional("receipt")
    documentSHA256 = try members.optionalDigest("document_sha256")
  }

  var evidence: Digest? { documentSHA256 }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.slot = PaperName(sourceOf: canonical).slot
    columns.claimant = PaperName(canonical.pithNumber).slot
    columns.flags.insert(.contentAddressed)
    // Only an operator imports a document. For a bare record the entry says whether an operator imported it.
    if documentSHA256 != nil || source.admission.verdict(of: "operator") == .verified {
      columns.flags.insert(.operatorImported)
    }
    if source.admission.verdict(of: "pith_receipt") == .verified {
      columns.flags.insert(.receiptVerified)
    }
  }
}
