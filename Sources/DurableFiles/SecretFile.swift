import Foundation

/// Files of keys, tokens and passwords, which only their owner may read (mode 0600).
public enum SecretFile {
  /// Writes a new file of mode 0600 atomically. An existing one is never replaced.
  ///
  /// Errors: `exists`.
  public static func create(_ path: String, with bytes: [UInt8]) throws(DurableFileError) {
    try DurableFile.create(path, with: bytes, mode: 0o600)
  }

  /// Writes a file of mode 0600 atomically, and replaces an existing one.
  public static func replace(_ path: String, with bytes: [UInt8]) throws(DurableFileError) {
    try DurableFile.replace(path, with: bytes, mode: 0o600)
  }

  /// Reads a file that no other user can read or change.
  ///
  /// The file belongs to the process's user and has no permissions for others, or it belongs to root and a group may
  /// read it. libpq requires the same of its key files.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - maxBytes: the largest size of the file; a larger one is not read.
  ///   - mayBeReadByOthers: whether others may read the file; nobody else may change it.
  ///
  /// Errors: `missing`; `unsafe`, with the command that corrects it; `failed`.
  public static func read(
    _ path: String, maxBytes: Int = 1 << 16, mayBeReadByOthers: Bool = false
  ) throws(DurableFileError) -> [UInt8] {
    // A named pipe must not block the caller.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .lastCall(path, "cannot be read") }
    defer { close(descriptor) }
    var info = stat()
    guard unsafe fstat(descriptor, &info) == 0 else { throw .lastCall(path, "cannot be read") }
    guard info.st_mode & S_IFMT == S_IFREG else {
      throw DurableFileError(.failed, path, "\(path) is not a regular file.")
    }
    if mayBeReadByOthers {
      try requireUnchangeable(info, path)
    } else {
      try requirePrivate(info, path)
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe Foundation.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .lastCall(path, "cannot be read") }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= maxBytes else {
        throw DurableFileError(.failed, path, "\(path) is larger than \(maxBytes) bytes.")
      }
    }
  }

  private static func requirePrivate(_ info: stat, _ path: String) throws(DurableFileError) {
    let me = geteuid()
    let word = DurableFileError.quoted(path)
    guard info.st_uid == me || info.st_uid == 0 else {
      throw DurableFileError(
        .unsafe, path,
        "\(path) belongs to another user (\(info.st_uid)), who can read and change it: chown \(me) \(word) && chmod 600 \(word)"
      )
    }
    let refused: mode_t = info.st_uid == me ? 0o077 : 0o037
    guard info.st_mode & refused == 0 else {
      let mode = String(info.st_mode & 0o777, radix: 8)
      throw DurableFileError(
        .unsafe, path,
        "\(path) has mode 0\(mode), so that others can read or change it: chmod \(info.st_uid == me ? "600" : "640") \(word)"
      )
    }
  }

  private static func requireUnchangeable(_ info: stat, _ path: String) throws(DurableFileError) {
    let word = DurableFileError.quoted(path)
    guard info.st_uid == geteuid() || info.st_uid == 0 else {
      throw DurableFileError(
        .unsafe, path,
        "\(path) belongs to another user (\(info.st_uid)), who can change it: chown \(geteuid()) \(word)"
      )
    }
    guard info.st_mode & 0o022 == 0 else {
      throw DurableFileError(
        .unsafe, path, "\(path) can be changed by other users: chmod go-w \(word)")
    }
  }
}
