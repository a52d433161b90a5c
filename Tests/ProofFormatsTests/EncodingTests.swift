import Encodings
import ProofFormats
import Testing

@Suite("Encodings and proof forms")
struct EncodingTests {
  @Test("RFC 4648 vectors")
  func vectors() {
    #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
    #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
    #expect(Base32.encode(Array("foob".utf8)) == "MZXW6YQ")
    #expect(Base64.decode("Zm9vYg==").map { String(decoding: $0, as: UTF8.self) } == "foob")
    #expect(Base64.decode("Zm9vYh==") == nil, "stray trailing bits")
    #expect(Base64.decode("Zm9vYg") == nil, "missing padding")
    #expect(Hex.decode("0AFF") == nil, "upper case")
  }

  @Test("ORCID check digits")
  func orcid() {
    #expect(ORCID.isValid("0000-0002-1825-0097"))
    #expect(ORCID.isValid("0000-0002-1694-233X"))
    #expect(!ORCID.isValid("0000-0002-1825-0098"))
  }

  @Test("A proof reads back as it was written, and no truncation of it is one")
  func openTimestamps() throws {
    let digest = [UInt8](repeating: 7, count: 32)
    let proof = OpenTimestampsProof(
      algorithm: .sha256, digest: digest,
      root: .init(items: [
        .operation(
          .append([1, 2]), .init(items: [.attestation(.pending(uri: "https://cal.example"))])),
        .operation(.hash(.sha256), .init(items: [.attestation(.bitcoin(height: 358_391))])),
      ]))
    let bytes = proof.serialised()
    #expect(try OpenTimestampsProof.parse(bytes) == proof)
    for count in 0..<bytes.count {
      #expect(throws: ProofFormatError.self) {
        try OpenTimestampsProof.parse(Array(bytes[..<count]))
      }
    }
    #expect(throws: ProofFormatError.self) { try OpenTimestampsProof.parse(bytes + [0]) }
  }
}
