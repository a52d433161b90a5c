import Foundation
import LedgerDomain
import Synchronization

/// Bytes in a file that has no name: read by any number of readers, each at its own pace, and gone with the
/// last of them.
final class SpooledBytes: Sendable {
  /// What all files of this process hold together, in bytes.
  private static let held = Atomic<Int>(0)
  /// What they may hold: readers that never finish must not fill the disk.
  static let maxHeld = 4 << 30
  private static let chunk = 256 << 10

  private let descriptor: Int32
  private let length = Atomic<Int>(0)

  var count: Int { length.load(ordering: .acquiring) }

  /// Keeps what `body` writes.
  ///
  /// Errors: `unavailable` where the temporary folder takes no more; what `body` throws.
  static func spool(
    _ body: (@Sendable ([UInt8]) throws -> Void) async throws -> Void
  ) async throws -> SpooledBytes {
    let file = try SpooledBytes()
    try await body { try file.append($0) }
    return file
  }

  private init() throws(Refusal) {
    let path =
      FileManager.default.temporaryDirectory.path + "/pithledger-bundle-\(UUID().uuidString)"
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure() }
    unsafe unlink(path)
  }

  deinit {
    Self.held.subtract(count, ordering: .relaxed)
    close(descriptor)
  }

  private static func failure() -> Refusal {
    Refusal(
      .unavailable, check: "temporary_space",
      "The temporary folder has no room for this answer now; try again.")
  }

  private func append(_ bytes: [UInt8]) throws(Refusal) {
    guard Self.held.load(ordering: .relaxed) + bytes.count <= Self.maxHeld else {
      throw Self.failure()
    }
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { raw in
        unsafe pwrite(
          descriptor, raw.baseAddress.map { unsafe $0 + done }, raw.count - done,
          off_t(count + done))
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw Self.failure() }
      done += written
    }
    Self.held.add(bytes.count, ordering: .relaxed)
    length.add(bytes.count, ordering: .releasing)
  }

  /// The bytes, read as they are asked for.
  func stream() -> AsyncThrowingStream<[UInt8], any Error> {
    Reader(self).stream()
  }

  fileprivate func read(from offset: Int) throws(Refusal) -> [UInt8] {
    let wanted = min(Self.chunk, count - offset)
    guard wanted > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: wanted)
    var done = 0
    while done < wanted {
      let got = unsafe bytes.withUnsafeMutableBytes { raw in
        unsafe pread(
          descriptor, raw.baseAddress.map { unsafe $0 + done }, wanted - done,
          off_t(offset + done))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw Self.failure() }
      done += got
    }
    return bytes
  }
}

/// One reader's place in a spooled file.
private actor Reader {
  private let file: SpooledBytes
  private var offset = 0

  init(_ file: SpooledBytes) { self.file = file }

  nonisolated func stream() -> AsyncThrowingStream<[UInt8], any Error> {
    AsyncThrowingStream { try await self.next() }
  }

  private func next() throws -> [UInt8]? {
    let bytes = try file.read(from: offset)
    offset += bytes.count
    return bytes.isEmpty ? nil : bytes
  }
}
