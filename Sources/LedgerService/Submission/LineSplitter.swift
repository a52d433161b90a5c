import CanonicalJSON
public import LedgerDomain

/// A line of a file or of a request's body.
public struct NumberedLine: Sendable, Equatable {
  /// The number of the line, counted from 1. Blank lines are counted.
  public let number: Int
  /// The line without its end.
  public let bytes: [UInt8]

  /// Makes a line.
  public init(number: Int, bytes: [UInt8]) {
    self.number = number
    self.bytes = bytes
  }
}

/// Splits a stream of bytes into lines.
///
/// Errors: a `Refusal` with check `line_size` for a line longer than the limit.
public struct LineSplitter: Sendable {
  private var line: [UInt8] = []
  private let limit: Int
  /// The number of the line that is incomplete, counted from 1.
  public private(set) var number = 1

  /// Creates a splitter.
  ///
  /// - Parameter limit: the largest number of bytes in a line.
  public init(limit: Int) { self.limit = limit }

  /// The number of bytes of the incomplete last line.
  public var bufferedCount: Int { line.count }

  /// Adds bytes and returns the lines that they complete, without line ends and without blank lines.
  ///
  /// Errors: a `Refusal` with check `line_size`.
  public mutating func feed(_ bytes: [UInt8]) throws(Refusal) -> [NumberedLine] {
    var lines: [NumberedLine] = []
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
      throw Refusal(
        .tooLarge, check: "line_size",
        "Line \(number) is too long. A line has at most \(limit) bytes.")
    }
    line += bytes
  }

  /// Returns the text after the last line end. `nil` if it is blank.
  public mutating func finish() -> NumberedLine? { take() }

  private mutating func take() -> NumberedLine? {
    defer {
      line.removeAll(keepingCapacity: true)
      number += 1
    }
    return line.contains { $0 > 0x20 } ? NumberedLine(number: number, bytes: line) : nil
  }
}
