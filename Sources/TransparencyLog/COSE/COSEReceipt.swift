public import Encodings

/// A proof about the tree with the log's signature over the root, as a COSE receipt (RFC 9942).
///
/// The receipt is a COSE_Sign1 message with Ed25519 (RFC 9052, section 4.2; RFC 9053, section 2.2). The payload is the root,
/// which is detached: a verifier computes it from the proof. The protected header names the algorithm, the key id, the tree
/// `RFC9162_SHA256`, and the log's origin as the issuer of the claims (RFC 9597).
public struct COSEReceipt: Sendable, Equatable {
  /// What is proven about the tree.
  public enum Proof: Sendable, Equatable {
    /// An entry is in the tree (RFC 9942, section 5.2). The hashes are in the order of the verification.
    case inclusion(index: UInt64, size: TreeSize, hashes: [Digest])
    /// The tree begins with an older one (RFC 9942, section 5.3).
    case consistency(old: TreeSize, new: TreeSize, hashes: [Digest])
  }

  /// What is proven.
  public let proof: Proof
  /// The bytes of the protected header.
  let protected: [UInt8]
  /// The signature, 64 bytes.
  let signature: [UInt8]

  /// The labels and values of the headers (IANA, COSE Header Parameters and COSE Algorithms).
  private enum Header {
    static let algorithm = 1
    static let keyID = 4
    static let claims = 15
    static let verifiableDataStructure = 395
    static let proofs = 396
    static let edDSA = -8
    static let rfc9162SHA256 = 1
    static let issuer = 1
    static let inclusion = -1
    static let consistency = -2
  }

  /// Signs a receipt.
  ///
  /// - Parameters:
  ///   - proof: the proof.
  ///   - root: the root that the proof leads to, which a checkpoint of the log has.
  ///   - origin: the log's name.
  ///   - signer: the key of the log.
  ///
  /// Errors: `note.signing`.
  public init(
    _ proof: Proof, root: Digest, origin: String, signer: NoteSigner
  ) throws(TransparencyError) {
    self.proof = proof
    protected = Self.protectedHeader(origin: origin, keyID: signer.verifierKey.id)
    signature = try signer.sign(bytes: Self.signedBytes(root: root, protected: protected))
  }

  private static func protectedHeader(origin: String, keyID: [UInt8]) -> [UInt8] {
    var header = CBORWriter()
    header.beginMap(4)
    header.write(Header.algorithm)
    header.write(Header.edDSA)
    header.write(Header.keyID)
    header.write(keyID)
    header.write(Header.claims)
    header.beginMap(1)
    header.write(Header.issuer)
    header.write(origin)
    header.write(Header.verifiableDataStructure)
    header.write(Header.rfc9162SHA256)
    return header.bytes
  }

  /// The `Sig_structure` (RFC 9052, section 4.4). Its first byte begins no UTF-8 text, so it is no text of a note.
  private static func signedBytes(root: Digest, protected: [UInt8]) -> [UInt8] {
    var structure = CBORWriter()
    structure.beginArray(4)
    structure.write("Signature1")
    structure.write(protected)
    structure.write([UInt8]())
    structure.write(root.bytes)
    return structure.bytes
  }

  /// The receipt as a tagged COSE_Sign1 message, `application/cose`.
  public var bytes: [UInt8] {
    var message = CBORWriter()
    message.beginTag(18)
    message.beginArray(4)
    message.write(protected)
    message.beginMap(1)
    message.write(Header.proofs)
    message.beginMap(1)
    var path = CBORWriter()
    path.beginArray(3)
    let hashes: [Digest]
    switch proof {
    case .inclusion(let index, let size, let found):
      message.write(Header.inclusion)
      path.write(size.rawValue)
      path.write(index)
      hashes = found
    case .consistency(let old, let new, let found):
      message.write(Header.consistency)
      path.write(old.rawValue)
      path.write(new.rawValue)
      hashes = found
    }
    path.beginArray(hashes.count)
    for hash in hashes { path.write(hash.bytes) }
    message.beginArray(1)
    message.write(path.bytes)
    message.writeNull()
    message.write(signature)
    return message.bytes
  }
}
