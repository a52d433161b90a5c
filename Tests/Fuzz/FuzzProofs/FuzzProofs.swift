import FuzzDriver
import ProofForms

/// No input crashes a parser or makes it slow; a proof that parses is written back to what parses alike.
@main enum FuzzProofs {
  static func main() {
    fuzz { bytes in
      if let proof = try? OpenTimestampsProof.parse(bytes) {
        guard let again = try? OpenTimestampsProof.parse(proof.serialised()) else {
          preconditionFailure("what was written does not parse")
        }
        precondition(again == proof)
      }
      _ = try? TimestampToken.parse(bytes)
      _ = try? IdentityToken.parse(bytes)
    }
  }
}
