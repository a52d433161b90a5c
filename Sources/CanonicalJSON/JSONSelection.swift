/// The members of nested objects that a reader needs.
public indirect enum JSONSelection: Sendable, ExpressibleByDictionaryLiteral {
  /// The whole value.
  case all
  /// Of an object, the members with these keys. A value of another kind is selected whole.
  case members([(key: String, value: JSONSelection)])

  /// Makes a selection of members from a literal.
  public init(dictionaryLiteral elements: (String, JSONSelection)...) {
    self = .members(elements.map { (key: $0.0, value: $0.1) })
  }
}

extension JSON {
  /// Parses one value, and returns the selected members of it alone.
  ///
  /// The whole text is checked: what ``parse(_:limits:)`` refuses is refused with the same error. Members that are not
  /// selected take no memory, and a fraction of the time.
  ///
  /// - Throws: the errors of ``parse(_:limits:)``.
  public static func parse(
    _ bytes: [UInt8], limits: JSONLimits = .default, selecting selection: JSONSelection
  ) throws(JSONError) -> JSON {
    guard bytes.count <= limits.maxBytes else {
      throw JSONError(code: .tooLarge, offset: limits.maxBytes)
    }
    var parser = Parser(bytes: bytes, maxDepth: limits.maxDepth)
    guard let value = try parser.selectedValue(depth: 0, selection) else {
      return try parse(bytes, limits: limits).selecting(selection)
    }
    parser.skipSpace()
    guard parser.index == bytes.count else {
      throw JSONError(code: .trailingText, offset: parser.index)
    }
    return value
  }

  /// The selected members of a value.
  func selecting(_ selection: JSONSelection) -> JSON {
    guard case .members(let wanted) = selection, case .object(let object) = self else {
      return self
    }
    var selected = JSONObject()
    for (key, selection) in wanted { selected[key] = object[key]?.selecting(selection) }
    return .object(selected)
  }
}

// These functions give up at a key that has an escape or does not follow the one before it, because they do not keep the
// keys by which they could tell whether it repeats. The keys of canonical JSON are ordered.
extension Parser {
  /// Reads a value, and returns the selected members of it; `nil` if it gives up.
  fileprivate mutating func selectedValue(
    depth: Int, _ selection: JSONSelection
  ) throws(JSONError) -> JSON? {
    skipSpace()
    guard case .members(let wanted) = selection, try peek() == UInt8(ascii: "{") else {
      return try value(depth: depth)
    }
    var selected = JSONObject()
    let isComplete = try walkObject(depth: depth + 1) { parser, key throws(JSONError) in
      for (name, selection) in wanted
      where key.count == name.utf8.count && parser.bytes[key].elementsEqual(name.utf8) {
        guard let value = try parser.selectedValue(depth: depth + 1, selection) else {
          return false
        }
        selected[name] = value
        return true
      }
      return try parser.skipValue(depth: depth + 1)
    }
    return isComplete ? .object(selected) : nil
  }

  /// Checks a value, and moves behind it. Returns `false` if it gives up.
  private mutating func skipValue(depth: Int) throws(JSONError) -> Bool {
    skipSpace()
    switch try peek() {
    case UInt8(ascii: "{"):
      return try walkObject(depth: depth + 1) { parser, _ throws(JSONError) in
        try parser.skipValue(depth: depth + 1)
      }
    case UInt8(ascii: "["):
      guard depth < maxDepth else { throw failure(.tooDeep) }
      index += 1
      skipSpace()
      if try peek() == UInt8(ascii: "]") {
        index += 1
        return true
      }
      repeat {
        guard try skipValue(depth: depth + 1) else { return false }
      } while try !closes(with: UInt8(ascii: "]"))
      return true
    case UInt8(ascii: "\""):
      if plainString() == nil { _ = try string() }
      return true
    default:
      _ = try value(depth: depth)
      return true
    }
  }

  /// Reads an object, and calls `body` with the range of each key, to read the member's value. Returns `false` if it, or
  /// `body`, gives up.
  private mutating func walkObject(
    depth: Int, _ body: (inout Parser, Range<Int>) throws(JSONError) -> Bool
  ) throws(JSONError) -> Bool {
    guard depth <= maxDepth else { throw failure(.tooDeep) }
    index += 1
    skipSpace()
    if try peek() == UInt8(ascii: "}") {
      index += 1
      return true
    }
    var last: Range<Int>?
    while true {
      skipSpace()
      guard try peek() == UInt8(ascii: "\"") else { throw failure(.unexpectedByte) }
      guard let key = plainString() else { return false }
      if let last, !bytes[last].lexicographicallyPrecedes(bytes[key]) { return false }
      last = key
      skipSpace()
      guard try peek() == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
      index += 1
      guard try body(&self, key) else { return false }
      if try closes(with: UInt8(ascii: "}")) { return true }
    }
  }

  /// Moves behind a string, and returns the range of its contents. Returns `nil`, and does not move, where the string has
  /// an escape or is not valid.
  private mutating func plainString() -> Range<Int>? {
    let start = index + 1
    var end = start
    var isASCII = true
    while end < bytes.count, bytes[end] != 0x22, bytes[end] != 0x5C, bytes[end] >= 0x20 {
      if bytes[end] >= 0x80 { isASCII = false }
      end += 1
    }
    guard end < bytes.count, bytes[end] == 0x22 else { return nil }
    guard isASCII || Self.validPrefix(of: bytes[start..<end]) == end - start else { return nil }
    index = end + 1
    return start..<end
  }
}
