/// A detached OpenTimestamps proof: a digest, and a tree of operations that lead from it to
/// attestations.
///
/// The type represents the form only: parsing executes and trusts nothing. Source: python-opentimestamps
/// `core/serialize.py`, `core/timestamp.py`, `core/notary.py` for the formats and limits.
public struct OpenTimestampsProof: Sendable, Equatable {
  /// A hash function, by its tag in the file.
  public enum DigestAlgorithm: UInt8, Sendable {
    case sha1 = 0x02
    case ripemd160 = 0x03
    case sha256 = 0x08
    case keccak256 = 0x67

    /// Length of the digest in bytes.
    public var digestLength: Int { self == .sha1 || self == .ripemd160 ? 20 : 32 }
  }

  /// A step from one message to the next.
  public enum Operation: Sendable, Hashable {
    case append([UInt8])
    case prepend([UInt8])
    case reverse
    case hexlify
    case hash(DigestAlgorithm)
  }

  /// A statement about the message at the end of a path.
  public enum Attestation: Sendable, Equatable {
    /// A pending attestation. The value is the address of the calendar that can complete it.
    case pending(uri: String)
    /// The merkle root of the Bitcoin block of this height.
    case bitcoin(height: UInt64)
    case litecoin(height: UInt64)
    case ethereum(height: UInt64)
    /// An attestation with another tag. It is kept, and never verified.
    case unknown(tag: [UInt8], payload: [UInt8])
  }

  /// A child of a node: an attestation, or an operation and the node that it leads to.
  public enum Item: Sendable, Equatable {
    case attestation(Attestation)
    case operation(Operation, Node)
  }

  /// The children of one message. Equal operations are separate items, so that none of their attestations is
  /// lost.
  public struct Node: Sendable, Equatable {
    /// The children, in the order of the file.
    public var items: [Item]

    /// Creates a node.
    public init(items: [Item]) { self.items = items }
  }

  /// The hash function of ``digest``.
  public let algorithm: DigestAlgorithm
  /// The digest that the proof is about.
  public let digest: [UInt8]
  /// The node of ``digest``.
  public let root: Node

  /// Creates a proof.
  public init(algorithm: DigestAlgorithm, digest: [UInt8], root: Node) {
    self.algorithm = algorithm
    self.digest = digest
    self.root = root
  }

  static let magic: [UInt8] =
    [0x00] + Array("OpenTimestamps".utf8) + [0x00, 0x00] + Array("Proof".utf8)
    + [0x00, 0xBF, 0x89, 0xE2, 0xE8, 0x84, 0xE8, 0x92, 0x94]
  static let pendingTag: [UInt8] = [0x83, 0xDF, 0xE3, 0x0D, 0x2E, 0xF9, 0x0C, 0x8E]
  static let bitcoinTag: [UInt8] = [0x05, 0x88, 0x96, 0x0D, 0x73, 0xD7, 0x19, 0x01]
  static let litecoinTag: [UInt8] = [0x06, 0x86, 0x9A, 0x0D, 0x73, 0xD7, 0x1B, 0x45]
  static let ethereumTag: [UInt8] = [0x30, 0xFE, 0x80, 0x87, 0xB5, 0xC7, 0xEA, 0xD7]
  static let maxDepth = 256
  static let maxMessage = 4096
  /// The maximum of operations in one proof. A complete proof by four calendars has about 400. Without a limit, a few
  /// kilobytes could cost seconds of work.
  public static let maxOperations = 1024
  /// The maximum of attestations in one proof.
  public static let maxAttestations = 128

  /// All attestations, in the order of the file.
  public var attestations: [Attestation] {
    func collect(_ node: Node, _ found: inout [Attestation]) {
      for item in node.items {
        switch item {
        case .attestation(let attestation): found.append(attestation)
        case .operation(_, let next): collect(next, &found)
        }
      }
    }
    var found: [Attestation] = []
    collect(root, &found)
    return found
  }

  /// Parses an `.ots` file.
  ///
  /// Errors: a ``ProofFormatError`` with the check and the byte offset.
  public static func parse(
    _ bytes: [UInt8], maxBytes: Int = 65_536
  ) throws(ProofFormatError) -> OpenTimestampsProof {
    guard bytes.count <= maxBytes else {
      throw ProofFormatError(
        "ots.size", offset: maxBytes, "The proof has more than \(maxBytes) bytes.")
    }
    var reader = Reader(bytes: bytes)
    for expected in magic {
      guard reader.index < bytes.count, bytes[reader.index] == expected else {
        throw ProofFormatError(
          "ots.magic", offset: reader.index,
          "The file does not begin as an OpenTimestamps proof does.")
      }
      reader.index += 1
    }
    guard try reader.varuint() == 1 else {
      throw ProofFormatError(
        "ots.version", offset: magic.count, "Only version 1 of the format is known.")
    }
    let tag = try reader.byte()
    guard let algorithm = DigestAlgorithm(rawValue: tag) else {
      throw ProofFormatError(
        "ots.algorithm", offset: reader.index - 1, "The file's digest is of an unknown kind.")
    }
    let digest = try reader.take(algorithm.digestLength)
    let root = try reader.node(depth: 0, messageLength: digest.count)
    guard reader.index == bytes.count else {
      throw ProofFormatError(
        "ots.trailing", offset: reader.index, "There are bytes after the proof.")
    }
    return OpenTimestampsProof(algorithm: algorithm, digest: digest, root: root)
  }

  /// Parses the answer of a calendar: the tree that continues from a message.
  ///
  /// - Parameters:
  ///   - bytes: the answer.
  ///   - messageLength: length of that message in bytes.
  ///   - maxBytes: the largest size of the answer.
  public static func parseTree(
    _ bytes: [UInt8], messageLength: Int, maxBytes: Int = 10_000
  ) throws(ProofFormatError) -> Node {
    guard bytes.count <= maxBytes else {
      throw ProofFormatError(
        "ots.size", offset: maxBytes, "A calendar's answer has at most \(maxBytes) bytes.")
    }
    var reader = Reader(bytes: bytes)
    let node = try reader.node(depth: 0, messageLength: messageLength)
    guard reader.index == bytes.count else {
      throw ProofFormatError(
        "ots.trailing", offset: reader.index, "There are bytes after the tree.")
    }
    return node
  }

  /// The bytes of a tree, as calendars send it.
  public static func serialised(_ tree: Node) -> [UInt8] {
    var output: [UInt8] = []
    write(tree, to: &output)
    return output
  }

  /// The file's bytes.
  public func serialised() -> [UInt8] {
    var output = Self.magic
    output.append(1)
    output.append(algorithm.rawValue)
    output += digest
    Self.write(root, to: &output)
    return output
  }

  private static func write(_ node: Node, to output: inout [UInt8]) {
    for (index, item) in node.items.enumerated() {
      if index < node.items.count - 1 { output.append(0xFF) }
      switch item {
      case .attestation(let attestation):
        output.append(0x00)
        var payload: [UInt8] = []
        switch attestation {
        case .pending(let uri):
          output += pendingTag
          writeBytes(Array(uri.utf8), to: &payload)
        case .bitcoin(let height):
          output += bitcoinTag
          writeVaruint(height, to: &payload)
        case .litecoin(let height):
          output += litecoinTag
          writeVaruint(height, to: &payload)
        case .ethereum(let height):
          output += ethereumTag
          writeVaruint(height, to: &payload)
        case .unknown(let tag, let bytes):
          output += tag
          payload = bytes
        }
        writeBytes(payload, to: &output)
      case .operation(let operation, let next):
        switch operation {
        case .append(let argument):
          output.append(0xF0)
          writeBytes(argument, to: &output)
        case .prepend(let argument):
          output.append(0xF1)
          writeBytes(argument, to: &output)
        case .reverse: output.append(0xF2)
        case .hexlify: output.append(0xF3)
        case .hash(let algorithm): output.append(algorithm.rawValue)
        }
        write(next, to: &output)
      }
    }
  }

  private static func writeVaruint(_ value: UInt64, to output: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      output.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    output.append(UInt8(rest))
  }

  private static func writeBytes(_ bytes: [UInt8], to output: inout [UInt8]) {
    writeVaruint(UInt64(bytes.count), to: &output)
    output += bytes
  }

  private struct Reader {
    let bytes: [UInt8]
    var index = 0
    var operations = 0
    var attestations = 0

    mutating func byte() throws(ProofFormatError) -> UInt8 {
      guard index < bytes.count else {
        throw ProofFormatError("ots.truncated", offset: index, "The proof ends too early.")
      }
      index += 1
      return bytes[index - 1]
    }

    mutating func take(_ count: Int) throws(ProofFormatError) -> [UInt8] {
      guard count <= bytes.count - index else {
        throw ProofFormatError("ots.truncated", offset: bytes.count, "The proof ends too early.")
      }
      index += count
      return Array(bytes[index - count..<index])
    }

    mutating func varuint() throws(ProofFormatError) -> UInt64 {
      let start = index
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 70, by: 7) {
        let next = try byte()
        if shift == 63, next > 1 { break }
        value |= UInt64(next & 0x7F) << shift
        if next & 0x80 == 0 {
          guard next != 0 || shift == 0 else {
            throw ProofFormatError(
              "ots.varuint", offset: start, "A number is longer than it needs to be.")
          }
          return value
        }
      }
      throw ProofFormatError("ots.varuint", offset: start, "A number has more than 64 bits.")
    }

    mutating func varbytes(_ lengths: ClosedRange<Int>) throws(ProofFormatError) -> [UInt8] {
      let start = index
      let count = try varuint()
      guard count <= UInt64(lengths.upperBound), Int(count) >= lengths.lowerBound else {
        throw ProofFormatError(
          "ots.length", offset: start,
          "A byte string here has \(lengths.lowerBound) to \(lengths.upperBound) bytes.")
      }
      return try take(Int(count))
    }

    mutating func node(depth: Int, messageLength: Int) throws(ProofFormatError) -> Node {
      guard depth < OpenTimestampsProof.maxDepth else {
        throw ProofFormatError("ots.depth", offset: index, "The tree is deeper than 256.")
      }
      var items: [Item] = []
      while true {
        var tag = try byte()
        let more = tag == 0xFF
        if more { tag = try byte() }
        items.append(try item(tag, depth: depth, messageLength: messageLength))
        if !more { return Node(items: items) }
      }
    }

    mutating func item(
      _ tag: UInt8, depth: Int, messageLength: Int
    ) throws(ProofFormatError) -> Item {
      let start = index - 1
      if tag == 0x00 {
        attestations += 1
        guard attestations <= OpenTimestampsProof.maxAttestations else {
          throw ProofFormatError(
            "ots.attestations", offset: start,
            "A proof has at most \(OpenTimestampsProof.maxAttestations) attestations.")
        }
        return .attestation(try attestation())
      }
      let (operation, length) = try operation(tag, messageLength: messageLength)
      operations += 1
      guard operations <= OpenTimestampsProof.maxOperations else {
        throw ProofFormatError(
          "ots.operations", offset: start,
          "A proof has at most \(OpenTimestampsProof.maxOperations) operations.")
      }
      guard length <= OpenTimestampsProof.maxMessage else {
        throw ProofFormatError("ots.message", offset: start, "A message grows beyond 4096 bytes.")
      }
      return .operation(operation, try node(depth: depth + 1, messageLength: length))
    }

    /// An operation, and the length of its result in bytes.
    mutating func operation(
      _ tag: UInt8, messageLength: Int
    ) throws(ProofFormatError) -> (Operation, Int) {
      let start = index - 1
      switch tag {
      case 0xF0, 0xF1:
        let argument = try varbytes(1...OpenTimestampsProof.maxMessage)
        return (
          tag == 0xF0 ? .append(argument) : .prepend(argument), messageLength + argument.count
        )
      case 0xF2: return (.reverse, messageLength)
      case 0xF3: return (.hexlify, messageLength * 2)
      default:
        guard let algorithm = DigestAlgorithm(rawValue: tag) else {
          throw ProofFormatError("ots.operation", offset: start, "An operation of an unknown kind.")
        }
        return (.hash(algorithm), algorithm.digestLength)
      }
    }

    mutating func attestation() throws(ProofFormatError) -> Attestation {
      let tag = try take(8)
      let start = index
      let payload = try varbytes(0...8192)
      var inner = Reader(bytes: payload)
      let result: Attestation
      switch tag {
      case OpenTimestampsProof.pendingTag:
        let uri = try inner.varbytes(0...1000)
        let allowed = uri.allSatisfy {
          ($0 >= 0x30 && $0 <= 0x3A) || ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x61 && $0 <= 0x7A)
            || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F || $0 == 0x2F
        }
        guard allowed else {
          throw ProofFormatError(
            "ots.uri", offset: start, "A calendar's address has a forbidden character.")
        }
        result = .pending(uri: String(decoding: uri, as: UTF8.self))
      case OpenTimestampsProof.bitcoinTag: result = .bitcoin(height: try inner.varuint())
      case OpenTimestampsProof.litecoinTag: result = .litecoin(height: try inner.varuint())
      case OpenTimestampsProof.ethereumTag: result = .ethereum(height: try inner.varuint())
      default: return .unknown(tag: tag, payload: payload)
      }
      guard inner.index == payload.count else {
        throw ProofFormatError(
          "ots.attestation", offset: start, "An attestation has bytes to spare.")
      }
      return result
    }
  }
}
