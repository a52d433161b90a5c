import CanonicalJSON
import TestSupport

/// Random values of every kind in canonical JSON. Difficult values are frequent.
enum RandomJSON {
  static func value(_ random: inout SeededGenerator, depth: Int = 0) -> JSON {
    switch Int.random(in: 0..<(depth > 4 ? 4 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(integer(&random))
    case 3: return .string(text(&random))
    case 4:
      return .array(
        (0..<Int.random(in: 0..<4, using: &random)).map { _ in value(&random, depth: depth + 1) })
    default:
      return .object(
        JSONObject(
          (0..<Int.random(in: 0..<4, using: &random)).map { _ in
            (text(&random), value(&random, depth: depth + 1))
          }))
    }
  }

  static func integer(_ random: inout SeededGenerator) -> Int64 {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return [0, 1, -1, JSON.maxInteger, -JSON.maxInteger].randomElement(using: &random) ?? 0
    case 1: return .random(in: -300...300, using: &random)
    default: return .random(in: -JSON.maxInteger...JSON.maxInteger, using: &random)
    }
  }

  static func text(_ random: inout SeededGenerator) -> String {
    // Swift compares these strings as equal although their bytes differ. Both must stay as keys of one
    // object.
    if Int.random(in: 0..<8, using: &random) == 0 {
      return ["\u{E9}", "e\u{301}", "\u{1E9B}\u{323}", "\u{1E69}"].randomElement(using: &random)
        ?? ""
    }
    let ranges: [ClosedRange<UInt32>] = [
      0...0x1F, 0x20...0x7F, 0x80...0x7FF, 0xD7F0...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF,
    ]
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<7, using: &random) {
      let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
        text.append(scalar)
      }
    }
    return String(text)
  }
}
