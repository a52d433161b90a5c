public import Encodings

/// `graph_snapshot`: the claims and references of a record, as its document states them.
public struct GraphSnapshot: EventPayload {
  public let documentSHA256: Digest
  public let claimIDs: [String]
  public let referenceCount: Int64
  public let resolvedWork: Int64
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
