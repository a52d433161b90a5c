public import Encodings

/// The reason why a proof of a Merkle Patricia tree is refused.
///
/// Equality is on the check.
public struct PatriciaError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The check that failed: `map_proof.form`, `map_proof.path`, `map_proof.root` or `map_proof.key`.
  public let check: String
  /// The reason as a phrase for a person.
  public let message: String

  /// Creates an error.
  public init(_ check: String, _ message: String) {
    self.check = check
    self.message = message
  }

  /// The message and the name of the check.
  public var description: String { "\(message) [\(check)]" }

  /// Compares the checks.
  public static func == (a: PatriciaError, b: PatriciaError) -> Bool { a.check == b.check }
}

/// A key with its value.
public struct PatriciaLeaf: Hashable, Sendable, BitwiseCopyable {
  /// The hash that is the key.
  public let key: Digest
  /// The value of the key.
  public let value: Digest

  /// Creates a leaf.
  public init(_ key: Digest, _ value: Digest) {
    self.key = key
    self.value = value
  }

  var hash: Digest { .patriciaLeaf(key, value) }
}

/// A proof that a Merkle Patricia tree gives a key a value, or that it has no such key.
///
/// Both consist of a leaf and of the way from it to the root. In a proof of presence the leaf is that of the
/// key. In a proof of absence it is the leaf at which a search for the key ends.
/// Specification: specification/map.md, section Proofs.
public struct PatriciaProof: Hashable, Sendable {
  /// An inner node on the way from a leaf to the root.
  public struct Step: Hashable, Sendable, BitwiseCopyable {
    /// The bit in which the keys below the node first differ.
    public let bit: UInt8
    /// The hash of the child that the way does not come from.
    public let sibling: Digest

    /// Creates a step.
    public init(bit: UInt8, sibling: Digest) {
      self.bit = bit
      self.sibling = sibling
    }
  }

  /// The largest number of steps: one for each bit of a key.
  public static let maxSteps = 256
  /// The first bytes of a proof of presence. The last of them is the version.
  private static let header = Array("mptproof".utf8) + [1]
  private static let stepBytes = 1 + Digest.byteCount

  /// The leaf that the way begins at. `nil` for the empty tree.
  public let leaf: PatriciaLeaf?
  /// The way to the root, from the leaf up.
  public let steps: [Step]

  /// Creates a proof.
  public init(leaf: PatriciaLeaf?, steps: [Step]) {
    self.leaf = leaf
    self.steps = steps
  }

  // MARK: Bytes

  /// Parses a proof of presence for a key. Nothing is verified.
  ///
  /// Errors: `map_proof.form`.
  public init(presence bytes: [UInt8], of key: Digest) throws(PatriciaError) {
    guard bytes.starts(with: Self.header),
      let value = Digest(bytes: bytes.dropFirst(Self.header.count).prefix(Digest.byteCount))
    else {
      throw PatriciaError(
        "map_proof.form", "a proof of presence begins with `mptproof`, 01 and a value of 32 bytes")
    }
    let steps = try Self.steps(bytes.dropFirst(Self.header.count + Digest.byteCount))
    self.init(leaf: PatriciaLeaf(key, value), steps: steps)
  }

  /// Parses a proof of absence. Nothing is verified.
  ///
  /// Errors: `map_proof.form`.
  public init(absence bytes: [UInt8]) throws(PatriciaError) {
    if bytes.isEmpty {
      self.init(leaf: nil, steps: [])
      return
    }
    guard let key = Digest(bytes: bytes.prefix(Digest.byteCount)),
      let value = Digest(bytes: bytes.dropFirst(Digest.byteCount).prefix(Digest.byteCount))
    else {
      throw PatriciaError(
        "map_proof.form",
        "a proof of absence is empty, or begins with a key and a value of 32 bytes each")
    }
    let steps = try Self.steps(bytes.dropFirst(2 * Digest.byteCount))
    self.init(leaf: PatriciaLeaf(key, value), steps: steps)
  }

  private static func steps(_ bytes: ArraySlice<UInt8>) throws(PatriciaError) -> [Step] {
    guard bytes.count.isMultiple(of: stepBytes), bytes.count <= maxSteps * stepBytes else {
      throw PatriciaError(
        "map_proof.form",
        "a step of a proof has \(stepBytes) bytes, and a proof has at most \(maxSteps) steps")
    }
    var steps: [Step] = []
    var rest = bytes
    while let bit = rest.popFirst(), let sibling = Digest(bytes: rest.prefix(Digest.byteCount)) {
      steps.append(Step(bit: bit, sibling: sibling))
      rest = rest.dropFirst(Digest.byteCount)
    }
    return steps
  }

  /// The bytes of a proof of presence: `mptproof`, 01, the value and the steps. Empty for the empty tree.
  public var presenceBytes: [UInt8] {
    guard let leaf else { return [] }
    return Self.header + leaf.value.bytes + stepBytes
  }

  /// The bytes of a proof of absence: key and value of the leaf and the steps. Empty for the empty tree.
  public var absenceBytes: [UInt8] {
    guard let leaf else { return [] }
    return leaf.key.bytes + leaf.value.bytes + stepBytes
  }

  private var stepBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(steps.count * Self.stepBytes)
    for step in steps {
      bytes.append(step.bit)
      step.sibling.append(to: &bytes)
    }
    return bytes
  }

  // MARK: Verification

  /// Verifies that the tree with a root gives the key a value.
  ///
  /// Errors: `map_proof.key` if the proof is about another key or value; `map_proof.path`; `map_proof.root`.
  public func verifyPresence(
    of key: Digest, value: Digest, root: Digest
  ) throws(PatriciaError) {
    guard let leaf, leaf == PatriciaLeaf(key, value) else {
      throw PatriciaError("map_proof.key", "the proof is about another key or another value")
    }
    try verify(root: root)
  }

  /// Verifies that the tree with a root does not have the key.
  ///
  /// Errors: `map_proof.key` if the tree has the key, or a search for the key ends at another leaf;
  /// `map_proof.path`; `map_proof.root`.
  public func verifyAbsence(of key: Digest, root: Digest) throws(PatriciaError) {
    try verify(root: root)
    guard let leaf else { return }
    guard leaf.key != key else {
      throw PatriciaError("map_proof.key", "the proof shows that the tree has the key")
    }
    guard steps.allSatisfy({ leaf.key.bit($0.bit) == key.bit($0.bit) }) else {
      throw PatriciaError(
        "map_proof.key", "a search for the key does not end at the leaf of the proof")
    }
  }

  /// Verifies that the leaf is in the tree with a root.
  private func verify(root: Digest) throws(PatriciaError) {
    guard let leaf else {
      guard steps.isEmpty, root == .emptyPatriciaTree else {
        throw PatriciaError("map_proof.root", "an empty proof is about the empty tree only")
      }
      return
    }
    var hash = leaf.hash
    var last: UInt8?
    for step in steps {
      guard last.map({ step.bit < $0 }) ?? true else {
        throw PatriciaError("map_proof.path", "the bits of the steps do not fall from the leaf up")
      }
      last = step.bit
      hash =
        leaf.key.bit(step.bit)
        ? .patriciaNode(step.sibling, hash, bit: step.bit)
        : .patriciaNode(hash, step.sibling, bit: step.bit)
    }
    guard hash == root else {
      throw PatriciaError("map_proof.root", "the proof leads to another root")
    }
  }
}
