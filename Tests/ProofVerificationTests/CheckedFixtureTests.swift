import Encodings
import Foundation
import ProofFormats
import ProofVerification
import TestSupport
import Testing

@Suite(
  "Proofs of the shared fixtures, checked",
  .enabled(if: Fixtures.areShared, Comment(rawValue: Fixtures.reason)))
struct CheckedFixtureTests {
  struct Stamps: Decodable {
    struct Proof: Decodable {
      struct Attestation: Decodable {
        let kind: String
        let height: UInt64?
        let commitmentInternal: String?
        let commitment: String?
        let matches: Bool?
      }
      let file: String
      let attestations: [Attestation]
    }
    struct Header: Decodable {
      let height: UInt64
      let blockHash: String
      let headerHex: String
      let merkleRootInternal: String
      let time: Int64
    }
    let proofs: [Proof]
    let headers: [Header]
  }

  private func decode<T: Decodable>(_ type: T.Type, _ path: String) throws -> T {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(try Fixtures.shared(path)))
  }

  @Test("Every path leads where the index says, and the headers say whether that is so")
  func paths() throws {
    let stamps = try decode(Stamps.self, "opentimestamps/index.json")
    var headers: [UInt64: BitcoinHeader] = [:]
    for expected in stamps.headers {
      let header = try BitcoinHeader(try #require(Hex.decode(expected.headerHex)))
      #expect(Hex.encode(header.hash.reversed()) == expected.blockHash)
      #expect(Hex.encode(header.merkleRoot) == expected.merkleRootInternal)
      #expect(header.time == expected.time)
      headers[expected.height] = header
    }
    for expected in stamps.proofs {
      let proof = try OpenTimestampsProof.parse(Fixtures.shared("opentimestamps/" + expected.file))
      let ends = try proof.evaluate()
      #expect(ends.count == expected.attestations.count)
      for attestation in expected.attestations {
        let message = attestation.commitmentInternal ?? attestation.commitment
        let end = try #require(
          ends.first { Hex.encode($0.message) == message }, "\(expected.file) \(attestation)")
        guard attestation.kind == "bitcoin" else { continue }
        let height = try #require(attestation.height)
        #expect(end.attestation == .bitcoin(height: height))
        if let matches = attestation.matches, let header = headers[height] {
          #expect((header.merkleRoot == end.message) == matches, "\(expected.file)")
        }
      }
    }
  }

  @Test("Whatever byte of a real proof is changed, it is refused or proves the same")
  func flippedProof() throws {
    let bytes = try Fixtures.shared("opentimestamps/hello-world.txt.ots")
    let original = try OpenTimestampsProof.parse(bytes)
    let ends = try original.evaluate()
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << UInt8(bit)
        guard let proof = try? OpenTimestampsProof.parse(changed), proof.digest == original.digest,
          let found = try? proof.evaluate()
        else { continue }
        // A changed path leads elsewhere, and a changed height asks for another block.
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

  @Test("Tokens get the verdict the index says; a refusal names the check")
  func tokens() throws {
    struct Index: Decodable {
      struct Case: Decodable {
        let file: String
        let ca: String
        let data: String
        let expectOk: Bool
        let opensslExtra: [String]?
        let why: String
      }
      let digests: [String: String]
      let cases: [Case]
    }
    let index = try decode(Index.self, "rfc3161/index.json")
    for item in index.cases {
      let bytes = try Fixtures.shared("rfc3161/" + item.file)
      let roots = try Fixtures.shared("rfc3161/" + item.ca)
      var isGood = false
      var why = ""
      do {
        let (token, finding) = try TimestampToken.check(bytes, roots: roots)
        isGood = finding == .verified && Hex.encode(token.imprint) == index.digests[item.data]
        why = "\(finding)"
      } catch { why = "\(error)" }
      // OpenSSL's command line holds the chain against today unless told; we hold it against genTime.
      let expected = item.file == "expired-signer-valid-at-gentime.tsr" || item.expectOk
      #expect(isGood == expected, "\(item.file): \(item.why): \(why)")
    }
    for (file, check) in [
      ("bad-signature.tsr", "rfc3161.signature"), ("rejected-badalg.tsr", "rfc3161.status"),
      ("trailing-byte.tst", "rfc3161.trailing"),
    ] {
      do {
        _ = try TimestampToken.check(
          Fixtures.shared("rfc3161/" + file), roots: Fixtures.shared("rfc3161/ca.pem"))
        Issue.record("\(file) was taken")
      } catch let error as ProofFormatError {
        #expect(error.check == check, "\(file)")
      }
    }
  }

  @Test("Whatever byte of a real token is changed, it is refused or proves the same")
  func flippedToken() throws {
    let bytes = try Fixtures.shared("rfc3161/valid.tst")
    let roots = try Fixtures.shared("rfc3161/ca.pem")
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
