import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import LedgerStore

extension KnownHash {
  /// What is known about the bytes as JSON.
  var json: JSON {
    [
      "canonical_records": .array(canonical.map(\.json)),
      "documents": .array(documents.map(\.json)), "erased": .bool(isErased),
      "event_id": event == nil ? .null : .string("sha256:\(digest.hex)"),
      "evidence": evidence.map {
        ["kind": .string($0.kind), "size_bytes": .integer($0.sizeBytes)]
      } ?? .null, "sha256": .string(digest.hex),
    ]
  }
}

extension TitledRecord {
  fileprivate var json: JSON {
    [
      "pith_number": .string(record.pithNumber.description),
      "title": title.map { .string($0) } ?? .null,
      "title_verified": titleVerified.map { .bool($0) } ?? .null,
    ]
  }
}
