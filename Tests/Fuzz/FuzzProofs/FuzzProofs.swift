import FuzzDriver
import ProofFormats
import ProofVerification

/// No input crashes a parser or makes it slow. A parsed proof is written as bytes that parse to the same
/// proof.
@main enum FuzzProofs {
  static func main() {
    fuzz { bytes in
      if let proof = try? OpenTimestampsProof.parse(bytes) {
        guard let again = try? OpenTimestampsProof.parse(proof.serialised()) else {
          preconditionFailure("what was written does not parse")
        }
        precondition(again == proof)
        if let ends = try? proof.evaluate() { precondition(ends.count == proof.attestations.count) }
      }
      if let tree = try? OpenTimestampsProof.parseTree(bytes, messageLength: 32) {
        let again = try? OpenTimestampsProof.parseTree(
          OpenTimestampsProof.serialised(tree), messageLength: 32)
        precondition(again == tree)
      }
      if let token = try? TimestampToken.check(bytes, roots: []) {
        // Without trusted roots, no token is verified.
        precondition(token.1 != .verified)
      }
      _ = try? BitcoinHeader(bytes)
      _ = try? IssuerKeys(bytes)
      _ = try? IdentityToken.parse(bytes)
    }
  }
}
