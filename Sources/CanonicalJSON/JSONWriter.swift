extension JSON {
  /// Returns the canonical encoding of the value, which is hashed and signed.
  ///
  /// Keys are sorted by code point. There is no white space. In strings, only `"`, `\` and
  /// U+0000–U+001F are escaped. The bytes equal those of Python's `json.dumps(value,
  /// sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()`. Specification:
  /// canonical-json.md, section Writing.
  public func canonicalBytes() -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(512)
    write(to: &output)
    return output
  }

  /// Returns ``canonicalBytes()`` as text.
  public func canonicalString() -> String { String(decoding: canonicalBytes(), as: UTF8.self) }

  /// Returns the value in an indented form for people: two spaces for each level, and one line for each
  /// member. The form is not canonical.
  public func prettyString() -> String {
    var output: [UInt8] = []
    write(to: &output, indent: 0)
    return String(decoding: output, as: UTF8.self)
  }

  fileprivate func write(to output: inout [UInt8]) {
    switch self {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .integer(let value): output += String(value).utf8
    case .string(let value): Self.write(value, to: &output)
    case .array(let items):
      output.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        item.write(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let object): object.write(to: &output) { _, _ in true }
    }
  }

  private func write(to output: inout [UInt8], indent: Int) {
    func line(_ depth: Int) {
      output.append(UInt8(ascii: "\n"))
      output += repeatElement(UInt8(ascii: " "), count: depth * 2)
    }
    switch self {
    case .array(let items) where !items.isEmpty:
      output.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        line(indent + 1)
        item.write(to: &output, indent: indent + 1)
      }
      line(indent)
      output.append(UInt8(ascii: "]"))
    case .object(let object) where !object.isEmpty:
      output.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        line(indent + 1)
        Self.write(member.key, to: &output)
        output += ": ".utf8
        member.value.write(to: &output, indent: indent + 1)
      }
      line(indent)
      output.append(UInt8(ascii: "}"))
    default: write(to: &output)
    }
  }

  fileprivate static func write(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    defer { output.append(UInt8(ascii: "\"")) }
    // Most strings need no escape. They are copied as a whole.
    let bytes = text.utf8Span.span
    var index = 0
    while index < bytes.count, bytes[index] >= 0x20, bytes[index] != 0x22, bytes[index] != 0x5C {
      index += 1
    }
    if index == bytes.count {
      output += text.utf8
      return
    }
    for byte in text.utf8 {
      switch byte {
      case 0x22: output += [0x5C, 0x22]
      case 0x5C: output += [0x5C, 0x5C]
      case 0x08: output += [0x5C, UInt8(ascii: "b")]
      case 0x09: output += [0x5C, UInt8(ascii: "t")]
      case 0x0A: output += [0x5C, UInt8(ascii: "n")]
      case 0x0C: output += [0x5C, UInt8(ascii: "f")]
      case 0x0D: output += [0x5C, UInt8(ascii: "r")]
      case 0x00...0x1F:
        let digits = Array("0123456789abcdef".utf8)
        output += "\\u00".utf8
        output += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: output.append(byte)
      }
    }
  }
}

extension JSONObject {
  /// Returns the canonical encoding of the object without some of its members.
  public func canonicalBytes(without keys: [String]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(512)
    write(to: &output) { key, _ in !keys.contains { $0.utf8.elementsEqual(key.utf8) } }
    return output
  }

  /// Returns the canonical encoding of the object with the offset of each member in it, in order. What is
  /// inserted at an offset stands before the member.
  public func canonicalBytesWithOffsets() -> (bytes: [UInt8], offsets: [Int]) {
    var output: [UInt8] = []
    output.reserveCapacity(512)
    var offsets: [Int] = []
    write(to: &output) { _, offset in
      offsets.append(offset)
      return true
    }
    return (output, offsets)
  }

  /// Writes the members for which a closure says so. It takes the key, and the offset at which the member would
  /// be written.
  fileprivate func write(
    to output: inout [UInt8], where isWritten: (_ key: String, _ offset: Int) -> Bool
  ) {
    output.append(UInt8(ascii: "{"))
    var isFirst = true
    for member in members {
      guard isWritten(member.key, output.count + (isFirst ? 0 : 1)) else { continue }
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      JSON.write(member.key, to: &output)
      output.append(UInt8(ascii: ":"))
      member.value.write(to: &output)
    }
    output.append(UInt8(ascii: "}"))
  }
}
