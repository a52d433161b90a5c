import Encodings
import Foundation
import ProofFormats
import TestSupport
import Testing

@Suite(
  "Proof forms of the shared fixtures",
  .enabled(if: Fixtures.areShared, Comment(rawValue: Fixtures.reason)))
struct FixtureTests {
  struct Stamps: Decodable {
    struct Proof: Decodable {
      struct Attestation: Decodable {
        let kind: String
        let height: Int?
      }
      let file: String
      let targetDigestHex: String
      let attestations: [Attestation]
    }
    struct Malformed: Decodable {
      let file: String
      let recommended: String
    }
    let proofs: [Proof]
    let malformed: [Malformed]
  }

  private var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  private func stamps() throws -> Stamps {
    try decoder.decode(
      Stamps.self, from: Data(try Fixtures.shared("opentimestamps/index.json")))
  }

  @Test("Real proofs parse, say what the index says, and are written back byte by byte")
  func realProofs() throws {
    let proofs = try stamps().proofs
    #expect(proofs.count >= 9)
    for expected in proofs {
      let bytes = try Fixtures.shared("opentimestamps/" + expected.file)
      let proof = try OpenTimestampsProof.parse(bytes)
      #expect(Hex.encode(proof.digest) == expected.targetDigestHex, "\(expected.file)")
      #expect(proof.serialised() == bytes, "\(expected.file)")
      let heights = proof.attestations.compactMap { found -> Int? in
        if case .bitcoin(let height) = found { return Int(height) }
        return nil
      }
      #expect(
        heights.sorted()
          == expected.attestations.filter { $0.kind == "bitcoin" }.compactMap(\.height).sorted(),
        "\(expected.file)")
      #expect(proof.attestations.count == expected.attestations.count, "\(expected.file)")
    }
  }

  @Test("Malformed proofs get the verdict the index recommends")
  func malformedProofs() throws {
    for expected in try stamps().malformed {
      let bytes = try Fixtures.shared("opentimestamps/" + expected.file)
      if expected.recommended.contains("never drop") {
        // Two equal operations at one node: both branches are kept, and both attestations with them.
        let proof = try OpenTimestampsProof.parse(bytes)
        #expect(proof.attestations.count == 2, "\(expected.file)")
        #expect(proof.serialised() == bytes)
      } else if expected.recommended.hasPrefix("reject") {
        #expect(throws: ProofFormatError.self, "\(expected.file)") {
          try OpenTimestampsProof.parse(bytes)
        }
      } else {
        #expect(throws: Never.self, "\(expected.file)") { try OpenTimestampsProof.parse(bytes) }
      }
    }
  }

  @Test("Timestamp tokens name the digest the index says")
  func tokens() throws {
    struct Index: Decodable { let digests: [String: String] }
    let index = try decoder.decode(
      Index.self, from: Data(try Fixtures.shared("rfc3161/index.json")))
    let wanted = try #require(index.digests["data.txt"])
    for name in ["valid.tsr", "valid.tst"] {
      let token = try TimestampToken.parse(try Fixtures.shared("rfc3161/" + name))
      #expect(Hex.encode(token.imprint) == wanted, "\(name)")
    }
    for name in ["trailing-byte.tst", "rejected-badalg.tsr"] {
      #expect(throws: ProofFormatError.self, "\(name)") {
        try TimestampToken.parse(try Fixtures.shared("rfc3161/" + name))
      }
    }
    let valid = try Fixtures.shared("rfc3161/valid.tst")
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
    let index = try decoder.decode(
      Index.self, from: Data(try Fixtures.shared("encodings/orcid.json")))
    for id in index.validIds { #expect(ORCID.isValid(id), "\(id)") }
    for id in index.invalidIds { #expect(!ORCID.isValid(id), "\(id)") }
  }
}
