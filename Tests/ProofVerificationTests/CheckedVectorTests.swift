import Encodings
import ProofFormats
import ProofVerification
import TestSupport
import Testing

/// Proofs and tokens of the vectors against trusted headers and roots.
@Suite("Proofs of the vectors, checked")
struct CheckedVectorTests {
  @Test("Every path has the result of the vectors, and is checked against the headers")
  func paths() throws {
    let vectors = try OpenTimestampsVectors.read()
    var headers: [UInt64: BitcoinHeader] = [:]
    for expected in vectors.headers {
      let header = try BitcoinHeader(try #require(Hex.decode(expected.headerHex)))
      #expect(Hex.encode(header.hash.reversed()) == expected.blockHash)
      #expect(Hex.encode(header.merkleRoot) == expected.merkleRootInternal)
      #expect(header.time == expected.time)
      headers[expected.height] = header
    }
    for expected in vectors.proofs {
      let proof = try OpenTimestampsProof.parse(expected.bytes)
      let ends = try proof.evaluate()
      #expect(ends.count == expected.attestations.count)
      for attestation in expected.attestations {
        let end = try #require(
          ends.first { Hex.encode($0.message) == attestation.message },
          "\(expected.file) \(attestation)")
        guard attestation.kind == "bitcoin" else { continue }
        let height = try #require(attestation.height)
        #expect(end.attestation == .bitcoin(height: height))
        if let matches = attestation.matches, let header = headers[height] {
          #expect((header.merkleRoot == end.message) == matches, "\(expected.file)")
        }
      }
    }
  }

  @Test("A real proof with any changed byte is refused or proves the same")
  func flippedProof() throws {
    let bytes = try #require(
      try OpenTimestampsVectors.read().proofs.first { $0.file == "hello-world.txt.ots" }
    ).bytes
    let original = try OpenTimestampsProof.parse(bytes)
    let ends = try original.evaluate()
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << UInt8(bit)
        guard let proof = try? OpenTimestampsProof.parse(changed), proof.digest == original.digest,
          let found = try? proof.evaluate()
        else { continue }
        // A changed path gives another message, and a changed height selects another block.
        let proves = found.contains { $0 == ends[0] }
        #expect(!proves || found == ends, "byte \(index), bit \(bit)")
      }
    }
    for count in bytes.indices {
      #expect(throws: ProofFormatError.self) {
        try OpenTimestampsProof.parse(Array(bytes[..<count]))
      }
    }
  }

  @Test("Tokens get the verdict of the vectors; a refusal names the check")
  func tokens() throws {
    let index = try TimestampTokenVectors.read()
    for item in index.cases {
      let bytes = try index.bytes(item.file)
      let roots = try index.bytes(item.ca)
      var isGood = false
      var why = ""
      do {
        let (token, finding) = try TimestampToken.check(bytes, roots: roots)
        isGood = finding == .verified && Hex.encode(token.imprint) == index.digests[item.data]
        why = "\(finding)"
      } catch { why = "\(error)" }
      #expect(isGood == item.isValid, "\(item.file) with \(item.ca): \(why)")
    }
    for (file, check) in [
      ("bad-signature.tsr", "rfc3161.signature"), ("rejected-badalg.tsr", "rfc3161.status"),
      ("trailing-byte.tst", "rfc3161.trailing"),
    ] {
      do {
        _ = try TimestampToken.check(
          index.bytes(file), roots: index.bytes("ca.pem"))
        Issue.record("\(file) was taken")
      } catch let error as ProofFormatError {
        #expect(error.check == check, "\(file)")
      }
    }
  }

  @Test("A real token with any changed byte is refused or proves the same")
  func flippedToken() throws {
    let vectors = try TimestampTokenVectors.read()
    let bytes = try vectors.bytes("valid.tst")
    let roots = try vectors.bytes("ca.pem")
    let (original, finding) = try TimestampToken.check(bytes, roots: roots)
    #expect(finding == .verified)
    var same = 0
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1 << UInt8(index % 8)
      guard let (token, found) = try? TimestampToken.check(changed, roots: roots),
        found == .verified
      else { continue }
      same += 1
      #expect(token == original, "byte \(index)")
    }
    #expect(same < bytes.count / 4)
  }
}
