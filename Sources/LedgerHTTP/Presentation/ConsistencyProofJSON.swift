public import CanonicalJSON
import Encodings
public import LedgerService

extension ConsistencyProof {
  /// The proof as JSON: sizes, roots and hashes, the hashes in base64.
  public var json: JSON {
    [
      "new_root": .string(newRoot.base64), "new_size": .integer(Int64(clamping: newSize)),
      "old_root": .string(oldRoot.base64), "old_size": .integer(Int64(clamping: oldSize)),
      "proof": .array(hashes.map { .string($0.base64) }),
    ]
  }
}
