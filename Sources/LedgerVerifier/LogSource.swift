public import Encodings
public import Foundation
public import LedgerDomain
public import TransparencyLog

/// A source from which a log is read for verification.
public protocol LogSource: Sendable {
  /// Returns the bytes of up to `limit` entries from a position on. There are fewer at the end of
  /// the log.
  func entries(from position: Position, limit: Int) async throws -> [[UInt8]]
  /// Returns the first `width` hashes of a tile; `nil` if the source has no tile that is as wide.
  ///
  /// The tiles of an earlier size of the log are narrower. A source that has only the wider tile
  /// answers from that one. Source: C2SP tlog-tiles, section Partial Tiles.
  func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]?
  /// Compares the columns that are stored with the entries with those that derive from the entries.
  /// Returns the differences; `nil` if the source stores no columns.
  func columnDifferences(from derived: [FoldEvent]) async throws -> [ColumnDifference]?
  /// Returns the names of the database tables that a part of the log is read from; none for a source that
  /// is no database.
  func tables(of part: LogPart) -> [String]
}

extension LogSource {
  /// Returns nothing: most sources are no database.
  public func tables(of part: LogPart) -> [String] { [] }
}

/// A part of a log in which a fault can be.
public enum LogPart: Sendable {
  /// The entries with their columns.
  case entries
  /// The tiles of the tree, or the entries that they are computed from.
  case tiles
}

/// An entry whose stored columns are not those that derive from it.
public struct ColumnDifference: Sendable, Equatable {
  /// The position of the entry.
  public let position: Position
  /// The names of the columns that differ. Empty if no row has this position.
  public let columns: [String]

  /// Makes a difference.
  public init(position: Position, columns: [String]) {
    self.position = position
    self.columns = columns
  }

  /// The fault that a verification reports.
  public var fault: LogFault {
    columns.isEmpty
      ? LogFault("entry.position", position: position, "no row of the log has this position")
      : LogFault(
        "entry.columns", position: position,
        "the columns beside the entry are not those that follow from it: "
          + columns.joined(separator: ", "))
  }
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
  /// - Parameters:
  ///   - path: the directory.
  ///   - size: the number of entries that the log's checkpoint covers. The names of partial tiles depend on it.
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
      let wanted = TilePath(.entries, index: index, width: width)
      guard let (path, bytes) = try firstFile(atLeast: wanted) else {
        throw LogFault(
          "bundle.missing", position: Position(leaf: next), place: wanted.description,
          "there is no such file")
      }
      guard let bundle = TileBytes.decode(entries: bytes), bundle.count == path.width else {
        throw LogFault(
          "bundle.form", position: Position(leaf: next), place: path.description,
          "the bundle is not \(path.width) entries behind their lengths")
      }
      let upper = Int(min(end - start, UInt64(width)))
      entries += bundle[Int(next - start)..<upper]
      next = start + UInt64(upper)
    }
    return entries
  }

  /// Reads a tile of hashes.
  ///
  /// - Throws: a `LogFault` with the check `tile.form` if the file has another width than its name.
  public func tile(level: Int, index: UInt64, width: Int) async throws -> [Digest]? {
    let wanted = TilePath(.hashes(level: level), index: index, width: width)
    guard let (path, bytes) = try firstFile(atLeast: wanted) else { return nil }
    guard let hashes = TileBytes.decode(bytes), hashes.count == path.width else {
      throw LogFault(
        "tile.form", place: path.description, "the tile is not \(path.width) hashes")
    }
    return Array(hashes.prefix(width))
  }

  /// Reads the file of a tile or, where there is none, a wider one: the partial tile of the log's
  /// size, or the full tile. Returns `nil` if the directory has none of them.
  private func firstFile(
    atLeast path: TilePath
  ) throws(LogFault) -> (path: TilePath, bytes: [UInt8])? {
    let atEnd = TilePath.width(of: path.kind, index: path.index, in: size)
    for width in [path.width, atEnd, TilePath.fullWidth] where width >= path.width {
      let candidate = TilePath(path.kind, index: path.index, width: width)
      if let bytes = try file(candidate.description) { return (candidate, bytes) }
    }
    return nil
  }

  /// Returns `nil`: a directory stores no columns.
  public func columnDifferences(from derived: [FoldEvent]) async throws -> [ColumnDifference]? {
    nil
  }
}

extension LogDirectory {
  /// Computes the hash of one element of a proof from the tiles of a tree of this size.
  ///
  /// - Throws: a `LogFault` with the check `tree.tile` if a tile is missing.
  public func hash(_ element: ProofElement, size: TreeSize) async throws -> Digest {
    var hashes: [TreeNode: Digest] = [:]
    for node in element {
      let slice = TileSlice(node)
      let kind = TilePath.Kind.hashes(level: slice.level)
      let width = TilePath.width(of: kind, index: slice.index, in: size)
      guard let tile = try await tile(level: slice.level, index: slice.index, width: width),
        let hash = slice.hash(in: tile)
      else {
        let path = TilePath(kind, index: slice.index, width: width)
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
