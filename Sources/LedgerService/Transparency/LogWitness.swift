import DurableFiles
import Encodings
import Foundation
public import LedgerDomain
import TransparencyLog

/// A witness of other logs. It cosigns a checkpoint that is consistent with the last one it cosigned
/// (C2SP tlog-witness).
///
/// The last checkpoint of each log is a file in one directory. It is written to disk before the witness
/// answers.
public actor LogWitness {
  private let signer: NoteSigner
  private let logs: [String: [NoteVerifierKey]]
  private let directory: String
  private let now: @Sendable () -> Timestamp

  /// The answer to a request.
  public struct Answer: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The value of `Content-Type`.
    public let contentType: String
    /// The body of the answer: signature lines, a size, or an error message.
    public let body: String
  }

  /// Opens a witness: reads its key, or creates one.
  ///
  /// - Parameters:
  ///   - name: the name of a new key. Not used if the directory contains a key.
  ///   - logs: one line for each trusted log: `NAME+ID+KEY`, followed by a space and the origin if it
  ///     differs from the key's name. Empty lines and lines that begin with `#` are ignored.
  ///   - directory: the directory of the key and of the last checkpoints.
  ///   - now: the clock that gives the time of cosignatures.
  ///
  /// Errors: a `Refusal` with check `witness_directory`, `witness_key`, `witness_logs`, `log_key` or
  /// `note.key_name`.
  public init(
    name: String?, logs: String, directory: String,
    now: @escaping @Sendable () -> Timestamp = { .now }
  ) throws {
    do throws(DurableFileError) { try OwnedDirectory.prepare(directory) } catch {
      throw Refusal(error, check: "witness_directory")
    }
    let path = directory + "/witness.key"
    if !FileManager.default.fileExists(atPath: path) {
      guard let name else {
        throw Refusal(
          .malformed, check: "witness_key", field: path,
          "There is no key yet: name the witness, as in witness.example.org/w1.")
      }
      try LogKey.make(name: name, algorithm: .cosignature, at: path)
    }
    signer = try LogKey.read(path)
    guard signer.verifierKey.algorithm == .cosignature else {
      throw Refusal(
        .malformed, check: "witness_key", field: path, "The key is a log's, not a witness's.")
    }
    var known: [String: [NoteVerifierKey]] = [:]
    for (number, line) in logs.split(separator: "\n").enumerated() where !line.hasPrefix("#") {
      let words = line.split(separator: " ", maxSplits: 1)
      guard let first = words.first else { continue }
      do {
        let key = try NoteVerifierKey(first)
        known[words.count > 1 ? String(words[1]) : key.name, default: []].append(key)
      } catch {
        throw Refusal(
          .malformed, check: "witness_logs", field: "line \(number + 1)",
          "A line is NAME+ID+KEY, and the log's origin where it is not NAME: \(error).")
      }
    }
    self.logs = known
    self.directory = directory
    self.now = now
  }

  /// The witness's public key as `name+keyid+base64` (C2SP signed-note).
  public nonisolated var verifierKey: String { signer.verifierKey.description }

  private func memoryPath(_ origin: String) -> String {
    "\(directory)/\(Digest(hashing: Array(origin.utf8)).hex).checkpoint"
  }

  private func remembered(_ origin: String) throws -> Checkpoint? {
    let path = memoryPath(origin)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Refusal(.unavailable, check: "witness_memory", field: path, "The file cannot be read.")
    }
    return try Checkpoint(text: SignedNote(Array(data)).text)
  }

  /// The last cosigned checkpoint of an origin, with the log's own signatures. `nil` if there is none.
  ///
  /// - Parameter name: the SHA-256 of the origin in lower-case hexadecimal.
  public func checkpoint(_ name: String) -> [UInt8]? {
    guard let digest = Digest(hex: name), digest.hex == name else { return nil }
    return FileManager.default.contents(atPath: "\(directory)/\(name).checkpoint").map { Array($0) }
  }

  /// Answers an `add-checkpoint` request. Comparison, storage and signature are one atomic step under a
  /// file lock.
  ///
  /// Errors: what reading and writing the directory reports. Refused requests are answers with a status.
  public func addCheckpoint(_ bytes: [UInt8]) async throws -> Answer {
    func plain(_ status: Int, _ message: String) -> Answer {
      Answer(status: status, contentType: "text/plain; charset=utf-8", body: message + "\n")
    }
    let request: AddCheckpointRequest
    let origin: String
    do throws(TransparencyError) {
      request = try AddCheckpointRequest(bytes)
      origin = try Checkpoint(text: request.note.text).origin
    } catch { return plain(400, error.description) }
    // Another process may use the same directory by mistake. Both must not compare before one of them
    // stores its checkpoint.
    let lock = try FileLock(path: directory + "/witness.lock")
    try await lock.lock(exclusive: true)
    defer { lock.unlock() }
    let last = try remembered(origin)
    let decision = try WitnessDecision.decide(
      request, keys: { logs[$0] }, remembered: { _ in last })
    switch decision {
    case .cosign:
      let trusted = logs[origin] ?? []
      let kept = SignedNote(
        text: request.note.text, signatures: try request.note.verified(by: trusted))
      try DurableFile.replace(memoryPath(origin), with: kept.bytes)
      let seconds = now().microseconds / 1_000_000
      let signature = try signer.cosign(request.note.text, time: UInt64(clamping: seconds))
      return Answer(
        status: 200, contentType: "text/plain; charset=utf-8", body: signature.line)
    case .badRequest: return plain(400, "the old size is larger than the checkpoint's")
    case .forbidden: return plain(403, "no signature is by a key that is trusted for this origin")
    case .unknownOrigin: return plain(404, "this witness does not know the origin")
    case .conflict(let size):
      return Answer(status: 409, contentType: "text/x.tlog.size", body: "\(size)\n")
    case .unproven: return plain(422, "the consistency proof does not hold")
    }
  }
}
