public import Encodings
public import Foundation
public import LedgerDomain
public import TransparencyLog

/// Where a log to be checked is read from.
public protocol LogSource: Sendable {
  /// Entries by position; fewer than asked for at the end.
  func entries(from position: Position, limit: Int) async throws -> [[UInt8]]
  /// A tile's hashes; `nil` where there is none of that width.
  func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]?
  /// The columns that are stored beside the entries; `nil` where there are none to check.
  func columns(from position: Position, limit: Int) async throws -> [FoldEvent]?
}

/// A log as plain files, at the paths of C2SP tlog-tiles.
public struct LogDirectory: LogSource {
  public static let maxFileBytes = 64 << 20

  public let root: URL
  private let size: UInt64

  /// - Parameter size: how many entries its checkpoint covers, which names the partial tiles.
  public init(_ path: String, size: UInt64 = 0) {
    root = URL(fileURLWithPath: path, isDirectory: true)
    self.size = size
  }

  /// The bytes of a file; `nil` where there is none.
  ///
  /// Errors: a `LogFault` for a file beyond 64 MiB.
  public func file(_ name: String) throws(LogFault) -> [UInt8]? {
    let url = root.appendingPathComponent(name)
    guard let handle = try? FileHandle(forReadingFrom: url) else { return nil }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: Self.maxFileBytes + 1) else { return [] }
    guard data.count <= Self.maxFileBytes else {
      throw LogFault("file.size", place: name, "the file has more than \(Self.maxFileBytes) bytes")
    }
    return Array(data)
  }

  /// A checkpoint that one of these keys signed.
  public func checkpoint(
    _ name: String = "checkpoint", by keys: [NoteVerifierKey]
  ) throws(LogFault) -> SignedCheckpoint {
    guard let bytes = try file(name) else {
      throw LogFault("checkpoint.missing", place: name, "there is no such file")
    }
    do throws(TransparencyError) { return try SignedCheckpoint(bytes, by: keys) } catch {
      throw LogFault(error, place: name)
    }
  }

  public func entries(from position: Position, limit: Int) async throws -> [[UInt8]] {
    var entries: [[UInt8]] = []
    var next = position.leafIndex
    let end = min(size, next + UInt64(clamping: limit))
    while next < end {
      let index = next / UInt64(TilePath.fullWidth)
      let start = index * UInt64(TilePath.fullWidth)
      let width = Int(min(UInt64(TilePath.fullWidth), size - start))
      let path = TilePath(.entries, index: index, width: width).description
      guard let bytes = try file(path) else {
        throw LogFault(
          "bundle.missing", position: Position(leaf: next), place: path, "there is no such file")
      }
      guard let bundle = TileBytes.decode(entries: bytes), bundle.count == width else {
        throw LogFault(
          "bundle.form", position: Position(leaf: next), place: path,
          "the bundle is not \(width) entries behind their lengths")
      }
      let upper = Int(min(end - start, UInt64(width)))
      entries += bundle[Int(next - start)..<upper]
      next = start + UInt64(upper)
    }
    return entries
  }

  public func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]? {
    let path = TilePath(.hashes(level: level), index: index, width: width).description
    guard let bytes = try file(path) else { return nil }
    guard let hashes = TileBytes.decode(bytes), hashes.count == width else {
      throw LogFault("tile.form", place: path, "the tile is not \(width) hashes")
    }
    return hashes
  }

  public func columns(from position: Position, limit: Int) async throws -> [FoldEvent]? { nil }
}

extension LogDirectory {
  /// The hash of one element of a proof, from the tiles of a tree of this size.
  public func hash(_ element: ProofElement, size: UInt64) async throws -> Digest {
    var hashes: [TreeNode: Digest] = [:]
    for node in element {
      let slice = TileSlice(node)
      let width = UInt64(TilePath.fullWidth)
      let count = size >> UInt64(8 * slice.level)
      let available = Int(min(width, count - min(slice.index * width, count)))
      guard let tile = try await tile(level: slice.level, index: slice.index, width: available),
        let hash = slice.hash(in: tile)
      else {
        let path = TilePath(.hashes(level: slice.level), index: slice.index, width: available)
        throw LogFault("tree.tile", place: path.description, "the tile is missing")
      }
      hashes[node] = hash
    }
    return try ProofLayout.hash(element) { node in
      guard let hash = hashes[node] else {
        throw LogFault("tree.tile", "a hash of the tree is missing")
      }
      return hash
    }
  }
}
