public import Encodings

/// A log's request that a witness cosign a checkpoint which extends the last cosigned one (C2SP
/// tlog-witness).
public struct AddCheckpointRequest: Sendable, Equatable {
  static let maxHashes = 63

  /// The size of the checkpoint that the witness cosigned last.
  public let oldSize: TreeSize
  /// The consistency proof from the old size to the checkpoint.
  public let proof: [Digest]
  /// The checkpoint's note, signed by the log.
  public let note: SignedNote

  /// Creates a request.
  public init(oldSize: TreeSize, proof: [Digest], note: SignedNote) {
    self.oldSize = oldSize
    self.proof = proof
    self.note = note
  }

  /// Parses a request.
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
      let oldSize = TreeSize(first.dropFirst(4))
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

  /// The size in the body of a 409 answer, which is not signed. `nil` unless the body is a size in plain
  /// decimal and a newline.
  public static func conflictSize(_ body: [UInt8]) -> TreeSize? {
    guard body.last == 0x0A, let text = String(validating: body.dropLast(), as: UTF8.self) else {
      return nil
    }
    return TreeSize(text)
  }

  /// The request's body.
  public var bytes: [UInt8] {
    Array(
      ("old \(oldSize)\n" + proof.map { $0.base64 + "\n" }.joined() + "\n" + note.description).utf8)
  }
}

/// The decision of a witness about a request (C2SP tlog-witness).
///
/// A pure function of the request and of the last cosigned checkpoint. The caller stores the new
/// checkpoint before it answers.
public enum WitnessDecision: Sendable, Equatable {
  /// Store this checkpoint, then answer with a cosignature over it.
  case cosign(Checkpoint)
  /// 400: the older size is larger than the checkpoint's.
  case badRequest
  /// 403: it is not signed by a key that is trusted for the origin.
  case forbidden
  /// 404: the witness does not know the origin.
  case unknownOrigin
  /// 409 with the stored size, or for two roots of one size.
  case conflict(size: TreeSize)
  /// 422: the proof is invalid.
  case unproven

  /// Decides about a request.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - keys: the trusted keys of an origin; `nil` for an unknown origin.
  ///   - remembered: the last checkpoint that was cosigned for an origin; `nil` without one.
  /// - Throws: `checkpoint.form`, which is answered as a bad request.
  public static func decide(
    _ request: AddCheckpointRequest, keys: (String) -> [NoteVerifierKey]?,
    remembered: (String) -> Checkpoint?
  ) throws(TransparencyError) -> WitnessDecision {
    let checkpoint = try Checkpoint(text: request.note.text)
    guard let trusted = keys(checkpoint.origin) else { return .unknownOrigin }
    guard (try? request.note.verified(by: trusted)) != nil else { return .forbidden }
    guard request.oldSize <= checkpoint.size else { return .badRequest }
    let last = remembered(checkpoint.origin)
    let known = last?.size ?? .zero
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
  /// The HTTP status of the answer.
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
