import ProofFormats
import Testing

@Suite("Constructed proofs and identifiers")
struct OpenTimestampsTests {
  @Test("ORCID check digits")
  func orcid() {
    #expect(ORCID.isValid("0000-0002-1825-0097"))
    #expect(ORCID.isValid("0000-0002-1694-233X"))
    #expect(!ORCID.isValid("0000-0002-1825-0098"))
  }

  @Test("A proof reads back as it was written, and every truncation is refused")
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
