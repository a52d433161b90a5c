import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerService
import LedgerStore
import ProofFormats
import ProofVerification
import SafeHTTPClient
import TestSupport
import Testing

/// Every kind of evidence through the whole ledger, with an outside world of the tests' own.
@Suite("Evidence that is really checked", .privateServer())
struct EvidenceTests {
  static let number = Fixtures.sampleNumber

  /// A ledger that can reach the outside world.
  func withBoth(
    _ body: (LedgerUnderTest, FakeServices) async throws -> Void
  ) async throws {
    try await withFakeServices { services in
      var reach = services.configuration
      reach.issuerPatience = .zero
      let configuration = reach
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        try await body(test, services)
      }
    }
  }

  func digest(_ test: LedgerUnderTest) async throws -> Digest {
    try await test.ledger.records.resolve(Self.number).record.canonicalSHA256
  }

  func bare(
    _ test: LedgerUnderTest, _ action: EventType, _ payload: JSONObject, evidence: [[UInt8]] = []
  ) async throws -> SubmissionAnswer {
    var named: JSONObject = [:]
    for bytes in evidence { named[Digest(hashing: bytes).hex] = .string(Base64.encode(bytes)) }
    let json: JSON = ["evidence": .object(named), "payload": .object(payload)]
    return try await test.ledger.submit(
      json.canonicalBytes(), record: Self.number, action: action, client: .shell)
  }

  func anchor(
    _ test: LedgerUnderTest, _ kind: String, _ proof: [UInt8]
  ) async throws -> SubmissionAnswer {
    try await bare(
      test, .timestampAnchor,
      [
        "anchor_kind": .string(kind), "digest_sha256": .string(digest(test).hex),
        "evidence_sha256": .string(Digest(hashing: proof).hex),
      ], evidence: [proof])
  }

  @Test(
    "A calendar's promise is pending, upgraded when it is kept, and verified when its block is known"
  )
  func calendar() async throws {
    try await withBoth { test, services in
      let proof = try await test.ledger.stamp(Self.number, calendars: [services.url])
      let promised = try await anchor(test, "opentimestamps", proof)
      #expect(promised.standing == "pending")
      #expect(promised.verificationStatus?["externally_anchored"] == false)
      #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["pending"])

      // A block that nobody trusts yet, with others' digests in it.
      for index in 0..<4 {
        _ = try await services.post("/digest", Digest(hashing: [UInt8(index)]).bytes)
      }
      let headers = try await services.mine()
      #expect(
        try await test.ledger.settleAnchors().map(\.outcome) == ["pending"], "nobody was asked")
      #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["upgraded"])
      #expect(try await test.state().status["externally_anchored"] == false)

      _ = try await test.ledger.trustHeaders(headers)
      let settled = try await test.ledger.settleAnchors()
      #expect(settled.map(\.outcome) == ["verified"])
      #expect(try await test.state().status["externally_anchored"] == true)
      #expect(try await test.ledger.settleAnchors().isEmpty)
      let events = try await test.ledger.events.page(of: Self.number)["events"]?.arrayValue ?? []
      #expect(
        events.suffix(3).map { $0["event_type"]?.stringValue } == [
          "timestamp_anchor", "anchor_upgraded", "check_recorded",
        ])
      #expect(events.last?["admission"]?["proven_at"]?.stringValue != nil)
      try await test.replayAgrees()

      // Complete at once, where the block is known beforehand.
      let second = try await test.ledger.stamp(Self.number, calendars: [services.url])
      _ = try await test.ledger.trustHeaders(try await services.mine())
      let late = try await anchor(test, "opentimestamps", second)
      #expect(late.standing == "pending", "the promise alone proves nothing")
      #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["verified"])
      #expect(try await test.ledger.audit(Self.number).findings.isEmpty)
    }
  }

  @Test("A path that leads to another root than the trusted header's is refused, or fails later")
  func wrongRoot() async throws {
    try await withBoth { test, services in
      _ = try await test.ledger.stamp(Self.number, calendars: [services.url])
      let headers = try await services.mine()
      let digest = try await digest(test)
      let forged = OpenTimestampsProof(
        algorithm: .sha256, digest: digest.bytes,
        root: .init(items: [
          .operation(
            .append([1]),
            .init(items: [
              .operation(.hash(.sha256), .init(items: [.attestation(.bitcoin(height: 1000))]))
            ]))
        ])
      ).serialised()
      let early = try await anchor(test, "opentimestamps", forged)
      #expect(early.standing == "pending")
      _ = try await test.ledger.trustHeaders(headers)
      #expect(try await test.ledger.settleAnchors().map(\.outcome) == ["failed"])
      let state = try await test.state()
      #expect(state.status["externally_anchored"] == false)
      #expect(state.summary["by_type"]?["timestamp_anchor"]?["rejected"] == 1)
      var again = try OpenTimestampsProof.parse(forged)
      again = OpenTimestampsProof(
        algorithm: .sha256, digest: digest.bytes,
        root: .init(items: [.operation(.append([2]), again.root)]))
      let size = try await test.ledger.health().size
      await #expect(throws: Refusal(.invalid, check: "ots.bitcoin", "")) {
        try await anchor(test, "opentimestamps", again.serialised())
      }
      #expect(try await test.ledger.health().size == size, "a refused one leaves nothing")
      // Trust is not changed by the way, and headers hang together.
      let next = try await services.mine()
      var broken = next
      // A digit of the hash of the block before.
      broken[20] = broken[20] == 0x30 ? 0x31 : 0x30
      await #expect(throws: Refusal.self) { try await test.ledger.trustHeaders(broken) }
      #expect(try await test.ledger.trustHeaders(next) == 1)
      #expect(try await test.ledger.trustHeaders(headers + next) == 0)
      try await test.replayAgrees()
    }
  }

  @Test("A block explorer, where one is configured, is asked for the header that is missing")
  func explorer() async throws {
    try await withFakeServices { services in
      var reach = services.configuration
      reach.esploraURL = services.url
      let configuration = reach
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let proof = try await test.ledger.stamp(Self.number, calendars: [services.url])
        _ = try await anchor(test, "opentimestamps", proof)
        _ = try await services.mine()
        #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["verified"])
      }
      // A block that few others stand on may yet be replaced: its header is not taken.
      reach.headerDepth = 3
      let patient = reach
      try await withLedger(configure: { $0.externalServices = patient }) { test in
        let proof = try await test.ledger.stamp(Self.number, calendars: [services.url])
        _ = try await anchor(test, "opentimestamps", proof)
        _ = try await services.mine()
        #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["upgraded"])
        _ = try await services.mine()
        #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["pending"])
        _ = try await services.mine()
        #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["verified"])
      }
      // An explorer that contradicts what the operator trusts is not believed.
      let stranger = String(decoding: try await services.mine(), as: UTF8.self)
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let proof = try await test.ledger.stamp(Self.number, calendars: [services.url])
        let words = try await services.mine().split(separator: UInt8(ascii: " "))
        #expect(words.first.map { String(decoding: $0, as: UTF8.self) } == "1005")
        _ = try await anchor(test, "opentimestamps", proof)
        // Under the height before it, another block than the one that it follows.
        let other =
          "1004 " + String(decoding: try await services.mine(), as: UTF8.self).dropFirst(5)
        #expect(try await test.ledger.trustHeaders(Array(other.utf8)) == 1)
        #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["upgraded"])
        #expect(try await test.ledger.untrustHeader(1004))
        #expect(try await test.ledger.trustHeaders(Array(stranger.utf8)) == 1)
        #expect(try await test.ledger.settleAnchors().map(\.outcome) == ["verified"])
      }
    }
  }

  @Test("A token is verified by a trusted root, pending without one, and settled when one comes")
  func authority() async throws {
    try await withBoth { test, services in
      let token = try await test.ledger.requestToken(Self.number, authority: services.url + "/tsa")
      let early = try await anchor(test, "rfc3161", token)
      #expect(early.standing == "pending")
      #expect(try await test.ledger.trustAuthority(services.file("tsa-root.pem")) == 1)
      #expect(try await test.ledger.settleAnchors().map(\.outcome) == ["verified"])
      #expect(try await test.state().status["externally_anchored"] == true)
      let second = try await test.ledger.requestToken(Self.number, authority: services.url + "/tsa")
      let late = try await anchor(test, "rfc3161", second)
      #expect(late.standing == "verified")
      var broken = second
      broken[broken.count - 5] ^= 1
      await #expect(throws: Refusal.self) { try await anchor(test, "rfc3161", broken) }
      #expect(try await test.ledger.audit(nil).findings.isEmpty)
      // Trust withdrawn is what an audit notices, and what changes nothing by itself.
      let roots = Digest(hashing: try services.file("tsa-root.pem"))
      #expect(try await test.ledger.untrust(.tsa, roots))
      let findings = try await test.ledger.audit(Self.number).findings
      #expect(findings.map(\.now) == ["pending", "pending"])
      #expect(try await test.state().status["externally_anchored"] == true)
      try await test.replayAgrees()
    }
  }

  func place(_ kind: String, _ location: String, _ bytes: [UInt8]) -> JSONObject {
    [
      "content_role": "document", "content_sha256": .string(Digest(hashing: bytes).hex),
      "location": .string(location), "media_type": "text/plain",
      "size_bytes": .integer(Int64(bytes.count)), "storage_kind": .string(kind),
    ]
  }

  @Test("A location is fetched and hashed; wrong bytes, none, too many or too slow are refused")
  func storage() async throws {
    try await withBoth { test, services in
      let bytes = Array("hello world\n".utf8)
      _ = try await services.post("/put/paper", bytes)
      let here = services.url + "/paper"
      let stored = try await bare(test, .storageAttestation, place("https", here, bytes))
      #expect(stored.standing == "verified")
      #expect(stored.verificationStatus?["storage_verified"] == true)
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

      // Names that say what the bytes are.
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

  /// Runs a test with a copy that is attested, and due to be looked at again at once.
  func withKeptCopy(
    _ body: (FakeServices, LedgerUnderTest, [UInt8]) async throws -> Void
  ) async throws {
    try await withFakeServices { services in
      var reach = services.configuration
      reach.storageInterval = .milliseconds(1)
      let configuration = reach
      try await withLedger(configure: { $0.externalServices = configuration }) { test in
        let bytes = Array("kept".utf8)
        _ = try await services.post("/put/kept", bytes)
        _ = try await bare(
          test, .storageAttestation, place("https", services.url + "/kept", bytes))
        try await body(services, test, bytes)
      }
    }
  }

  @Test("A copy that is gone, changed or back again is noticed, and the log says so")
  func rechecks() async throws {
    try await withKeptCopy { services, test, bytes in
      var schedule = Ledger.StorageSchedule()
      func look() async throws -> (JSON?, JSON?) {
        try await Task.sleep(for: .milliseconds(5))
        try await test.ledger.recheckStorage(&schedule)
        let state = try await test.state()
        let last = try await test.ledger.events.page(of: Self.number)["events"]?.arrayValue?.last
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

  /// Whether PyPI's `opentimestamps` is there to judge.
  static let hasJudge: Bool = {
    let program = Process()
    program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    program.arguments = ["python3", "-c", "import opentimestamps.core.timestamp"]
    program.standardError = FileHandle.nullDevice
    guard (try? program.run()) != nil else { return false }
    program.waitUntilExit()
    return program.terminationStatus == 0
  }()

  @Test(
    "PyPI's opentimestamps follows our upgraded proofs to the same root, and we follow its proofs",
    .enabled(if: hasJudge, "PyPI opentimestamps is not installed; scripts/test installs it"))
  func judged() async throws {
    try await withBoth { test, services in
      let digest = try await digest(test)
      let proof = try await test.ledger.stamp(Self.number, calendars: [services.url, services.url])
      _ = try await anchor(test, "opentimestamps", proof)
      for index in 0..<5 {
        _ = try await services.post("/digest", Digest(hashing: [UInt8(index)]).bytes)
      }
      let line = String(decoding: try await services.mine(), as: UTF8.self)
      let header = try #require(line.split(whereSeparator: \.isWhitespace).last)
      _ = try await test.ledger.trustHeaders(Array(line.utf8))
      #expect(try await test.ledger.settleAnchors { _ in true }.map(\.outcome) == ["verified"])
      let events = try await test.ledger.events.page(of: Self.number)["events"]?.arrayValue ?? []
      let upgraded = try #require(
        events.last { $0["event_type"] == "anchor_upgraded" }?["payload"]?["evidence_sha256"]?
          .stringValue)
      let bytes = try await test.ledger.evidence(upgraded)
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

  // MARK: Identity

  static let orcid = "0000-0002-1825-0097"

  func claim(_ token: [UInt8], name: String = "Zhuang Liu") -> JSONObject {
    [
      "evidence_sha256": .string(Digest(hashing: token).hex), "method": "orcid_oidc",
      "name": .string(name), "orcid": .string(Self.orcid),
    ]
  }

  func claims(_ nonce: String) -> JSONObject {
    [
      "family_name": "Liu", "given_name": "Zhuang", "nonce": .string(nonce),
      "sub": .string(Self.orcid),
    ]
  }

  @Test("A token of the issuer makes a claim strong, once; every other token is refused")
  func identity() async throws {
    try await withBoth { test, services in
      let pith = try #require(PithNumber(Self.number))
      let nonce = IdentityNonce.of(pith)
      let size = try await test.ledger.health().size
      let hour: Int64 = 3600
      let now = Timestamp.now.microseconds / 1_000_000
      for (check, changes, order) in [
        ("jwt.aud", ["aud": "OTHER"], [:]), ("jwt.iss", ["iss": "https://orcid.org"], [:]),
        ("jwt.exp", ["exp": .integer(now - hour), "iat": .integer(now - 2 * hour)], [:]),
        ("jwt.iat", ["exp": .integer(now + 9 * hour), "iat": .integer(now + hour)], [:]),
        ("jwt.nonce", ["nonce": "other"], [:]), ("jwt.sub", ["sub": "0000-0001-5109-3700"], [:]),
        ("jwt.alg", [:], ["alg": "none"]), ("jwt.alg", [:], ["alg": "HS256"]),
        ("jwt.signature", [:], ["stranger": true]), ("jwt.key", [:], ["kid": "unknown"]),
        ("jwt.exp", ["exp": .null], [:]), ("jwt.iat", ["iat": .null], [:]),
        ("jwt.nonce", ["nonce": .null], [:]), ("jwt.aud", ["aud": []], [:]),
      ] as [(String, JSONObject, JSONObject)] {
        var said = claims(nonce)
        for (name, value) in changes { said[name] = value }
        let token = try await services.token(said, order)
        await #expect(throws: Refusal(.invalid, check: check, ""), "\(check)") {
          try await bare(test, .authorAttestation, claim(token), evidence: [token])
        }
      }
      #expect(try await test.ledger.health().size == size)

      let token = try await services.token(claims(nonce))
      let strong = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      #expect(strong.standing == "strong")
      #expect(strong.verificationStatus?["author_attested"] == true)
      let again = try await bare(test, .authorAttestation, claim(token), evidence: [token])
      #expect(!again.created && again.position == strong.position)
      var other = claim(token)
      other["author_index"] = 0
      await #expect(throws: Refusal(.conflict, check: "jwt.reuse", "")) {
        try await bare(test, .authorAttestation, other, evidence: [token])
      }
      // Kept for an audit, and served to nobody.
      await #expect(throws: Refusal(.notFound, check: "evidence", "")) {
        try await test.ledger.evidence(Digest(hashing: token).hex)
      }
      #expect(try await test.ledger.audit(Self.number).findings.isEmpty)
      try await test.replayAgrees()
    }
  }

  @Test("A token that names a key vouches for it; one for the record alone does not")
  func tokenVouches() async throws {
    try await withBoth { test, services in
      let pith = try #require(PithNumber(Self.number))
      let key = try await test.key("k", "https://orcid.org/" + Self.orcid)
      let plain = try await services.token(claims(IdentityNonce.of(pith)))
      _ = try await test.submit(.authorAttestation, claim(plain), by: key, evidence: [plain])
      func isVouched() async throws -> Bool {
        let json = try await test.ledger.keys.key(key.signer.fingerprint.hex)
        return json["vouched"]?.arrayValue?.isEmpty == false
      }
      #expect(try await !isVouched())
      let other = try await test.key("o", "https://orcid.org/" + Self.orcid)
      let foreign = try await services.token(
        claims(IdentityNonce.of(pith, key.signer.fingerprint)))
      await #expect(throws: Refusal(.invalid, check: "jwt.nonce", "")) {
        try await test.submit(.authorAttestation, claim(foreign), by: other, evidence: [foreign])
      }
      let first = try await test.ledger.events.page(of: Self.number)["events"]?.arrayValue?.last
      var superseding = claim(foreign)
      superseding["supersedes"] = first?["event_id"] ?? .null
      _ = try await test.submit(.authorAttestation, superseding, by: key, evidence: [foreign])
      #expect(try await isVouched())
      try await test.replayAgrees()
    }
  }

  @Test("Without an audience a token waits; offline, a trusted key set is enough")
  func offlineIdentity() async throws {
    try await withFakeServices { services in
      let pith = try #require(PithNumber(Self.number))
      let nonce = IdentityNonce.of(pith)
      var closed = services.configuration
      closed.orcidAudiences = []
      let noAudience = closed
      try await withLedger(configure: { $0.externalServices = noAudience }) { test in
        let token = try await services.token(claims(nonce))
        let answer = try await bare(test, .authorAttestation, claim(token), evidence: [token])
        #expect(
          answer.standing == "pending" && answer.verificationStatus?["author_attested"] == false)
      }
      closed = services.configuration
      closed.allowedHosts = []
      let offline = closed
      try await withLedger(configure: { $0.externalServices = offline }) { test in
        let token = try await services.token(claims(nonce))
        _ = try await bare(test, .authorAttestation, claim(token), evidence: [token])
        #expect(try await test.state().status["author_attested"] == false)
        var request = SafeHTTPClient.Request(services.url + "/oauth/jwks")
        request.maxResponseBytes = 65_536
        #expect(try await test.ledger.trustIssuer(services.fetch.fetch(request).bytes))
        let second = try await services.token(claims(nonce))
        let strong = try await bare(
          test, .authorAttestation, claim(second, name: "Z. Liu"), evidence: [second])
        #expect(strong.standing == "strong")
      }
    }
  }

  // MARK: Evidence

  @Test(
    "Erased bytes are gone; log, signatures and replay are as they were, and storage of them ends")
  func erasure() async throws {
    try await withLedger { test in
      let bytes = Array("to be forgotten".utf8)
      let digest = Digest(hashing: bytes)
      var payload = place("file", "urn:sha256:" + digest.hex, bytes)
      payload["evidence_sha256"] = .string(digest.hex)
      let stored = try await bare(test, .storageAttestation, payload, evidence: [bytes])
      #expect(stored.verificationStatus?["storage_verified"] == true)
      #expect(try await test.ledger.evidence(digest.hex) == bytes)
      #expect(try await test.ledger.eraseEvidence(digest, reason: "asked to") == 1)
      await #expect(throws: Refusal(.notFound, check: "evidence", "")) {
        try await test.ledger.evidence(digest.hex)
      }
      #expect(try await test.state().status["storage_verified"] == false)
      let audit = try await test.ledger.audit(Self.number)
      #expect(audit.findings.isEmpty && audit.notChecked == 1)
      try await test.replayAgrees()
      await #expect(throws: Refusal(.notFound, check: "evidence", "")) {
        try await test.ledger.eraseEvidence(digest, reason: "again")
      }
    }
  }
}
