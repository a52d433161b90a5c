public import Encodings

/// The log's signed statement that an entry is at a position, and that a later checkpoint will cover it.
///
/// The receipt is a note by the log's key. Its first line differs from that of every checkpoint, which is
/// the origin. Source: `docs/specification/log.md`, "Receipt of an entry".
public struct LogReceipt: Sendable, Equatable {
  static let header = "pith-ledger receipt v1"

  /// The log's name.
  public let origin: String
  /// The position of the entry.
  public let position: UInt64
  /// The event's id: `sha256:` and 64 hexadecimal digits.
  public let eventID: String
  /// The hash of the entry's bytes as a leaf.
  public let leaf: Digest

  /// Creates a receipt.
  public init(origin: String, position: UInt64, eventID: String, leaf: Digest) {
    self.origin = origin
    self.position = position
    self.eventID = eventID
    self.leaf = leaf
  }

  /// The signed text.
  public var text: String {
    "\(Self.header)\n\(origin)\n\(position)\n\(eventID)\n\(leaf.base64)\n"
  }

  /// Signs the receipt.
  ///
  /// Errors: `note.signing`.
  public func signed(by signer: NoteSigner) throws(TransparencyError) -> SignedNote {
    SignedNote(text: text, signatures: [try signer.sign(text)])
  }

  /// Parses a receipt and verifies its signature by one of the log's keys.
  ///
  /// Errors: `note.form`, `note.signature`, `receipt.form`.
  public init(
    _ bytes: [UInt8], by keys: some Collection<NoteVerifierKey>
  ) throws(TransparencyError) {
    let note = try SignedNote(bytes)
    try note.verified(by: keys)
    let lines = note.text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 6, lines[0] == Self.header, let position = Decimal.parse(lines[2]),
      let leaf = Digest(base64: lines[4])
    else {
      throw TransparencyError(
        "receipt.form", "a receipt has five lines: \(Self.header), origin, position, event, leaf")
    }
    self.init(
      origin: String(lines[1]), position: position, eventID: String(lines[3]), leaf: leaf)
  }
}
