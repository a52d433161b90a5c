import DurableFiles
import Foundation
import TestSupport
import Testing

@Suite("Durable files")
struct DurableFilesTests {
  private func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    try OwnedDirectory.prepare(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
  }

  private func mode(_ path: String) throws -> mode_t {
    var info = stat()
    try #require(unsafe stat(path, &info) == 0)
    return info.st_mode & 0o7777
  }

  private func names(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test("A secret has mode 0600 and reads back; it is never overwritten, and no other file is left")
  func secrets() throws {
    try withDirectory { directory in
      let path = directory + "/key"
      let bytes = Array("secret\n".utf8)
      try SecretFile.create(path, with: bytes)
      #expect(try mode(path) == 0o600)
      #expect(try SecretFile.read(path) == bytes)
      let error = #expect(throws: DurableFileError.self) {
        try SecretFile.create(path, with: [1])
      }
      #expect(error?.code == .exists)
      #expect(try SecretFile.read(path) == bytes)
      try SecretFile.replace(path, with: [1, 2])
      #expect(try SecretFile.read(path) == [1, 2])
      #expect(try mode(path) == 0o600)
      #expect(try names(directory) == ["key"])
    }
  }

  @Test(
    "A secret that others can read or change is refused with the command that corrects it",
    arguments: [0o644, 0o640, 0o604, 0o620, 0o660, 0o606] as [mode_t])
  func unsafeModes(mode: mode_t) throws {
    try withDirectory { directory in
      let path = directory + "/key"
      try SecretFile.create(path, with: [1])
      try #require(unsafe chmod(path, mode) == 0)
      let error = #expect(throws: DurableFileError.self) { try SecretFile.read(path) }
      #expect(error?.code == .unsafe)
      #expect(error?.message.hasSuffix("chmod 600 \(path)") == true, "\(error?.message ?? "")")
      try #require(unsafe chmod(path, 0o400) == 0)
      #expect(try SecretFile.read(path) == [1])
    }
  }

  @Test(
    "A secret or directory of another user is refused",
    .enabled(if: geteuid() == 0, "giving a file away needs root"))
  func foreignOwner() throws {
    try withDirectory { directory in
      let path = directory + "/a key"
      try SecretFile.create(path, with: [1])
      try #require(unsafe chown(path, 65_534, 65_534) == 0)
      let error = #expect(throws: DurableFileError.self) { try SecretFile.read(path) }
      #expect(error?.code == .unsafe)
      #expect(error?.message.contains("chown 0 '\(path)' && chmod 600 '\(path)'") == true)
      let folder = directory + "/folder"
      try OwnedDirectory.prepare(folder)
      try #require(unsafe chown(folder, 65_534, 65_534) == 0)
      let refused = #expect(throws: DurableFileError.self) { try OwnedDirectory.prepare(folder) }
      #expect(refused?.code == .unsafe)
      #expect(refused?.message.contains("chown 0 \(folder)") == true)
    }
  }

  @Test("A path that is not a regular file is refused at once")
  func pipes() throws {
    try withDirectory { directory in
      let path = directory + "/pipe"
      try #require(unsafe mkfifo(path, 0o600) == 0)
      for path in [path, directory, "/dev/null"] {
        #expect(throws: DurableFileError.self) { try SecretFile.read(path) }
      }
      let missing = #expect(throws: DurableFileError.self) {
        try SecretFile.read(directory + "/none")
      }
      #expect(missing?.code == .missing)
    }
  }

  @Test("A directory is created with its mode; the mode of an existing one does not change")
  func directories() throws {
    try withDirectory { directory in
      #expect(try OwnedDirectory.prepare(directory + "/a/b", mode: 0o711))
      #expect(try mode(directory + "/a/b") == 0o711)
      try #require(unsafe chmod(directory + "/a/b", 0o750) == 0)
      #expect(try !OwnedDirectory.prepare(directory + "/a/b", mode: 0o711))
      #expect(try mode(directory + "/a/b") == 0o750)
      for unsafeMode in [0o770, 0o777, 0o1777] as [mode_t] {
        try #require(unsafe chmod(directory + "/a/b", unsafeMode) == 0)
        let error = #expect(throws: DurableFileError.self) {
          try OwnedDirectory.prepare(directory + "/a/b")
        }
        #expect(error?.code == .unsafe)
        #expect(try mode(directory + "/a/b") == unsafeMode)
      }
    }
  }
}
