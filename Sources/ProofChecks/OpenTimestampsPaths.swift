public import ProofForms

extension OpenTimestampsProof {
  /// An attestation, and the message that its path leads to.
  public struct End: Sendable, Equatable {
    public let attestation: Attestation
    public let message: [UInt8]
  }

  /// Executes every path.
  ///
  /// Errors: `ots.digest_unavailable` where this machine lacks a digest that a path needs.
  public func ends() throws(ProofFormError) -> [End] {
    var ends: [End] = []
    try Self.follow(root, digest, &ends)
    return ends
  }

  private static func follow(
    _ node: Node, _ message: [UInt8], _ ends: inout [End]
  ) throws(ProofFormError) {
    for item in node.items {
      switch item {
      case .attestation(let attestation):
        ends.append(End(attestation: attestation, message: message))
      case .operation(let operation, let next):
        try follow(next, try apply(operation, to: message), &ends)
      }
    }
  }

  private static func apply(
    _ operation: Operation, to message: [UInt8]
  ) throws(ProofFormError) -> [UInt8] {
    switch operation {
    case .append(let argument): return message + argument
    case .prepend(let argument): return argument + message
    case .reverse: return message.reversed()
    case .hexlify: return Array(Hex.encode(message).utf8)
    case .hash(let algorithm):
      guard let digest = MessageDigests.digest(algorithm, of: message) else {
        throw ProofFormError(
          "ots.digest_unavailable", "This machine's libcrypto lacks the digest \(algorithm).")
      }
      return digest
    }
  }

  /// The proof with a tree added wherever a path has reached `commitment` and a calendar promised more.
  ///
  /// The promise itself stays: it says who to ask should the answer be lost. Equal operations at one node
  /// become one, with the branches of both.
  public func adding(
    _ tree: Node, at commitment: [UInt8]
  ) throws(ProofFormError) -> OpenTimestampsProof {
    OpenTimestampsProof(
      algorithm: algorithm, digest: digest,
      root: try Self.adding(tree, at: commitment, to: root, digest))
  }

  private static func adding(
    _ tree: Node, at commitment: [UInt8], to node: Node, _ message: [UInt8]
  ) throws(ProofFormError) -> Node {
    var items: [Item] = []
    for item in node.items {
      switch item {
      case .attestation: items.append(item)
      case .operation(let operation, let next):
        items.append(
          .operation(
            operation,
            try adding(tree, at: commitment, to: next, try apply(operation, to: message))))
      }
    }
    let isPending = node.items.contains {
      if case .attestation(.pending) = $0 { true } else { false }
    }
    // Programs that keep operations by their value lose one of two equal ones: ours are written together.
    let grown = merged(Node(items: []), Node(items: items))
    return message == commitment && isPending ? merged(grown, tree) : grown
  }

  /// Both trees in one, equal operations together.
  private static func merged(_ a: Node, _ b: Node) -> Node {
    var items = a.items
    for item in b.items {
      switch item {
      case .attestation:
        if !items.contains(item) { items.append(item) }
      case .operation(let operation, let next):
        let same = items.firstIndex {
          if case .operation(operation, _) = $0 { true } else { false }
        }
        if let same, case .operation(_, let mine) = items[same] {
          items[same] = .operation(operation, merged(mine, next))
        } else {
          items.append(.operation(operation, merged(Node(items: []), next)))
        }
      }
    }
    // Attestations first, as other programs write them.
    return Node(
      items: items.filter { if case .attestation = $0 { true } else { false } }
        + items.filter { if case .operation = $0 { true } else { false } })
  }
}
