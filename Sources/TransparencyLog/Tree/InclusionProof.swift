public import Encodings

/// A self-contained proof that an entry is in a log (C2SP tlog-proof).
public struct InclusionProof: Sendable, Equatable {
  static let header = "c2sp.org/tlog-proof@v1"
  static let maxBytes = SignedNote.maxBytes + 8192

  /// Data of the application, not covered by a signature. This ledger puts the entry here, which the
  /// proof then proves.
  public let extra: [UInt8]?
  /// The position of the entry.
  public let index: UInt64
  /// The hashes, from the leaf's sibling up.
  public let hashes: [Digest]
  /// The checkpoint's note, verbatim.
  public let note: SignedNote

  /// Creates a proof.
  public init(index: UInt64, hashes: [Digest], note: SignedNote, extra: [UInt8]? = nil) {
    self.extra = extra
    self.index = index
    self.hashes = hashes
    self.note = note
  }

  /// Parses a proof. Nothing is verified.
  ///
  /// Errors: `proof.form` with the line, `note.form`.
  public init(_ bytes: [UInt8]) throws(TransparencyError) {
    guard bytes.count <= Self.maxBytes, let whole = String(validating: bytes, as: UTF8.self) else {
      throw TransparencyError(
        "proof.form", "a proof is UTF-8 text of at most \(Self.maxBytes) bytes")
    }
    var lines = ProofLines(whole)
    guard try lines.next() == Self.header else {
      throw lines.fault("the first line is \(Self.header)")
    }
    extra = try lines.extra()
    index = try lines.index()
    hashes = try lines.hashes()
    note = try SignedNote(String(lines.rest))
  }

  /// The proof as text.
  public var description: String {
    Self.header + (extra.map { "\nextra \(Base64.encode($0))" } ?? "") + "\nindex \(index)\n"
      + hashes.map { $0.base64 + "\n" }.joined() + "\n"
      + note.description
  }
  /// The proof as UTF-8.
  public var bytes: [UInt8] { Array(description.utf8) }

  /// Verifies that an entry is in the log with these keys, and returns the checkpoint that covers it.
  ///
  /// - Parameters:
  ///   - entry: the leaf's data.
  ///   - keys: the verifier keys of the log that are trusted.
  ///   - origin: the required origin. `nil` accepts any.
  ///
  /// Errors: `note.signature`, `checkpoint.form`, `checkpoint.origin`, `proof.inclusion`.
  @discardableResult
  public func verify(
    entry: [UInt8], by keys: some Collection<NoteVerifierKey>, origin: String? = nil
  ) throws(TransparencyError) -> SignedCheckpoint {
    let signed = try SignedCheckpoint(note: note, by: keys, origin: origin)
    try TreeProofs.verifyInclusion(
      leaf: .leaf(entry), index: index, size: signed.checkpoint.size, root: signed.checkpoint.root,
      proof: hashes)
    return signed
  }
}

/// Reads the lines of an inclusion proof in their order.
///
/// Errors: `proof.form` with the line.
private struct ProofLines {
  /// The text after the last line that was read.
  private(set) var rest: Substring
  /// The number of lines that were read.
  private var count = 0

  init(_ text: String) { rest = text[...] }

  /// The fault of the last line that was read.
  func fault(_ message: String) -> TransparencyError {
    TransparencyError("proof.form", line: count, message)
  }

  mutating func next() throws(TransparencyError) -> Substring {
    count += 1
    guard let end = rest.utf8.firstIndex(of: 0x0A) else { throw fault("the proof breaks off") }
    let line = rest[..<end]
    rest = rest[rest.utf8.index(after: end)...]
    return line
  }

  /// Reads the line of extra data, if there is one.
  mutating func extra() throws(TransparencyError) -> [UInt8]? {
    guard rest.hasPrefix("extra ") else { return nil }
    guard let extra = Base64.decode(String(try next().dropFirst(6))) else {
      throw fault("extra data is base64")
    }
    return extra
  }

  mutating func index() throws(TransparencyError) -> UInt64 {
    let line = try next()
    guard line.hasPrefix("index "), let index = Decimal.parse(line.dropFirst(6)) else {
      throw fault("the line is `index` and a number in plain decimal")
    }
    return index
  }

  /// Reads hashes up to and with the empty line that ends them.
  mutating func hashes() throws(TransparencyError) -> [Digest] {
    var hashes: [Digest] = []
    while true {
      let line = try next()
      if line.isEmpty { return hashes }
      guard let hash = Digest(base64: line) else {
        throw fault("a hash of a proof is 32 bytes in base64")
      }
      hashes.append(hash)
      guard hashes.count <= TreeProofs.maxHashes else {
        throw fault("a proof has at most \(TreeProofs.maxHashes) hashes")
      }
    }
  }
}
