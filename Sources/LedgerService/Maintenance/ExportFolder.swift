import DurableFiles
import Foundation
import LedgerDomain

/// The folder of an export: public, or readable by its owner only.
struct ExportFolder: Sendable {
  private let root: String
  private let isPrivate: Bool

  /// Creates the folder, or uses an existing one.
  ///
  /// Errors: a `Refusal` with check `export_folder` for a private export into a folder that others may
  /// write to.
  init(_ directory: String, isPrivate: Bool) throws(Refusal) {
    root = directory
    self.isPrivate = isPrivate
    do throws(DurableFileError) {
      if isPrivate { try OwnedDirectory.prepare(directory) }
      try restrictOldEvidence()
    } catch { throw Refusal(error, check: "export_folder") }
  }

  func has(_ place: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(place)") }

  /// Writes a file at a path in the folder. Creates the folders of the path.
  func write(_ bytes: [UInt8], to place: String) throws(Refusal) {
    do throws(DurableFileError) {
      var directory = root
      try makeDirectory(directory)
      for part in place.split(separator: "/").dropLast() {
        directory += "/" + part
        try makeDirectory(directory)
      }
      try DurableFile.replace("\(root)/\(place)", with: bytes, mode: isPrivate ? 0o600 : 0o644)
    } catch { throw Refusal(error, check: "export_folder") }
  }

  private func makeDirectory(_ path: String) throws(DurableFileError) {
    if FileManager.default.fileExists(atPath: path) { return }
    if isPrivate {
      try OwnedDirectory.prepare(path)
      return
    }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch { throw DurableFileError(.failed, path, "\(path) cannot be created: \(error).") }
  }

  /// Restricts the evidence of exports by earlier versions, which other users could read.
  private func restrictOldEvidence() throws(DurableFileError) {
    guard isPrivate, has("evidence") else { return }
    try OwnedDirectory.require("\(root)/evidence")
    guard unsafe chmod("\(root)/evidence", 0o700) == 0 else {
      throw DurableFileError(.failed, root, "The mode of \(root)/evidence cannot be changed.")
    }
  }
}
