import Foundation

/// An advisory lock on a file (flock). It ends with the object or the process.
public final class FileLock: Sendable {
  private let descriptor: Int32

  /// Opens the file, and creates it if it is missing.
  public init(path: String) throws(DurableFileError) {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .lastCall(path, "cannot be opened") }
  }

  deinit { close(descriptor) }

  /// Waits for the lock, shared or exclusive.
  public func lock(exclusive: Bool) async throws {
    // Polled, because a blocking wait would occupy a thread of Swift's pool.
    while flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Takes the exclusive lock if it is free. Returns whether it was.
  public func tryLockExclusive() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
  /// Releases the lock.
  public func unlock() { flock(descriptor, LOCK_UN) }
}
