import Encodings
import ProofFormats
import ProofVerification
import Testing

/// Proofs that the tests construct.
@Suite("OpenTimestamps proofs, byte by byte")
struct ProofChangeTests {
  /// A proof with every operation, a fork, and every kind of attestation.
  static let proof: OpenTimestampsProof = {
    typealias Node = OpenTimestampsProof.Node
    func chain(
      _ operations: [OpenTimestampsProof.Operation], _ end: [OpenTimestampsProof.Item]
    ) -> Node {
      operations.reversed().reduce(Node(items: end)) { Node(items: [.operation($1, $0)]) }
    }
    let first = chain(
      [
        .append([1, 2]), .hash(.sha256), .prepend([3]), .hash(.ripemd160), .hexlify, .reverse,
        .hash(.keccak256), .hash(.sha1), .append([4]), .hash(.sha256),
      ], [.attestation(.bitcoin(height: 400_000))])
    let second = chain(
      [.hash(.sha256)],
      [
        .attestation(.pending(uri: "https://calendar.example")),
        .attestation(.litecoin(height: 5)), .attestation(.ethereum(height: 6)),
        .attestation(.unknown(tag: Array(1...8), payload: [9])),
      ])
    return OpenTimestampsProof(
      algorithm: .sha256, digest: Array(0..<32), root: Node(items: first.items + second.items))
  }()

  /// The heights of the blocks that confirm a proof.
  private func proven(_ proof: OpenTimestampsProof, _ roots: [UInt64: [UInt8]]) throws -> Set<
    UInt64
  > {
    var heights: Set<UInt64> = []
    for end in try proof.evaluate() {
      if case .bitcoin(let height) = end.attestation, roots[height] == end.message {
        heights.insert(height)
      }
    }
    return heights
  }

  @Test("Every truncation is refused; every changed byte is, or proves what the original proved")
  func changes() throws {
    let bytes = Self.proof.serialised()
    #expect(try OpenTimestampsProof.parse(bytes) == Self.proof)
    let end = try #require(try Self.proof.evaluate().first)
    // The neighbouring blocks are known, so that a changed height selects another root.
    var roots: [UInt64: [UInt8]] = [400_000: end.message]
    for height in UInt64(399_000)...401_000 where height != 400_000 {
      roots[height] = Array(repeating: 7, count: 32)
    }
    #expect(try proven(Self.proof, roots) == [400_000])
    for count in bytes.indices {
      #expect(throws: ProofFormatError.self) {
        try OpenTimestampsProof.parse(Array(bytes[..<count]))
      }
    }
    var harmless = 0
    var changed = bytes
    for index in bytes.indices {
      for value in UInt8.min...UInt8.max where value != bytes[index] {
        changed[index] = value
        guard let proof = try? OpenTimestampsProof.parse(changed),
          proof.algorithm == .sha256, proof.digest == Self.proof.digest,
          let found = try? proven(proof, roots), !found.isEmpty
        else { continue }
        harmless += 1
        #expect(found == [400_000], "byte \(index) as \(value)")
      }
      changed[index] = bytes[index]
    }
    // Harmless changes affect the other branch: a calendar's address or another chain's height.
    #expect(harmless > 0)
  }

  @Test("Limits: depth, message, arguments, attestations, addresses, numbers")
  func limits() throws {
    func check(_ body: [UInt8]) -> String {
      let head = Array(Self.proof.serialised().prefix(65))
      do {
        _ = try OpenTimestampsProof.parse(head + body)
        return ""
      } catch { return error.check }
    }
    func varuint(_ value: Int) -> [UInt8] {
      value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + varuint(value >> 7)
    }
    func attestation(_ tag: [UInt8], _ payload: [UInt8]) -> [UInt8] {
      [0] + tag + varuint(payload.count) + payload
    }
    let unknown = attestation(Array(1...8), [])
    let bitcoin: [UInt8] = [0x05, 0x88, 0x96, 0x0D, 0x73, 0xD7, 0x19, 0x01]
    let pending: [UInt8] = [0x83, 0xDF, 0xE3, 0x0D, 0x2E, 0xF9, 0x0C, 0x8E]
    func append(_ count: Int) -> [UInt8] {
      [0xF0] + varuint(count) + [UInt8](repeating: 1, count: count)
    }
    #expect(check(unknown) == "")
    #expect(check([UInt8](repeating: 8, count: 255) + unknown) == "")
    #expect(check([UInt8](repeating: 8, count: 256) + unknown) == "ots.depth")
    #expect(check(append(4064) + unknown) == "")
    #expect(check(append(4065) + unknown) == "ots.message")
    #expect(check(append(4097) + unknown) == "ots.length")
    #expect(check(append(0) + unknown) == "ots.length")
    #expect(check(append(2016) + [0xF3] + unknown) == "")
    #expect(check(append(2017) + [0xF3] + unknown) == "ots.message")
    #expect(check(attestation(Array(1...8), [UInt8](repeating: 0, count: 8192))) == "")
    #expect(check(attestation(Array(1...8), [UInt8](repeating: 0, count: 8193))) == "ots.length")
    let long = [UInt8](repeating: 0x61, count: 1000)
    #expect(check(attestation(pending, varuint(1000) + long)) == "")
    #expect(check(attestation(pending, varuint(1001) + long + [0x61])) == "ots.length")
    #expect(check(attestation(pending, [1, UInt8(ascii: "?")])) == "ots.uri")
    #expect(check(attestation(bitcoin, [0x80, 0])) == "ots.varuint", "longer than it needs to be")
    let most = [UInt8](repeating: 0xFF, count: 9)
    #expect(check(attestation(bitcoin, most + [1])) == "")
    #expect(check(attestation(bitcoin, most + [2])) == "ots.varuint", "more than 64 bits")
    #expect(check(attestation(bitcoin, [1, 0])) == "ots.attestation")
    #expect(check([0x09] + unknown) == "ots.operation")
    #expect(check([0xFF, 0xFF] + unknown) == "ots.operation")
    #expect(check(unknown + [0]) == "ots.trailing")
  }

  @Test("Equal operations at one node keep both branches, and an upgrade writes them as one")
  func equalOperations() throws {
    let double = OpenTimestampsProof(
      algorithm: .sha256, digest: Self.proof.digest,
      root: .init(items: [
        .operation(.hash(.sha256), .init(items: [.attestation(.bitcoin(height: 1))])),
        .operation(
          .hash(.sha256), .init(items: [.attestation(.pending(uri: "https://calendar.example"))])),
      ]))
    let read = try OpenTimestampsProof.parse(double.serialised())
    #expect(read == double && read.attestations.count == 2)
    let commitment = try #require(try double.evaluate().first?.message)
    let grown = try double.adding(
      .init(items: [
        .operation(.append([1]), .init(items: [.attestation(.bitcoin(height: 2))]))
      ]),
      at: commitment)
    #expect(grown.root.items.count == 1)
    #expect(Set(try grown.evaluate().map(\.message)).count == 2)
    #expect(grown.attestations.contains(.bitcoin(height: 1)))
    #expect(grown.attestations.contains(.bitcoin(height: 2)))
    #expect(try OpenTimestampsProof.parse(grown.serialised()) == grown)
  }

  @Test("Operations give the results of other programs")
  func operations() throws {
    func end(_ operation: OpenTimestampsProof.Operation) throws -> String {
      let proof = OpenTimestampsProof(
        algorithm: .sha1, digest: Array("abcdefghijklmnopqrst".utf8),
        root: .init(items: [
          .operation(operation, .init(items: [.attestation(.bitcoin(height: 1))]))
        ]))
      return Hex.encode(try #require(try proof.evaluate().first).message)
    }
    // The expected values were computed with Python's hashlib. A real proof that ends in Ethereum tests
    // Keccak-256.
    #expect(try end(.hash(.sha1)) == "14a23ad70f2a5dd725575de6c43e1cdd8b15e3e5")
    #expect(
      try end(.hash(.sha256))
        == "dd65eea0329dcb94b17187af9dff28c31a1d78026737a16af75979a1fa4618e5")
    #expect(try end(.hash(.ripemd160)) == "667c36f5b0fc7639c68f9448626eda8c9105a4c6")
    #expect(try end(.reverse) == Hex.encode(Array("tsrqponmlkjihgfedcba".utf8)))
    #expect(
      try end(.hexlify) == Hex.encode(Array(Hex.encode(Array("abcdefghijklmnopqrst".utf8)).utf8)))
    #expect(try end(.append([1])).hasSuffix("01"))
    #expect(try end(.prepend([1])).hasPrefix("01"))
  }
}

@Suite("Block headers, line by line")
struct BitcoinHeaderTests {
  /// The headers of the first blocks of the Bitcoin chain.
  static let genesis =
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f61"
    + "7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
  static let first =
    "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee1467"
    + "7ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299"

  private func check(_ text: String) -> String {
    do {
      _ = try BitcoinHeader.lines(Array(text.utf8))
      return ""
    } catch { return error.check }
  }

  @Test("Proof of work, links between consecutive heights, one header for a height")
  func lines() throws {
    let both = try BitcoinHeader.lines(Array("0 \(Self.genesis)\n\n1 \(Self.first)\r\n".utf8))
    #expect(both.count == 2)
    #expect(
      Hex.encode(try #require(both[0]).hash.reversed())
        == "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")
    #expect(check("7 \(Self.genesis)") == "")
    #expect(check("7 \(Self.genesis)\n8 \(Self.genesis)") == "header.link")
    #expect(check("7 \(Self.genesis)\n9 \(Self.genesis)") == "", "not consecutive")
    #expect(check("0 \(Self.genesis)\n0 \(Self.first)") == "header.twice")
    #expect(check("0 \(Self.genesis)\n0 \(Self.genesis)") == "")
    #expect(check("0 \(Self.genesis.dropLast(2))") == "header.size")
    #expect(check("0 \(Self.genesis.dropLast(2))7d") == "header.proof_of_work")
    for text in ["", "\n", "0", "x \(Self.genesis)", "-1 \(Self.genesis)", "0 zz", "0 00 00"] {
      #expect(check(text) == "header.form", "\(text)")
    }
  }
}
