import Encodings
import ProofFormats
import TestSupport
import Testing

/// Published proofs, tokens and identifiers.
@Suite("Proofs of the vectors")
struct ProofVectorTests {
  @Test("Real proofs parse as in the vectors, and are written back byte by byte")
  func realProofs() throws {
    let proofs = try OpenTimestampsVectors.read().proofs
    #expect(proofs.count >= 9)
    for expected in proofs {
      let bytes = expected.bytes
      let proof = try OpenTimestampsProof.parse(bytes)
      #expect(Hex.encode(proof.digest) == expected.targetDigestHex, "\(expected.file)")
      #expect(proof.serialised() == bytes, "\(expected.file)")
      let heights = proof.attestations.compactMap { found -> UInt64? in
        if case .bitcoin(let height) = found { return height }
        return nil
      }
      #expect(
        heights.sorted()
          == expected.attestations.filter { $0.kind == "bitcoin" }.compactMap(\.height).sorted(),
        "\(expected.file)")
      #expect(proof.attestations.count == expected.attestations.count, "\(expected.file)")
    }
  }

  @Test("Malformed proofs are refused, or kept with both branches")
  func malformedProofs() throws {
    for expected in try OpenTimestampsVectors.read().malformed {
      let bytes = expected.bytes
      switch expected.outcome {
      case .bothBranches:
        let proof = try OpenTimestampsProof.parse(bytes)
        #expect(proof.attestations.count == 2, "\(expected.file)")
        #expect(proof.serialised() == bytes)
      case .refused:
        #expect(throws: ProofFormatError.self, "\(expected.file)") {
          try OpenTimestampsProof.parse(bytes)
        }
      case .accepted:
        #expect(throws: Never.self, "\(expected.file)") { try OpenTimestampsProof.parse(bytes) }
      }
    }
  }

  @Test("Timestamp tokens name the digest of the vectors")
  func tokens() throws {
    let vectors = try TimestampTokenVectors.read()
    let wanted = try #require(vectors.digests["data.txt"])
    for name in ["valid.tsr", "valid.tst"] {
      let token = try TimestampToken.parse(vectors.bytes(name))
      #expect(Hex.encode(token.imprint) == wanted, "\(name)")
    }
    for name in ["trailing-byte.tst", "rejected-badalg.tsr"] {
      #expect(throws: ProofFormatError.self, "\(name)") {
        try TimestampToken.parse(vectors.bytes(name))
      }
    }
    let valid = try vectors.bytes("valid.tst")
    for count in 0..<valid.count {
      #expect(throws: ProofFormatError.self, "cut at \(count)") {
        try TimestampToken.parse(Array(valid[..<count]))
      }
    }
  }

  @Test("ORCID iDs")
  func orcid() throws {
    struct Index: Decodable {
      let validIds: [String]
      let invalidIds: [String]
    }
    let index = try Fixtures.vectors(Index.self, "orcid.json")
    for id in index.validIds { #expect(ORCID.isValid(id), "\(id)") }
    for id in index.invalidIds { #expect(!ORCID.isValid(id), "\(id)") }
  }
}
