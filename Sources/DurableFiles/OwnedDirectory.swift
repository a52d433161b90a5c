public import Foundation

/// Directories that no other user may write to.
public enum OwnedDirectory {
  /// Creates a directory and its missing parents, or accepts an existing one.
  ///
  /// The mode of an existing directory is never changed.
  ///
  /// - Parameters:
  ///   - path: the directory.
  ///   - mode: the mode of a new directory, independent of the umask. Missing parents get the usual mode.
  /// - Returns: whether this call created it.
  ///
  /// Errors: `unsafe` for one that belongs to another user or that others may write to, with the command that
  /// corrects it.
  @discardableResult
  public static func prepare(_ path: String, mode: mode_t = 0o700) throws(DurableFileError) -> Bool
  {
    let isNew = try make(path, mode)
    if !isNew { try require(path) }
    return isNew
  }

  /// Checks an existing directory.
  ///
  /// Errors: `missing`; `unsafe` for one that belongs to another user or that others may write to.
  public static func require(_ path: String) throws(DurableFileError) {
    var info = stat()
    guard unsafe stat(path, &info) == 0 else { throw .lastCall(path, "cannot be used") }
    guard info.st_mode & S_IFMT == S_IFDIR else {
      throw DurableFileError(.failed, path, "\(path) is not a directory.")
    }
    let me = geteuid()
    let word = DurableFileError.quoted(path)
    let advice = "or name a directory of your own inside it"
    guard info.st_uid == me else {
      throw DurableFileError(
        .unsafe, path,
        "The directory \(path) belongs to another user (\(info.st_uid)): chown \(me) \(word), \(advice)."
      )
    }
    guard info.st_mode & 0o022 == 0 else {
      throw DurableFileError(
        .unsafe, path,
        "Others may write to the directory \(path) (mode 0\(String(info.st_mode & 0o7777, radix: 8))): "
          + (info.st_mode & S_ISVTX != 0
            ? "name a directory of your own inside it." : "chmod go-w \(word), \(advice)."))
    }
  }

  private static func make(_ path: String, _ mode: mode_t) throws(DurableFileError) -> Bool {
    if unsafe mkdir(path, 0o700) == 0 { return try finish(path, mode) }
    if errno == EEXIST { return false }
    guard errno == ENOENT else { throw .lastCall(path, "cannot be made") }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    do {
      try FileManager.default.createDirectory(
        atPath: parent, withIntermediateDirectories: true)
    } catch { throw DurableFileError(.failed, path, "\(path) cannot be made: \(error).") }
    if unsafe mkdir(path, 0o700) == 0 { return try finish(path, mode) }
    guard errno == EEXIST else { throw .lastCall(path, "cannot be made") }
    return false
  }

  private static func finish(_ path: String, _ mode: mode_t) throws(DurableFileError) -> Bool {
    guard unsafe mode == 0o700 || chmod(path, mode) == 0 else {
      throw .lastCall(path, "cannot be made")
    }
    return true
  }
}
