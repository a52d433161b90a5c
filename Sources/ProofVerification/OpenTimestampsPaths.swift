import Encodings
public import ProofFormats

/// The limit of work for executing one proof.
///
/// The unit is one byte of input to SHA-256. Other operations are weighted by their relative cost. A
/// complete proof costs up to 10,000 for each of its calendars.
struct ExecutionBudget {
  static let limit = 1 << 18

  private var left = Self.limit
  var spent: Int { Self.limit - left }

  mutating func spend(
    on operation: OpenTimestampsProof.Operation, over length: Int
  ) throws(ProofFormatError) {
    let cost =
      switch operation {
      case .hash(.sha256), .hash(.sha1): 64 + length
      case .hash(.ripemd160): 64 + 2 * length
      case .hash(.keccak256): 256 + 4 * length
      case .append(let argument), .prepend(let argument): 32 + (length + argument.count) / 8
      case .reverse: 32 + length / 2
      case .hexlify: 32 + 2 * length
      }
    left -= cost
    guard left >= 0 else {
      throw ProofFormatError(
        "ots.budget",
        "Executing the proof costs more than hashing \(Self.limit) bytes: no calendar writes such a proof."
      )
    }
  }
}

extension OpenTimestampsProof {
  /// An attestation with the message at the end of its path.
  public struct End: Sendable, Equatable {
    /// The attestation at the end of the path.
    public let attestation: Attestation
    /// The message at the attestation.
    public let message: [UInt8]
  }

  /// Executes every path.
  ///
  /// Errors: `ots.budget` where the paths need more work than ``ExecutionBudget`` allows;
  /// `ots.digest_unavailable` where this machine lacks a digest that a path needs.
  public func evaluate() throws(ProofFormatError) -> [End] {
    var ends: [End] = []
    var budget = ExecutionBudget()
    try Self.follow(root, digest, &ends, &budget)
    return ends
  }

  private static func follow(
    _ node: Node, _ message: [UInt8], _ ends: inout [End], _ budget: inout ExecutionBudget
  ) throws(ProofFormatError) {
    for item in node.items {
      switch item {
      case .attestation(let attestation):
        ends.append(End(attestation: attestation, message: message))
      case .operation(let operation, let next):
        try budget.spend(on: operation, over: message.count)
        try follow(next, try apply(operation, to: message), &ends, &budget)
      }
    }
  }

  private static func apply(
    _ operation: Operation, to message: [UInt8]
  ) throws(ProofFormatError) -> [UInt8] {
    switch operation {
    case .append(let argument): return message + argument
    case .prepend(let argument): return argument + message
    case .reverse: return message.reversed()
    case .hexlify: return Array(Hex.encode(message).utf8)
    case .hash(let algorithm):
      guard let digest = MessageDigests.digest(algorithm, of: message) else {
        throw ProofFormatError(
          "ots.digest_unavailable", "This machine's libcrypto lacks the digest \(algorithm).")
      }
      return digest
    }
  }

  /// Adds a tree to each node where the message is `commitment` and a calendar has a pending attestation.
  ///
  /// The pending attestation stays, because it names the calendar if the answer is lost. Equal operations
  /// at one node become one, with the branches of both.
  ///
  /// Errors: `ots.budget`, `ots.digest_unavailable`.
  public func adding(
    _ tree: Node, at commitment: [UInt8]
  ) throws(ProofFormatError) -> OpenTimestampsProof {
    var budget = ExecutionBudget()
    return OpenTimestampsProof(
      algorithm: algorithm, digest: digest,
      root: try Self.adding(tree, at: commitment, to: root, digest, &budget))
  }

  private static func adding(
    _ tree: Node, at commitment: [UInt8], to node: Node, _ message: [UInt8],
    _ budget: inout ExecutionBudget
  ) throws(ProofFormatError) -> Node {
    var items: [Item] = []
    for item in node.items {
      switch item {
      case .attestation: items.append(item)
      case .operation(let operation, let next):
        try budget.spend(on: operation, over: message.count)
        let result = try apply(operation, to: message)
        items.append(
          .operation(operation, try adding(tree, at: commitment, to: next, result, &budget)))
      }
    }
    let isPending = node.items.contains {
      if case .attestation(.pending) = $0 { true } else { false }
    }
    // Programs that index operations by value lose one of two equal ones. Equal operations are
    // therefore merged.
    let grown = merged(Node(items: []), Node(items: items))
    return message == commitment && isPending ? merged(grown, tree) : grown
  }

  /// Merges two trees. Equal operations become one.
  private static func merged(_ a: Node, _ b: Node) -> Node {
    var items = a.items
    var places: [Operation: Int] = [:]
    for (index, item) in items.enumerated() {
      if case .operation(let operation, _) = item, places[operation] == nil {
        places[operation] = index
      }
    }
    for item in b.items {
      switch item {
      case .attestation:
        if !items.contains(item) { items.append(item) }
      case .operation(let operation, let next):
        if let same = places[operation], case .operation(_, let mine) = items[same] {
          items[same] = .operation(operation, merged(mine, next))
        } else {
          places[operation] = items.count
          items.append(.operation(operation, merged(Node(items: []), next)))
        }
      }
    }
    // Other programs write attestations first too.
    return Node(
      items: items.filter { if case .attestation = $0 { true } else { false } }
        + items.filter { if case .operation = $0 { true } else { false } })
  }
}
