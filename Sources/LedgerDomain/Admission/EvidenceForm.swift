public import Encodings
import ProofFormats

/// Checks the form of the evidence that came with an event, before an external service checks it.
struct EvidenceForm {
  /// The bytes that came with the event, by SHA-256.
  let evidence: [Digest: [UInt8]]
  /// Whether an external check follows. Bytes after a timestamp token are then accepted, because
  /// the external check reports faults before them first.
  let isPrecheck: Bool

  /// The bytes with this SHA-256. Refuses an event that came without them.
  func bytes(of digest: Digest) throws(Refusal) -> [UInt8] {
    guard let bytes = evidence[digest] else {
      throw Refusal(
        .evidence, "evidence", "Send the bytes of \(digest.hex) in base64 under that name.")
    }
    return bytes
  }

  /// Checks that a proof of time is well formed and is about this digest.
  func checkProof(
    _ proof: Digest, _ kind: TimestampAnchor.Kind, of digest: Digest
  ) throws(Refusal) {
    let bytes = try bytes(of: proof)
    switch kind {
    case .opentimestamps:
      let proof = try parse { () throws(ProofFormatError) in try OpenTimestampsProof.parse(bytes) }
      guard proof.algorithm == .sha256, proof.digest == digest.bytes else {
        throw Refusal(.otsDigest, "evidence", "The proof is about another digest.")
      }
    case .rfc3161:
      _ = try parse { () throws(ProofFormatError) in
        try TimestampToken.parse(bytes, .init(imprint: digest.bytes, allowsTrailing: isPrecheck))
      }
    }
  }

  /// Reads an identity token for a claim to a record, and checks its nonce.
  ///
  /// - Parameter key: the signer's key, if the nonce may also bind the token to it.
  func identityToken(
    _ digest: Digest, for record: PithNumber, key: Digest128?
  ) throws(Refusal) -> IdentityToken {
    let bytes = try bytes(of: digest)
    let token = try parse { () throws(ProofFormatError) in try IdentityToken.parse(bytes) }
    let nonce = IdentityNonce.of(record)
    guard token.nonce == nonce || key.map({ token.nonce == IdentityNonce.of(record, $0) }) ?? false
    else {
      throw Refusal(.tokenNonce, "evidence", "Request the token with the nonce \(nonce).")
    }
    return token
  }

  private func parse<T>(_ read: () throws(ProofFormatError) -> T) throws(Refusal) -> T {
    do { return try read() } catch {
      throw Refusal(
        .invalid, check: error.check, field: "evidence", offset: error.offset, error.message)
    }
  }
}

/// The nonce with which a client requests an identity token. It binds the token to one purpose.
///
/// Specification: events.md, section Nonce of an identity token.
public enum IdentityNonce {
  /// Computes the nonce for a claim to one record.
  ///
  /// - Parameters:
  ///   - number: the record that is claimed.
  ///   - key: a registered key. The token then also vouches that the key belongs to the person.
  public static func of(_ number: PithNumber, _ key: Digest128? = nil) -> String {
    let text = "pithledger:author:\(number)" + (key.map { ":\($0.hex)" } ?? "")
    return Base64.encodeURL(Digest(hashing: Array(text.utf8)).bytes)
  }
}
