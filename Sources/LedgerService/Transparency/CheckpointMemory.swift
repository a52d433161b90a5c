import DurableFiles
import Foundation
import LedgerDomain
import TransparencyLog

/// Proof that the log differs from what was signed for: two hashes that differ, or a log that is shorter.
///
/// Nothing else is a mismatch. A read that fails, a timeout and a cancelled task are outages: they say nothing about
/// the log, and pass.
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

/// The file that holds the last checkpoint a log key signed, beside that key.
struct CheckpointMemory: Sendable {
  let path: String
  let key: NoteVerifierKey
  let origin: String

  /// The check of a file that is there and cannot be read at the moment.
  static let unreadable = "checkpoint.memory"
  /// The check of a file that holds something else than a checkpoint of this key.
  static let damaged = "checkpoint.memory_damaged"
  /// The check of a file that is missing although the key has signed.
  static let missing = "checkpoint.memory_missing"

  /// The last checkpoint; `nil` where there is no file.
  ///
  /// Errors: a `Refusal`, unavailable, with check `unreadable` or `damaged`.
  func last() throws(Refusal) -> SignedCheckpoint? {
    guard let bytes = try bytes() else { return nil }
    do throws(TransparencyError) {
      return try SignedCheckpoint(bytes, by: [key], origin: origin)
    } catch {
      throw Refusal(
        .unavailable, check: Self.damaged, field: path,
        "The file does not hold a checkpoint by this log's key (\(error)). Put the right file back, or give the last "
          + "checkpoint that you can vouch for with `pithledger checkpoint --continue-from FILE`.")
    }
  }

  /// The file as it stands; `nil` where there is none.
  ///
  /// Only the absence of a name means that there is no file: whatever else keeps it from being read, such as a lack of
  /// file descriptors, must not look like a key that has never signed.
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

  /// Writes the file whole or not at all, and to the disk before anything is published.
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
