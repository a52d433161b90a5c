import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerHTTP
import LedgerService
import LedgerStore
import LedgerTestSupport
import ProofFormats
import ProofVerification
import SafeHTTPClient
import TestSupport
import Testing

/// Stored copies that are fetched and hashed.
@Suite("Evidence of storage", .privateServer())
struct StorageEvidenceTests: EvidenceSuite {
  @Test("A location is fetched and hashed; wrong bytes, none, too many or too slow are refused")
  func storage() async throws {
    try await withBoth { test, services in
      let bytes = Array("hello world\n".utf8)
      _ = try await services.post("/put/paper", bytes)
      let here = services.url + "/paper"
      let stored = try await bare(test, .storageAttestation, place("https", here, bytes))
      #expect(stored.standing == "verified")
      #expect(stored.verificationStatus?.json["storage_verified"] == true)
      let again = try await bare(test, .storageAttestation, place("https", here, bytes))
      #expect(!again.created && again.position == stored.position)
      let followed = services.url + "/redirect?" + here
      #expect(
        try await bare(test, .storageAttestation, place("https", followed, bytes)).standing
          == "verified")
      let size = try await test.ledger.health().size
      for (location, check) in [
        ("/nothing", "fetch.gone"), ("/endless", "fetch.size"), ("/silent", "fetch.time"),
        ("/loop", "fetch.redirects"), ("/redirect?http://127.0.0.1:1/", "fetch.inside"),
        ("/redirect?http://%5B::ffff:10.0.0.1%5D/", "fetch.inside"),
        ("/redirect?http://169.254.169.254/latest/meta-data/", "fetch.inside"),
      ] {
        await #expect(throws: Refusal(.invalid, check: check, ""), "\(location)") {
          try await bare(
            test, .storageAttestation, place("https", services.url + location, bytes))
        }
      }
      await #expect(throws: Refusal(.invalid, check: "fetch.content", "")) {
        try await bare(test, .storageAttestation, place("https", here + "?x", [1]))
      }
      #expect(try await test.ledger.health().size == size)

      // Locations whose name depends on the content.
      let cid = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
      _ = try await services.post("/put/\(cid)", bytes)
      #expect(
        try await bare(test, .storageAttestation, place("ipfs", "ipfs://\(cid)", bytes)).standing
          == "verified")
      let other = Array("other bytes".utf8)
      let misnamed = "bafkreify5fcjtmxizqowyxpdz6xr54ixwoid6kjxvjwo52bvbfityrraae"
      _ = try await services.post("/put/\(misnamed)", other)
      await #expect(throws: Refusal(.invalid, check: "cid", "")) {
        try await bare(test, .storageAttestation, place("ipfs", "ipfs://\(misnamed)", other))
      }
      _ = try await services.post("/put/QmLayout", bytes)
      #expect(
        try await bare(test, .storageAttestation, place("ipfs", "ipfs://QmLayout", bytes)).standing
          == "pending")
      let git = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
      _ = try await services.post("/put/\(git)", bytes)
      let heritage = place("software_heritage", "swh:1:cnt:\(git)", bytes)
      #expect(try await bare(test, .storageAttestation, heritage).standing == "verified")
      let wrong = String(git.dropLast()) + "e"
      _ = try await services.post("/put/\(wrong)", bytes)
      await #expect(throws: Refusal(.invalid, check: "swhid", "")) {
        try await bare(
          test, .storageAttestation, place("software_heritage", "swh:1:cnt:\(wrong)", bytes))
      }
      let capture = "https://web.archive.org/web/20261124000000/paper"
      #expect(
        try await bare(test, .storageAttestation, place("wayback", capture, bytes)).standing
          == "verified")
      let object = place("s3", "s3://bucket/paper", bytes)
      #expect(try await bare(test, .storageAttestation, object).standing == "verified")
      try await test.replayAgrees()
    }
  }

  @Test("A copy that is gone, changed or restored is recorded in the log")
  func rechecks() async throws {
    try await withKeptCopy { services, test, bytes in
      var schedule = StorageSchedule()
      func look() async throws -> (JSON?, JSON?) {
        try await Task.sleep(for: .milliseconds(5))
        try await test.ledger.storageMonitor.checkDue(&schedule)
        let state = try await test.state()
        let last = try await test.ledger.events.page(of: Self.number).json()["events"]?.arrayValue?
          .last
        return (state.status["storage_verified"], last?["payload"]?["verdict"])
      }
      var size = try await test.ledger.health().size
      #expect(try await look() == (true, nil))
      #expect(try await test.ledger.health().size == size, "nothing changed, nothing is said")
      _ = try await services.post("/drop/kept")
      #expect(try await look() == (false, "gone"))
      _ = try await services.post("/put/kept", [9])
      #expect(try await look() == (false, "changed"))
      _ = try await services.post("/put/kept", bytes)
      #expect(try await look() == (true, "verified"))
      size = try await test.ledger.health().size
      #expect(try await look() == (true, "verified"))
      #expect(try await test.ledger.health().size == size)
      try await test.replayAgrees()
    }
  }

  /// Whether the package `opentimestamps` of PyPI is installed.
  static let hasOpenTimestamps: Bool = {
    let program = Process()
    program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    program.arguments = ["python3", "-c", "import opentimestamps.core.timestamp"]
    program.standardError = FileHandle.nullDevice
    guard (try? program.run()) != nil else { return false }
    program.waitUntilExit()
    return program.terminationStatus == 0
  }()

  @Test(
    "PyPI's opentimestamps gives the same roots for upgraded proofs, and its proofs verify here",
    .enabled(
      if: hasOpenTimestamps, "PyPI opentimestamps is not installed; scripts/test installs it"))
  func agreesWithOpenTimestamps() async throws {
    try await withBoth { test, services in
      let digest = try await digest(test)
      let proof = try await test.requestProof(
        Self.number, calendars: [services.url, services.url])
      _ = try await anchor(test, "opentimestamps", proof)
      for index in 0..<5 {
        _ = try await services.post("/digest", Digest(hashing: [UInt8(index)]).bytes)
      }
      let line = String(decoding: try await services.mine(), as: UTF8.self)
      let header = try #require(line.split(whereSeparator: \.isWhitespace).last)
      _ = try await test.ledger.trust.addHeaders(Array(line.utf8))
      #expect(
        try await test.ledger.anchorSettler.settleAll { _ in true }.map(\.state) == [.verified])
      let events =
        try await test.ledger.events.page(of: Self.number).json()["events"]?.arrayValue ?? []
      let upgraded = try #require(
        events.last { $0["event_type"] == "anchor_upgraded" }?["payload"]?["evidence_sha256"]?
          .stringValue)
      let bytes = try await test.ledger.evidence.publicBytes(upgraded)
      let answer = try await python(
        """
        import io, sys
        from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp
        from opentimestamps.core.serialize import StreamDeserializationContext, StreamSerializationContext
        from opentimestamps.core.notary import BitcoinBlockHeaderAttestation
        from opentimestamps.core.op import OpSHA256, OpAppend, OpRIPEMD160, OpReverse, OpKECCAK256
        digest, root = bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2])[36:68]
        data = sys.stdin.buffer.read()
        proof = DetachedTimestampFile.deserialize(StreamDeserializationContext(io.BytesIO(data)))
        assert proof.file_digest == digest
        found = [(m, a) for m, a in proof.timestamp.all_attestations()
                 if isinstance(a, BitcoinBlockHeaderAttestation)]
        assert len(found) == 2 and all(m == root for m, a in found), found
        out = io.BytesIO()
        proof.serialize(StreamSerializationContext(out))
        made = Timestamp(digest)
        end = made.ops.add(OpAppend(b"x")).ops.add(OpRIPEMD160()).ops.add(OpKECCAK256()).ops.add(OpSHA256())
        end.attestations.add(BitcoinBlockHeaderAttestation(7))
        theirs = io.BytesIO()
        DetachedTimestampFile(OpSHA256(), made).serialize(StreamSerializationContext(theirs))
        print(out.getvalue().hex(), theirs.getvalue().hex(), end.msg.hex())
        """, [digest.hex, String(header)], input: bytes)
      let words = String(decoding: answer, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      let rewritten = try OpenTimestampsProof.parse(try #require(Hex.decode(String(words[0]))))
      let ours = try OpenTimestampsProof.parse(bytes)
      #expect(
        Set(try rewritten.evaluate().map(\.message)) == Set(try ours.evaluate().map(\.message)))
      let theirs = try OpenTimestampsProof.parse(try #require(Hex.decode(String(words[1]))))
      #expect(try theirs.evaluate().map { Hex.encode($0.message) } == [String(words[2])])
      #expect(try theirs.evaluate().map(\.attestation) == [.bitcoin(height: 7)])
    }
  }
}
