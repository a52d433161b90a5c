public import Foundation

/// Atomic writes: after a crash a file is complete or absent.
///
/// The bytes are written to a temporary file in the same directory and flushed to the disk. The file then
/// gets its name, and the directory is flushed.
public enum DurableFile {
  /// Writes a file, and replaces an existing one.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - bytes: the new content of the file.
  ///   - mode: the mode of the file, independent of the umask.
  public static func replace(
    _ path: String, with bytes: [UInt8], mode: mode_t = 0o644
  ) throws(DurableFileError) {
    let temporary = try draft(bytes, for: path, mode)
    do throws(DurableFileError) { try move(temporary, to: path) } catch {
      unsafe unlink(temporary)
      throw error
    }
  }

  /// Writes a new file. An existing one is never replaced.
  ///
  /// Errors: `exists`.
  public static func create(
    _ path: String, with bytes: [UInt8], mode: mode_t = 0o644
  ) throws(DurableFileError) {
    let temporary = try draft(bytes, for: path, mode)
    // Unlike rename, link fails for an existing name.
    let result = unsafe link(temporary, path)
    let failure = errno
    unsafe unlink(temporary)
    guard result == 0 else {
      if failure == EEXIST {
        throw DurableFileError(.exists, path, "\(path) exists, and is not overwritten.")
      }
      errno = failure
      throw .lastCall(path, "cannot be made")
    }
    try flush(directoryOf: path)
  }

  /// Renames a file within its directory, replaces an existing one, and flushes the directory.
  public static func move(_ from: String, to path: String) throws(DurableFileError) {
    guard unsafe rename(from, path) == 0 else {
      throw .lastCall(path, "cannot be replaced by \(from)")
    }
    try flush(directoryOf: path)
  }

  /// Writes a temporary file and flushes it. Removes the file on failure.
  private static func draft(
    _ bytes: [UInt8], for path: String, _ mode: mode_t
  ) throws(DurableFileError) -> String {
    let temporary = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36)).new"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .lastCall(path, "cannot be written") }
    defer { close(descriptor) }
    do throws(DurableFileError) {
      try write(bytes, descriptor, path)
      guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
        throw .lastCall(path, "cannot be written")
      }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    return temporary
  }

  private static func write(
    _ bytes: [UInt8], _ descriptor: Int32, _ path: String
  ) throws(DurableFileError) {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes[offset...].withUnsafeBytes {
        unsafe Foundation.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .lastCall(path, "cannot be written") }
      offset += count
    }
  }

  private static func flush(directoryOf path: String) throws(DurableFileError) {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .lastCall(directory, "cannot be flushed") }
    defer { close(descriptor) }
    // Some file systems do not support fsync of a directory and do not need it.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw .lastCall(directory, "cannot be flushed")
    }
  }
}
