public import CanonicalJSON

/// Cuts bytes into lines of bounded length.
public struct LineReader: Sendable {
  /// A line, or that one was too long. Its bytes are dropped as they come.
  public enum Line: Sendable, Equatable {
    /// The bytes without the line feed, and without a carriage return before it.
    case bytes([UInt8])
    /// The line is longer than the limit.
    case tooLong
  }

  private let maxBytes: Int
  private var rest: [UInt8] = []
  private var isSkipping = false

  /// Makes a reader of lines of at most `maxBytes` bytes.
  public init(maxBytes: Int = ClientMessage.limits.maxBytes) { self.maxBytes = maxBytes }

  /// Takes bytes. Returns the lines that end in them. Empty lines are left out.
  public mutating func take(_ bytes: some Collection<UInt8>) -> [Line] {
    var lines: [Line] = []
    var part = bytes[...]
    while let end = part.firstIndex(of: 0x0A) {
      append(part[..<end], to: &lines)
      endLine(&lines)
      part = part[part.index(after: end)...]
    }
    append(part, to: &lines)
    return lines
  }

  /// The line that the end of the input ends; `nil` if there is none.
  public mutating func finish() -> Line? {
    var lines: [Line] = []
    endLine(&lines)
    return lines.first
  }

  private mutating func append(_ part: some Collection<UInt8>, to lines: inout [Line]) {
    guard !isSkipping else { return }
    guard rest.count + part.count <= maxBytes else {
      rest = []
      isSkipping = true
      lines.append(.tooLong)
      return
    }
    rest += part
  }

  private mutating func endLine(_ lines: inout [Line]) {
    isSkipping = false
    if rest.last == 0x0D { rest.removeLast() }
    if !rest.isEmpty { lines.append(.bytes(rest)) }
    rest = []
  }
}
