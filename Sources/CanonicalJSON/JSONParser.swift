extension JSON {
  /// Parses one value. Only white space may follow it.
  ///
  /// The text is RFC 8259, restricted to values that have exactly one canonical form.
  /// Specification: canonical-json.md, section Reading.
  ///
  /// - Throws: a ``JSONError`` with the offset of the first offending byte. For a duplicate key
  ///   this is the second key's opening quote, and for a number out of range its first byte.
  public static func parse(
    _ bytes: [UInt8], limits: JSONLimits = .default
  ) throws(JSONError) -> JSON {
    try JSONText(bytes, limits: limits).value
  }
}

/// A text with the value that it spells.
public struct JSONText: Sendable {
  /// The value.
  public let value: JSON
  /// Whether the text is the canonical encoding of the value, which ``JSON/canonicalBytes()`` writes.
  public let isCanonical: Bool
  /// The offsets of the members of each object that is a member of the outermost object, in the order of
  /// the text.
  public let innerOffsets: [Int]

  /// Parses a text, as ``JSON/parse(_:limits:)`` does.
  public init(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
    guard bytes.count <= limits.maxBytes else {
      throw JSONError(code: .tooLarge, offset: limits.maxBytes)
    }
    var parser = Parser(bytes: bytes, maxDepth: limits.maxDepth)
    value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.index == bytes.count else {
      throw JSONError(code: .trailingText, offset: parser.index)
    }
    isCanonical = parser.isCanonical
    innerOffsets = parser.innerOffsets
  }
}

/// Reads values of a text from front to back.
struct Parser {
  let bytes: [UInt8]
  let maxDepth: Int
  var index = 0
  /// Whether everything that was read so far is in canonical form.
  var isCanonical = true
  /// The offsets of the members of objects at depth 2.
  var innerOffsets: [Int] = []

  init(bytes: [UInt8], maxDepth: Int) {
    self.bytes = bytes
    self.maxDepth = maxDepth
  }

  func failure(_ code: JSONError.Code, at offset: Int? = nil) -> JSONError {
    JSONError(code: code, offset: offset ?? index)
  }

  mutating func skipSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D:
        index += 1
        isCanonical = false
      default: return
      }
    }
  }

  func peek() throws(JSONError) -> UInt8 {
    guard index < bytes.count else { throw failure(.unexpectedEnd) }
    return bytes[index]
  }

  mutating func value(depth: Int) throws(JSONError) -> JSON {
    skipSpace()
    switch try peek() {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), 0x30...0x39: return try number()
    default: throw failure(.unexpectedByte)
    }
  }

  mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    for byte in text.description.utf8 {
      guard try peek() == byte else { throw failure(.unexpectedByte) }
      index += 1
    }
    return value
  }

  mutating func number() throws(JSONError) -> JSON {
    let start = index
    let negative = bytes[index] == UInt8(ascii: "-")
    if negative { index += 1 }
    let firstDigit = index
    var magnitude: Int64 = 0
    var outOfRange = false
    while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 {
      if !outOfRange {
        magnitude = magnitude * 10 + Int64(bytes[index] - 0x30)
        outOfRange = magnitude > JSON.maxInteger
      }
      index += 1
    }
    guard index > firstDigit else {
      throw failure(index < bytes.count ? .unexpectedByte : .unexpectedEnd)
    }
    if bytes[firstDigit] == 0x30, index > firstDigit + 1 {
      throw failure(.leadingZero, at: firstDigit)
    }
    if index < bytes.count {
      if bytes[index] == UInt8(ascii: ".") { throw failure(.fraction) }
      if bytes[index] == UInt8(ascii: "e") || bytes[index] == UInt8(ascii: "E") {
        throw failure(.exponent)
      }
    }
    if outOfRange { throw failure(.integerOutOfRange, at: start) }
    if negative, magnitude == 0 { throw failure(.negativeZero, at: start) }
    return .integer(negative ? -magnitude : magnitude)
  }

  mutating func array(depth: Int) throws(JSONError) -> JSON {
    guard depth <= maxDepth else { throw failure(.tooDeep) }
    index += 1
    var items: [JSON] = []
    skipSpace()
    if try peek() == UInt8(ascii: "]") {
      index += 1
      return .array(items)
    }
    while true {
      items.append(try value(depth: depth))
      if try closes(with: UInt8(ascii: "]")) { return .array(items) }
    }
  }

  mutating func object(depth: Int) throws(JSONError) -> JSON {
    guard depth <= maxDepth else { throw failure(.tooDeep) }
    index += 1
    var members: [JSONObject.Member] = []
    // The offsets of the members from the first one on that is not in order.
    var unsorted: [Int] = []
    skipSpace()
    if try peek() == UInt8(ascii: "}") {
      index += 1
      return .object(JSONObject())
    }
    // Most objects have at most this many members, and take one allocation.
    members.reserveCapacity(depth == 2 ? 9 : 4)
    while true {
      skipSpace()
      let offset = index
      if depth == 2 { innerOffsets.append(offset) }
      guard try peek() == UInt8(ascii: "\"") else { throw failure(.unexpectedByte) }
      let key = try string()
      skipSpace()
      guard try peek() == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
      index += 1
      if !unsorted.isEmpty || members.last.map({ !$0.key.precedes(key) }) ?? false {
        unsorted.append(offset)
      }
      members.append(JSONObject.Member(key: key, value: try value(depth: depth)))
      if try closes(with: UInt8(ascii: "}")) { break }
    }
    if !unsorted.isEmpty {
      isCanonical = false
      members = try sorted(members, unsorted)
    }
    return .object(JSONObject(sorted: members))
  }

  /// Sorts the members of an object.
  ///
  /// - Parameters:
  ///   - members: the members in the order of the text.
  ///   - offsets: the offsets of the last of them. Those before are in order, and their keys are unique.
  /// - Throws: an error at the first key that the object has already.
  func sorted(
    _ members: [JSONObject.Member], _ offsets: [Int]
  ) throws(JSONError) -> [JSONObject.Member] {
    // Equal keys are sorted by their place in the text, so that the second one is reported.
    let order = members.indices.sorted {
      members[$0].key.hasBytes(of: members[$1].key)
        ? $0 < $1 : members[$0].key.precedes(members[$1].key)
    }
    let repeated = zip(order, order.dropFirst()).lazy
      .filter { members[$0].key.hasBytes(of: members[$1].key) }.map(\.1)
    if let first = repeated.min() {
      throw failure(.duplicateKey, at: offsets[first - (members.count - offsets.count)])
    }
    return order.map { members[$0] }
  }

  /// Reads what follows an item. Returns `true` for the closing bracket, and `false` for a comma with
  /// another item after it.
  mutating func closes(with bracket: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    let byte = try peek()
    if byte == bracket {
      index += 1
      return true
    }
    guard byte == UInt8(ascii: ",") else { throw failure(.unexpectedByte) }
    let comma = index
    index += 1
    skipSpace()
    if try peek() == bracket { throw failure(.trailingComma, at: comma) }
    return false
  }

  mutating func string() throws(JSONError) -> String {
    let opening = index
    index += 1
    let start = index
    // Most strings have no escape. They are copied as one slice.
    index = Self.endOfRun(in: bytes.span, from: start)
    if index < bytes.count, bytes[index] == 0x22 {
      let text = try text(of: bytes[start..<index], at: start)
      index += 1
      return text
    }
    var buffer = Array(bytes[start..<index])
    _ = try text(of: bytes[start..<index], at: start)
    while true {
      guard index < bytes.count else { throw failure(.unexpectedEnd) }
      switch bytes[index] {
      case 0x22:
        index += 1
        guard let text = String(validating: buffer, as: UTF8.self) else {
          throw failure(.invalidUTF8, at: opening)
        }
        return text
      case 0x5C: try escape(into: &buffer)
      case 0x00...0x1F: throw failure(.controlCharacter)
      default:
        let run = index
        index = Self.endOfRun(in: bytes.span, from: run)
        _ = try text(of: bytes[run..<index], at: run)
        buffer += bytes[run..<index]
      }
    }
  }

  /// The index of the first quotation mark, backslash or control character.
  static func endOfRun(in bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x5C, bytes[index] >= 0x20 {
      index += 1
    }
    return index
  }

  /// Decodes UTF-8. Throws an error at the first byte that is not valid.
  func text(of slice: ArraySlice<UInt8>, at start: Int) throws(JSONError) -> String {
    // The initialiser that takes any collection looks up generic types for each string.
    if let text = try? UTF8Span(validating: slice.span) { return String(copying: text) }
    throw failure(.invalidUTF8, at: start + Self.validPrefix(of: slice))
  }

  /// The number of bytes, from the start, that form complete and valid UTF-8 sequences. Source: Unicode
  /// 15, table 3-7.
  static func validPrefix(of slice: ArraySlice<UInt8>) -> Int {
    var position = slice.startIndex
    func continues(_ index: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
      index < slice.endIndex && range.contains(slice[index])
    }
    while position < slice.endIndex {
      let length: Int
      switch slice[position] {
      case 0x00...0x7F: length = 1
      case 0xC2...0xDF: length = continues(position + 1) ? 2 : 0
      case 0xE0...0xEF:
        let second: ClosedRange<UInt8> =
          slice[position] == 0xE0
          ? 0xA0...0xBF : slice[position] == 0xED ? 0x80...0x9F : 0x80...0xBF
        length = continues(position + 1, second) && continues(position + 2) ? 3 : 0
      case 0xF0...0xF4:
        let second: ClosedRange<UInt8> =
          slice[position] == 0xF0
          ? 0x90...0xBF : slice[position] == 0xF4 ? 0x80...0x8F : 0x80...0xBF
        length =
          continues(position + 1, second) && continues(position + 2) && continues(position + 3)
          ? 4 : 0
      default: length = 0
      }
      if length == 0 { break }
      position += length
    }
    return position - slice.startIndex
  }

  mutating func escape(into buffer: inout [UInt8]) throws(JSONError) {
    let backslash = index
    index += 1
    switch try peek() {
    case UInt8(ascii: "\""): buffer.append(0x22)
    case UInt8(ascii: "\\"): buffer.append(0x5C)
    case UInt8(ascii: "/"):
      isCanonical = false
      buffer.append(0x2F)
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0C)
    case UInt8(ascii: "n"): buffer.append(0x0A)
    case UInt8(ascii: "r"): buffer.append(0x0D)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "u"):
      index += 1
      let digits = index
      var scalar = try hexadecimal()
      if !isCanonicalEscape(of: scalar, at: digits) { isCanonical = false }
      if (0xDC00...0xDFFF).contains(scalar) { throw failure(.loneSurrogate, at: backslash) }
      if (0xD800...0xDBFF).contains(scalar) {
        guard index + 1 < bytes.count, bytes[index] == 0x5C, bytes[index + 1] == UInt8(ascii: "u")
        else { throw failure(.loneSurrogate, at: backslash) }
        index += 2
        let low = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(low) else { throw failure(.loneSurrogate, at: backslash) }
        scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let unicode = Unicode.Scalar(scalar) else {
        throw failure(.loneSurrogate, at: backslash)
      }
      buffer += Array(String(Character(unicode)).utf8)
      return
    default: throw failure(.invalidEscape, at: backslash)
    }
    index += 1
  }

  /// Whether the writer escapes a character by these four digits: in lower case, for a control character
  /// without a shorter escape.
  func isCanonicalEscape(of scalar: UInt32, at digits: Int) -> Bool {
    switch scalar {
    case 0x08, 0x09, 0x0A, 0x0C, 0x0D: false
    case 0x00...0x1F: !(0x41...0x46).contains(bytes[digits + 3])
    default: false
    }
  }

  mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = try peek()
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
      default: throw failure(.invalidEscape)
      }
      index += 1
    }
    return value
  }
}
