public import Encodings
public import Foundation
public import LedgerDomain
public import TransparencyLog

/// A source from which a log is read for verification.
public protocol LogSource: Sendable {
  /// Returns the bytes of up to `limit` entries from a position on. There are fewer at the end of
  /// the log.
  func entries(from position: Position, limit: Int) async throws -> [[UInt8]]
  /// Returns the hashes of a tile; `nil` if there is no tile of this width. Source: C2SP
  /// tlog-tiles.
  func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]?
  /// Returns the columns that are stored with the entries; `nil` if the source stores none.
  func columns(from position: Position, limit: Int) async throws -> [FoldEvent]?
}

/// A log as plain files, with the paths of C2SP tlog-tiles.
///
/// Specification: export.md, and log.md, section Tiles.
public struct LogDirectory: LogSource {
  /// The largest file that is read, in bytes: 64 MiB.
  public static let maxFileBytes = 64 << 20

  /// The directory.
  public let root: URL
  private let size: TreeSize

  /// Makes a source for a directory.
  ///
  /// - Parameter size: the number of entries that the log's checkpoint covers. The names of partial
  ///   tiles depend on it.
  public init(_ path: String, size: TreeSize = .zero) {
    root = URL(fileURLWithPath: path, isDirectory: true)
    self.size = size
  }

  /// Returns the bytes of a file, by its path below the directory; `nil` if it does not exist.
  ///
  /// - Throws: a `LogFault` with the check `file.size` for a file larger than ``maxFileBytes``.
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

  /// Reads a checkpoint and verifies that one of these keys signed it.
  ///
  /// - Throws: a `LogFault` if the file is missing or the checkpoint does not verify.
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

  /// Reads entries from entry bundles.
  ///
  /// - Throws: a `LogFault` with the check `bundle.missing` or `bundle.form`.
  public func entries(from position: Position, limit: Int) async throws -> [[UInt8]] {
    var entries: [[UInt8]] = []
    var next = position.leafIndex
    let end = min(size.rawValue, next + UInt64(clamping: limit))
    while next < end {
      let index = next / UInt64(TilePath.fullWidth)
      let start = index * UInt64(TilePath.fullWidth)
      let width = Int(min(UInt64(TilePath.fullWidth), size.rawValue - start))
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

  /// Reads a tile of hashes.
  ///
  /// - Throws: a `LogFault` with the check `tile.form` if the file has another width.
  public func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]? {
    let path = TilePath(.hashes(level: level), index: index, width: width).description
    guard let bytes = try file(path) else { return nil }
    guard let hashes = TileBytes.decode(bytes), hashes.count == width else {
      throw LogFault("tile.form", place: path, "the tile is not \(width) hashes")
    }
    return hashes
  }

  /// Returns `nil`: a directory stores no columns.
  public func columns(from position: Position, limit: Int) async throws -> [FoldEvent]? { nil }
}

extension LogDirectory {
  /// Computes the hash of one element of a proof from the tiles of a tree of this size.
  ///
  /// - Throws: a `LogFault` with the check `tree.tile` if a tile is missing.
  public func hash(_ element: ProofElement, size: TreeSize) async throws -> Digest {
    var hashes: [TreeNode: Digest] = [:]
    for node in element {
      let slice = TileSlice(node)
      let width = UInt64(TilePath.fullWidth)
      let count = size.rawValue >> UInt64(8 * slice.level)
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
