public import Encodings

/// `graph_snapshot`: the claims and references of a record, as its document states them.
public struct GraphSnapshot: EventPayload {
  /// SHA-256 of the document.
  public let documentSHA256: Digest
  /// The identifiers of the claims, at most 500.
  public let claimIDs: [String]
  /// The number of references.
  public let referenceCount: Int64
  /// The number of references that were resolved to a work.
  public let resolvedWork: Int64
  /// The number of pieces of formal evidence.
  public let formalEvidenceCount: Int64

  init(reading members: inout JSONObjectReader) throws(Refusal) {
    documentSHA256 = try members.digest("document_sha256")
    claimIDs = try members.texts("claim_ids", maxCount: 500, maxBytes: 64)
    referenceCount = try members.integer("reference_count", 0...1_000_000)
    resolvedWork = try members.integer("resolved_work", 0...1_000_000)
    formalEvidenceCount = try members.integer("formal_evidence_count", 0...1_000_000)
  }

  var evidence: Digest? { documentSHA256 }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {
    columns.flags.insert(.operatorImported)
    columns.referenceCount = Int32(referenceCount)
    columns.resolvedWork = Int32(resolvedWork)
    columns.formalEvidenceCount = Int32(formalEvidenceCount)
  }
}
