import DurableFiles
import Foundation
import LedgerDomain
import TransparencyLog

/// The log differs from the signed history: two hashes differ, or the log is shorter than a signed
/// checkpoint.
///
/// A failed read, a timeout or a cancelled task is an outage and not a mismatch.
struct HistoryMismatch: Error, Sendable, CustomStringConvertible {
  /// `checkpoint.rolled_back` or `checkpoint.contradiction`.
  let check: String
  let message: String

  init(_ check: String, _ message: String) {
    self.check = check
    self.message = message
  }

  var description: String { "\(message) [\(check)]" }
}

/// The file of the last checkpoint that a log key signed, beside the key file.
struct CheckpointMemory: Sendable {
  let path: String
  let key: NoteVerifierKey
  let origin: String

  /// The check of a refusal if the file exists and cannot be read or written.
  static let unreadable = "checkpoint.memory"
  /// The check of a refusal if the file is not a checkpoint of this key.
  static let damaged = "checkpoint.memory_damaged"
  /// The check of a refusal if the file is missing although the database holds checkpoints.
  static let missing = "checkpoint.memory_missing"

  /// The last checkpoint. `nil` without a file.
  ///
  /// Errors: a `Refusal`, unavailable, with check `unreadable` or `damaged`.
  func last() throws(Refusal) -> SignedCheckpoint? {
    guard let bytes = try bytes() else { return nil }
    do throws(TransparencyError) {
      return try SignedCheckpoint(bytes, by: [key], origin: origin)
    } catch {
      throw Refusal(
        .unavailable, check: Self.damaged, field: path,
        "The file does not hold a checkpoint by this log's key (\(error)). Put the right file back, or adopt "
          + "the last checkpoint that you can vouch for: `pithledger checkpoint adopt FILE`.")
    }
  }

  /// The bytes of the file, at most slightly more than a note may have. `nil` only if the file does not
  /// exist.
  ///
  /// Every other failure, such as a lack of file descriptors, is an error, so that it is not mistaken for
  /// a key that has never signed.
  ///
  /// Errors: a `Refusal`, unavailable, with check `unreadable`.
  func bytes() throws(Refusal) -> [UInt8]? {
    func failure(_ code: Int32) -> Refusal {
      Refusal(
        .unavailable, check: Self.unreadable, field: path,
        "The file of the last checkpoint signed cannot be read: \(unsafe String(cString: strerror(code)))."
      )
    }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT { return nil }
      throw failure(code)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= SignedNote.maxBytes {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(errno) }
      if count == 0 { break }
      bytes += buffer.prefix(count)
    }
    return bytes
  }

  /// Replaces the file atomically and syncs it, before the checkpoint is published.
  ///
  /// Errors: a `Refusal`, unavailable, with check `unreadable`.
  func keep(_ signed: SignedCheckpoint) throws(Refusal) {
    do { try DurableFile.replace(path, with: signed.note.bytes) } catch {
      throw Refusal(
        .unavailable, check: Self.unreadable, field: path,
        "The file of the last checkpoint signed cannot be written: \(error).")
    }
  }
}
