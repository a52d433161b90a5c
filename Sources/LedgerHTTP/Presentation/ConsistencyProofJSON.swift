public import CanonicalJSON
import Encodings
public import LedgerService
import TransparencyLog

extension ConsistencyProof {
  /// The proof as JSON: sizes, roots and hashes, the hashes in base64.
  public var json: JSON {
    [
      "new_root": .string(newRoot.base64), "new_size": .integer(newSize.stored),
      "old_root": .string(oldRoot.base64), "old_size": .integer(oldSize.stored),
      "proof": .array(hashes.map { .string($0.base64) }),
    ]
  }
}
