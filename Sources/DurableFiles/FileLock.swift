import Foundation

/// An advisory lock on a file, held by this object until it is let go or the process ends.
public final class FileLock: Sendable {
  private let descriptor: Int32

  public init(path: String) throws(DurableFileError) {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .lastCall(path, "cannot be opened") }
  }

  deinit { close(descriptor) }

  public func lock(exclusive: Bool) async throws {
    // Tried again rather than waited for, because a wait would block one of Swift's threads.
    while flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Takes the lock for this holder alone where nobody has it.
  public func tryLockExclusive() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
  public func unlock() { flock(descriptor, LOCK_UN) }
}
