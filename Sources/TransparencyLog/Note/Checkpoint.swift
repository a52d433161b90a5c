public import Encodings

/// The head of a log's tree: its origin, size and root (C2SP tlog-checkpoint).
public struct Checkpoint: Hashable, Sendable {
  /// The log's name.
  public let origin: String
  /// The number of entries.
  public let size: TreeSize
  /// The root of the tree.
  public let root: Digest

  /// Creates a checkpoint.
  public init(origin: String, size: TreeSize, root: Digest) {
    self.origin = origin
    self.size = size
    self.root = root
  }

  /// Parses a note's text. Lines beyond the third are extensions, which the format says to ignore.
  ///
  /// Errors: `checkpoint.form` with the line.
  public init(text: String) throws(TransparencyError) {
    func refuse(_ line: Int, _ message: String) -> TransparencyError {
      TransparencyError("checkpoint.form", line: line, message)
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 4, lines.last == "" else {
      throw refuse(lines.count, "a checkpoint has an origin, a size and a root, each on a line")
    }
    guard !lines[0].isEmpty else { throw refuse(1, "the origin is empty") }
    guard let size = TreeSize(lines[1]) else {
      throw refuse(2, "the size is a number in plain decimal")
    }
    guard let root = Digest(base64: lines[2]) else {
      throw refuse(3, "the root is 32 bytes in base64")
    }
    guard !lines.dropLast().contains("") else {
      throw refuse(4, "a checkpoint's text has no empty lines")
    }
    origin = String(lines[0])
    self.size = size
    self.root = root
  }

  /// The signed text.
  public var text: String { "\(origin)\n\(size)\n\(root.base64)\n" }
}

/// A checkpoint with the note that contains it.
public struct SignedCheckpoint: Sendable, Equatable {
  /// The parsed text of ``note``.
  public let checkpoint: Checkpoint
  /// The note with its signatures.
  public let note: SignedNote

  /// Parses a checkpoint and verifies its signature by one of the log's keys.
  ///
  /// - Parameters:
  ///   - bytes: the signed note.
  ///   - keys: the verifier keys of the log that are trusted.
  ///   - origin: the required origin. `nil` accepts any.
  ///
  /// Errors: `note.form`, `note.signature`, `checkpoint.form`, and `checkpoint.origin` for a checkpoint
  /// of another log.
  public init(
    _ bytes: [UInt8], by keys: some Collection<NoteVerifierKey>, origin: String? = nil
  ) throws(TransparencyError) {
    try self.init(note: SignedNote(bytes), by: keys, origin: origin)
  }

  /// Verifies the signature of a parsed note by one of the log's keys, and parses its checkpoint.
  ///
  /// Errors: `note.signature`, `checkpoint.form`, `checkpoint.origin`.
  public init(
    note: SignedNote, by keys: some Collection<NoteVerifierKey>, origin: String? = nil
  ) throws(TransparencyError) {
    try note.verified(by: keys)
    checkpoint = try Checkpoint(text: note.text)
    self.note = note
    if let origin, checkpoint.origin != origin {
      throw TransparencyError(
        "checkpoint.origin", line: 1,
        "the checkpoint is of the log \(checkpoint.origin), not \(origin)")
    }
  }

  /// Signs a checkpoint.
  ///
  /// Errors: `note.signing`.
  public init(_ checkpoint: Checkpoint, by signer: NoteSigner) throws(TransparencyError) {
    self.checkpoint = checkpoint
    note = SignedNote(text: checkpoint.text, signatures: [try signer.sign(checkpoint.text)])
  }
}

/// Parses numbers in plain decimal: digits without a sign or a leading zero, so that each number has one
/// spelling.
enum Decimal {
  static func parse(_ text: some StringProtocol) -> UInt64? {
    let digits = text.utf8
    guard (1...20).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
      digits.count == 1 || digits.first != 0x30
    else { return nil }
    return UInt64(text)
  }
}
