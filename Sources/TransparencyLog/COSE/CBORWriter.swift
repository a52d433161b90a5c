/// Writes CBOR in its deterministic encoding (RFC 8949, section 4.2.1). The caller sorts the keys of maps.
struct CBORWriter {
  private(set) var bytes: [UInt8] = []

  private enum MajorType: UInt8 {
    case unsigned = 0
    case negative = 1
    case bytes = 2
    case text = 3
    case array = 4
    case map = 5
    case tag = 6
  }

  private mutating func head(_ type: MajorType, _ argument: UInt64) {
    let first = type.rawValue << 5
    switch argument {
    case 0..<24: bytes.append(first | UInt8(argument))
    case 24...0xFF: append(first | 24, argument, width: 1)
    case 0x100...0xFFFF: append(first | 25, argument, width: 2)
    case 0x1_0000...0xFFFF_FFFF: append(first | 26, argument, width: 4)
    default: append(first | 27, argument, width: 8)
    }
  }

  private mutating func append(_ first: UInt8, _ argument: UInt64, width: Int) {
    bytes.append(first)
    for index in (0..<width).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: argument >> UInt64(8 * index)))
    }
  }

  mutating func write(_ number: Int) {
    if number < 0 { head(.negative, UInt64(-1 - number)) } else { head(.unsigned, UInt64(number)) }
  }

  mutating func write(_ number: UInt64) { head(.unsigned, number) }

  mutating func write(_ string: [UInt8]) {
    head(.bytes, UInt64(string.count))
    bytes += string
  }

  mutating func write(_ text: String) {
    head(.text, UInt64(text.utf8.count))
    bytes += Array(text.utf8)
  }

  mutating func writeNull() { bytes.append(0xF6) }

  /// The beginning of an array. Its elements follow.
  mutating func beginArray(_ count: Int) { head(.array, UInt64(count)) }

  /// The beginning of a map. Its keys and values follow in turn.
  mutating func beginMap(_ count: Int) { head(.map, UInt64(count)) }

  /// A tag of the value that follows.
  mutating func beginTag(_ tag: UInt64) { head(.tag, tag) }
}
