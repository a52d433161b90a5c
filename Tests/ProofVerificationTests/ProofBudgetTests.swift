import Encodings
import Foundation
import ProofFormats
import TestSupport
import Testing

@testable import ProofVerification

/// Small proofs that are expensive to execute.
@Suite("The budget of executing a proof")
struct ProofBudgetTests {
  typealias Node = OpenTimestampsProof.Node
  typealias Item = OpenTimestampsProof.Item
  typealias Operation = OpenTimestampsProof.Operation

  private static let end: [Item] = [.attestation(.bitcoin(height: 1))]

  /// A message that grows to 4096 bytes, and the same operation over it many times.
  private static func wide(_ operation: Operation, count: Int, attestations: Int = 100) -> [UInt8] {
    let branches = (0..<count).map { index in
      Item.operation(
        operation,
        Node(
          items: index < attestations ? end : [.operation(.hash(.sha1), Node(items: end))]))
    }
    var node = Node(items: branches)
    for _ in 0..<7 { node = Node(items: [.operation(.hexlify, node)]) }
    return OpenTimestampsProof(
      algorithm: .sha256, digest: [UInt8](repeating: 1, count: 32), root: node
    ).serialised()
  }

  private func check(_ bytes: [UInt8]) -> String {
    do {
      _ = try OpenTimestampsProof.parse(bytes).evaluate()
      return ""
    } catch { return error.check }
  }

  @Test("A small proof that would take seconds is refused with the check's name")
  func refused() {
    // A branch takes twelve bytes and more of the file.
    for kind in [Operation.hash(.keccak256), .hash(.ripemd160), .hash(.sha1), .hash(.sha256)] {
      #expect(check(Self.wide(kind, count: 650)) == "ots.attestations", "\(kind)")
      #expect(check(Self.wide(kind, count: 100)) == "ots.budget", "\(kind)")
    }
    #expect(check(Self.wide(.hash(.keccak256), count: 10)) == "")
    #expect(check(Self.wide(.reverse, count: 100)) == "")
    // Few attestations at the end of long paths.
    let chain = [UInt8](repeating: 0xF2, count: 240)
    let head = Array(Self.wide(.reverse, count: 1, attestations: 1).prefix(65))
    let attestation: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0]
    let grown = head + [UInt8](repeating: 0xF3, count: 2)
    #expect(check(grown + chain + attestation) == "")
    let branch: [UInt8] = [0xFF] + chain + attestation
    let many = Array(repeating: branch, count: 5).flatMap { $0 }
    #expect(check(grown + many + attestation) == "ots.operations")
  }

  @Test("The most expensive admitted proof takes at most a few milliseconds in an optimised build")
  func dearest() throws {
    // Binary search for the largest count of each kind within the budget.
    for kind in [Operation.hash(.keccak256), .hash(.ripemd160), .hash(.sha256), .reverse] {
      var count = 1
      while count < 128, check(Self.wide(kind, count: count + 1, attestations: 128)) == "" {
        count += 1
      }
      let bytes = Self.wide(kind, count: count, attestations: 128)
      let proof = try OpenTimestampsProof.parse(bytes)
      // Other tests share this machine, so that only the quickest evaluation tells the cost.
      let took =
        try (0..<3).map { _ in
          try ContinuousClock().measure { _ = try proof.evaluate() }
        }.min() ?? .zero
      print(
        "dearest proof by \(kind): \(count) times 4096 bytes in \(took), \(bytes.count) bytes of file"
      )
      // An unoptimised build takes twenty times as long.
      #expect(took < .seconds(1))
    }
  }

  @Test("Real proofs cost a small part of the budget")
  func realProofs() throws {
    let vectors = try OpenTimestampsVectors.read()
    #expect(vectors.proofs.count >= 9)
    for item in vectors.proofs {
      let proof = try OpenTimestampsProof.parse(item.bytes)
      var budget = ExecutionBudget()
      try spend(proof.root, proof.digest.count, &budget)
      print("\(item.file) costs \(budget.spent)")
      #expect(budget.spent < ExecutionBudget.limit / 8, "\(item.file)")
    }
  }

  private func spend(_ node: Node, _ length: Int, _ budget: inout ExecutionBudget) throws {
    for case .operation(let operation, let next) in node.items {
      try budget.spend(on: operation, over: length)
      let result =
        switch operation {
        case .append(let argument), .prepend(let argument): length + argument.count
        case .reverse: length
        case .hexlify: 2 * length
        case .hash(let algorithm): algorithm.digestLength
        }
      try spend(next, result, &budget)
    }
  }

  @Test("Limits of count: 1024 operations and 128 attestations are accepted, and one more is not")
  func counts() {
    let head = Array(Self.wide(.reverse, count: 1, attestations: 1).prefix(65))
    let attestation: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0]
    func forks(_ count: Int) -> [UInt8] {
      (1..<count).flatMap { _ in [0xFF] + attestation } + attestation
    }
    #expect(check(head + forks(128)) == "")
    #expect(check(head + forks(129)) == "ots.attestations")
    func operations(_ count: Int) -> [UInt8] {
      // Branches of 250 operations, and one with the remaining operations.
      var bytes: [UInt8] = []
      var left = count
      while left > 250 {
        bytes += [0xFF] + [UInt8](repeating: 0x08, count: 250) + attestation
        left -= 250
      }
      return bytes + [UInt8](repeating: 0x08, count: left) + attestation
    }
    #expect(check(head + operations(1024)) == "")
    #expect(check(head + operations(1025)) == "ots.operations")
  }

  @Test("Keccak-256 gives the results of other programs, for every length around a block")
  func keccak() {
    // The expected value was computed with pycryptodome.
    #expect(
      Hex.encode(Keccak256.hash([]))
        == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    #expect(
      Hex.encode(Keccak256.hash(Array("abc".utf8)))
        == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")
    var digests: [UInt8] = []
    for length in 0...300 { digests += Keccak256.hash((0..<length).map { UInt8($0 & 0xFF) }) }
    #expect(Hex.encode(Keccak256.hash(digests)) == Self.keccakOfAll)
  }

  private static let keccakOfAll =
    "e1046957365a9cea621e0c180eb18749f2458b9b6d497a6bada230e0f20de6c4"
}
