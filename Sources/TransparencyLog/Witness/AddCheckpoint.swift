public import Encodings

/// What a log asks of a witness: to cosign a checkpoint that its last one is the beginning of
/// (C2SP tlog-witness).
public struct AddCheckpointRequest: Sendable, Equatable {
  static let maxHashes = 63

  /// The size that the witness knows.
  public let oldSize: UInt64
  public let proof: [Digest]
  public let note: SignedNote

  public init(oldSize: UInt64, proof: [Digest], note: SignedNote) {
    self.oldSize = oldSize
    self.proof = proof
    self.note = note
  }

  /// Reads a request's form.
  ///
  /// Errors: `witness.request` with the line, `note.form`.
  public init(_ bytes: [UInt8]) throws(TransparencyError) {
    func refuse(_ line: Int, _ message: String) -> TransparencyError {
      TransparencyError("witness.request", line: line, message)
    }
    guard bytes.count <= SignedNote.maxBytes, let whole = String(validating: bytes, as: UTF8.self)
    else {
      throw TransparencyError(
        "witness.request", "a request is UTF-8 text of at most \(SignedNote.maxBytes) bytes")
    }
    guard let blank = whole.utf8.firstRange(of: [0x0A, 0x0A]) else {
      throw refuse(1, "an empty line comes before the checkpoint")
    }
    var lines = whole[..<blank.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)[
      ...]
    guard let first = lines.popFirst(), first.hasPrefix("old "),
      let oldSize = Decimal.parse(first.dropFirst(4))
    else { throw refuse(1, "the first line is `old` and a size in plain decimal") }
    self.oldSize = oldSize
    guard lines.count <= Self.maxHashes else {
      throw refuse(2, "a proof has at most \(Self.maxHashes) hashes")
    }
    var proof: [Digest] = []
    for (number, line) in lines.enumerated() {
      guard let hash = Digest(base64: line) else {
        throw refuse(number + 2, "a hash of a proof is 32 bytes in base64")
      }
      proof.append(hash)
    }
    self.proof = proof
    note = try SignedNote(String(whole[blank.upperBound...]))
  }

  /// The size in the body of a 409 answer, which nobody signs; `nil` where the body is not a size in plain decimal and
  /// a newline.
  public static func conflictSize(_ body: [UInt8]) -> UInt64? {
    guard body.last == 0x0A, let text = String(validating: body.dropLast(), as: UTF8.self) else {
      return nil
    }
    return Decimal.parse(text)
  }

  public var bytes: [UInt8] {
    Array(
      ("old \(oldSize)\n" + proof.map { $0.base64 + "\n" }.joined() + "\n" + note.description).utf8)
  }
}

/// The decision of a witness, without its memory: what it remembers is handed in, and what it must
/// remember before it answers comes out (C2SP tlog-witness).
public enum WitnessDecision: Sendable, Equatable {
  /// Remember this checkpoint, then answer with a cosignature over it.
  case cosign(Checkpoint)
  /// 400: the older size is larger than the checkpoint's.
  case badRequest
  /// 403: no key that is trusted for the origin signed it.
  case forbidden
  /// 404: the origin is nobody's that the witness knows.
  case unknownOrigin
  /// 409 with the size that the witness remembers, or two roots of one size.
  case conflict(size: UInt64)
  /// 422: the proof does not hold.
  case unproven

  /// - Parameters:
  ///   - keys: whom the witness trusts for an origin; `nil` for one it does not know.
  ///   - remembered: the last checkpoint it cosigned for an origin; `nil` for none yet.
  /// - Throws: `checkpoint.form`, which is a bad request too.
  public static func decide(
    _ request: AddCheckpointRequest, keys: (String) -> [NoteVerifierKey]?,
    remembered: (String) -> Checkpoint?
  ) throws(TransparencyError) -> WitnessDecision {
    let checkpoint = try Checkpoint(text: request.note.text)
    guard let trusted = keys(checkpoint.origin) else { return .unknownOrigin }
    guard (try? request.note.verified(by: trusted)) != nil else { return .forbidden }
    guard request.oldSize <= checkpoint.size else { return .badRequest }
    let last = remembered(checkpoint.origin)
    let known = last?.size ?? 0
    guard request.oldSize == known else { return .conflict(size: known) }
    if let last, last.size == checkpoint.size, last.root != checkpoint.root {
      return .conflict(size: known)
    }
    do throws(TransparencyError) {
      try TreeProofs.verifyConsistency(
        old: known, oldRoot: last?.root ?? .emptyTree, new: checkpoint.size,
        newRoot: checkpoint.root, proof: request.proof)
    } catch { return .unproven }
    return .cosign(checkpoint)
  }
}

extension WitnessDecision {
  /// The HTTP status that says it.
  public var status: Int {
    switch self {
    case .cosign: 200
    case .badRequest: 400
    case .forbidden: 403
    case .unknownOrigin: 404
    case .conflict: 409
    case .unproven: 422
    }
  }
}
