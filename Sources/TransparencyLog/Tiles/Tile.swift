public import Encodings

/// A resource of a tiled log: hashes of one level, or entries (C2SP tlog-tiles).
public struct TilePath: Hashable, Sendable, CustomStringConvertible {
  /// The contents of a tile.
  public enum Kind: Hashable, Sendable {
    /// Hashes of a level from 0 to 63. Level 0 has the hashes of leaves.
    case hashes(level: Int)
    /// An entry bundle: the entries of the leaves, each with its length.
    case entries

    /// The level of the tree that the tile is at. Entry bundles are beside level 0.
    public var level: Int { if case .hashes(let level) = self { level } else { 0 } }
  }

  /// The number of hashes or entries in a full tile.
  public static let fullWidth = 256

  /// The contents.
  public let kind: Kind
  /// The index of the tile within its level.
  public let index: UInt64
  /// The number of hashes or entries, from 1 to 256. It is less than 256 only at the right edge of a tree.
  public let width: Int

  /// Creates a path.
  public init(_ kind: Kind, index: UInt64, width: Int = TilePath.fullWidth) {
    self.kind = kind
    self.index = index
    self.width = width
  }

  /// Parses a path such as `tile/0/x001/x234/067.p/8`. Returns `nil` for any other spelling.
  public init?(_ path: some StringProtocol) {
    guard path.utf8.count <= 80 else { return nil }
    var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
    guard parts.popFirst() == "tile", let kind = parts.popFirst() else { return nil }
    if kind == "entries" {
      self.kind = .entries
    } else {
      guard let level = Self.decimal(kind, in: 0...63) else { return nil }
      self.kind = .hashes(level: level)
    }
    if parts.count >= 2, parts[parts.endIndex - 2].hasSuffix(".p"), let last = parts.popLast() {
      guard let width = Self.decimal(last, in: 1...Self.fullWidth - 1),
        let name = parts.popLast()
      else { return nil }
      self.width = width
      parts.append(name.dropLast(2))
    } else {
      width = Self.fullWidth
    }
    var index: UInt64 = 0
    guard !parts.isEmpty, parts.count <= 7 else { return nil }
    for (place, part) in parts.enumerated() {
      var digits = part
      if place < parts.count - 1 {
        guard digits.popFirst() == "x" else { return nil }
      }
      guard digits.utf8.count == 3, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let value = UInt64(digits)
      else { return nil }
      // A leading group of zeros would be a second spelling of the same index.
      if place == 0, parts.count > 1, value == 0 { return nil }
      let (scaled, overflow) = index.multipliedReportingOverflow(by: 1000)
      let (sum, carry) = scaled.addingReportingOverflow(value)
      guard !overflow, !carry else { return nil }
      index = sum
    }
    self.index = index
  }

  private static func decimal(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Int? {
    guard (1...3).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      text.utf8.count == 1 || text.utf8.first != 0x30, let value = Int(text), range.contains(value)
    else { return nil }
    return value
  }

  /// The path as text.
  public var description: String {
    var groups: [String] = []
    var rest = index
    repeat {
      let digits = String(rest % 1000)
      groups.append(String(repeating: "0", count: 3 - digits.utf8.count) + digits)
      rest /= 1000
    } while rest > 0
    let name = groups.reversed().enumerated().map { place, digits in
      place < groups.count - 1 ? "x" + digits : digits
    }.joined(separator: "/")
    let kind =
      switch self.kind {
      case .hashes(let level): String(level)
      case .entries: "entries"
      }
    return "tile/\(kind)/\(name)" + (width < Self.fullWidth ? ".p/\(width)" : "")
  }

  /// The number of hashes or entries that a tile has in a log of this size; 0 for a tile that the log has
  /// not reached.
  public static func width(of kind: Kind, index: UInt64, in size: TreeSize) -> Int {
    let count = kind.level < 8 ? size.rawValue >> UInt64(8 * kind.level) : 0
    let (start, overflow) = index.multipliedReportingOverflow(by: UInt64(fullWidth))
    return overflow ? 0 : Int(min(UInt64(fullWidth), count - min(start, count)))
  }

  /// The paths of every tile of a log of this size, partial ones included. They are made one by one: a size that
  /// somebody else states costs no memory.
  public static func all(size: TreeSize) -> some Sequence<TilePath> {
    var groups: [(kind: Kind, full: UInt64, rest: Int)] = []
    var count = size.rawValue
    var level = 0
    while count > 0 {
      let full = count / UInt64(fullWidth)
      let rest = Int(count % UInt64(fullWidth))
      groups.append((.hashes(level: level), full, rest))
      if level == 0 { groups.append((.entries, full, rest)) }
      count = full
      level += 1
    }
    return groups.lazy.flatMap { kind, full, rest in
      (0..<(rest > 0 ? full + 1 : full)).lazy.map { index in
        TilePath(kind, index: index, width: index < full ? fullWidth : rest)
      }
    }
  }
}

/// The place of a node's hash in a tiled log.
public struct TileSlice: Hashable, Sendable {
  /// The level of the tile.
  public let level: Int
  /// The index of the tile within its level.
  public let index: UInt64
  /// The hashes of the tile under the node.
  public let range: Range<Int>

  /// Finds the tile that contains the hashes under a node.
  public init(_ node: TreeNode) {
    level = node.level / 8
    let within = node.level % 8
    let first = node.index << UInt64(within)
    index = first / UInt64(TilePath.fullWidth)
    let start = Int(first % UInt64(TilePath.fullWidth))
    range = start..<start + (1 << within)
  }

  /// Computes the node's hash from its tile. Returns `nil` if the tile is too narrow.
  public func hash(in tile: [Digest]) -> Digest? {
    guard range.upperBound <= tile.count else { return nil }
    return .over(tile[range])
  }
}

/// The encoding of tiles.
public enum TileBytes {
  /// Concatenates hashes.
  public static func encode(_ hashes: some Collection<Digest>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(hashes.count * Digest.byteCount)
    for hash in hashes { hash.append(to: &bytes) }
    return bytes
  }

  /// Decodes the hashes of a tile. Returns `nil` unless there are at most 256 complete ones.
  public static func decode(_ bytes: [UInt8]) -> [Digest]? {
    guard bytes.count % Digest.byteCount == 0,
      bytes.count <= TilePath.fullWidth * Digest.byteCount
    else { return nil }
    return stride(from: 0, to: bytes.count, by: Digest.byteCount).compactMap {
      Digest(bytes: bytes[$0..<$0 + Digest.byteCount])
    }
  }

  /// Encodes an entry bundle: each entry is preceded by its length in two bytes, big-endian.
  public static func encode(entries: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.reduce(0) { $0 + $1.count + 2 })
    for entry in entries {
      bytes.append(UInt8(truncatingIfNeeded: entry.count >> 8))
      bytes.append(UInt8(truncatingIfNeeded: entry.count))
      bytes += entry
    }
    return bytes
  }

  /// Decodes an entry bundle. Returns `nil` if it is truncated or has more than 256 entries.
  public static func decode(entries bytes: [UInt8]) -> [[UInt8]]? {
    var entries: [[UInt8]] = []
    var offset = 0
    while offset < bytes.count {
      guard offset + 2 <= bytes.count, entries.count < TilePath.fullWidth else { return nil }
      let length = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
      offset += 2
      guard offset + length <= bytes.count else { return nil }
      entries.append(Array(bytes[offset..<offset + length]))
      offset += length
    }
    return entries
  }
}
