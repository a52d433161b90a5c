import CanonicalJSON
public import LedgerDomain

/// Splits a stream of bytes into lines.
///
/// Errors: a `Refusal` with check `line_size` for a line longer than the limit.
public struct LineSplitter: Sendable {
  private var line: [UInt8] = []
  private let limit: Int

  /// Creates a splitter.
  ///
  /// - Parameter limit: the largest number of bytes in a line.
  public init(limit: Int) { self.limit = limit }

  /// The number of bytes of the incomplete last line.
  public var bufferedCount: Int { line.count }

  /// Adds bytes and returns the lines that they complete, without line ends and without blank lines.
  ///
  /// Errors: a `Refusal` with check `line_size`.
  public mutating func feed(_ bytes: [UInt8]) throws(Refusal) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0A) {
      try add(rest[..<end])
      if let line = take() { lines.append(line) }
      rest = rest[(end + 1)...]
    }
    try add(rest)
    return lines
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>) throws(Refusal) {
    guard line.count + bytes.count <= limit else {
      throw Refusal(.tooLarge, check: "line_size", "A line has at most \(limit) bytes.")
    }
    line += bytes
  }

  /// Returns the text after the last line end. `nil` if it is blank.
  public mutating func finish() -> [UInt8]? { take() }

  private mutating func take() -> [UInt8]? {
    defer { line.removeAll(keepingCapacity: true) }
    return line.contains { $0 > 0x20 } ? line : nil
  }
}
