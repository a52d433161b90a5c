import DurableFiles
import Encodings
import Foundation
public import LedgerDomain
import TransparencyLog

/// A witness for other people's logs: it cosigns what continues all it saw before (C2SP tlog-witness).
///
/// Its memory is a folder with a checkpoint for each log, written to the disk before it answers.
public actor LogWitness {
  private let signer: NoteSigner
  private let logs: [String: [NoteVerifierKey]]
  private let directory: String
  private let now: @Sendable () -> Timestamp

  /// What a request is answered with.
  public struct Answer: Sendable {
    public let status: Int
    public let contentType: String
    public let body: String
  }

  /// Opens a witness: reads its key, or makes one of this name.
  ///
  /// - Parameters:
  ///   - logs: a line for each trusted log: `NAME+ID+KEY`, and the origin behind it where that is not the
  ///     key's name. Empty lines and those that begin with # are passed over.
  ///   - directory: where key and memory are.
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

  /// The last checkpoint that was cosigned for an origin, with the log's own signatures; `nil` for none.
  ///
  /// - Parameter name: the SHA-256 of the origin in lower-case hexadecimal.
  public func checkpoint(_ name: String) -> [UInt8]? {
    guard let digest = Digest(hex: name), digest.hex == name else { return nil }
    return FileManager.default.contents(atPath: "\(directory)/\(name).checkpoint").map { Array($0) }
  }

  /// Answers an `add-checkpoint` request: looks, remembers and cosigns as one step.
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
    // Two witnesses by mistake on one folder must not both look before either remembers.
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
