import TestSupport
import Testing

@testable import CanonicalJSON

@Suite("Canonical JSON")
struct CanonicalJSONTests {
  @Test(
    "What cannot be signed is refused at its byte",
    arguments: [
      ("1.5", JSONError.Code.fraction, 1), ("[1e2]", .exponent, 2), ("-0", .negativeZero, 0),
      ("01", .leadingZero, 0), ("9007199254740992", .integerOutOfRange, 0),
      ("{\"a\":1,\"a\":2}", .duplicateKey, 7), ("[1,]", .trailingComma, 2),
      ("1 2", .trailingText, 2),
      ("\"\\ud800\"", .loneSurrogate, 1), ("\"\\udc00\"", .loneSurrogate, 1),
      ("", .unexpectedEnd, 0),
      ("\"\\x\"", .invalidEscape, 1), ("\"a\u{01}\"", .controlCharacter, 2),
      ("nul", .unexpectedEnd, 3),
    ])
  func refusals(text: String, code: JSONError.Code, offset: Int) {
    #expect(throws: JSONError(code: code, offset: offset)) { try JSON.parse(Array(text.utf8)) }
  }

  @Test("Bytes that are not UTF-8 are refused where they begin")
  func invalidUTF8() {
    #expect(throws: JSONError(code: .invalidUTF8, offset: 2)) {
      try JSON.parse([0x22, 0x61, 0xC0, 0x80, 0x22])
    }
  }

  @Test("Nesting is bounded")
  func depth() throws {
    let deep = { (n: Int) in
      Array((String(repeating: "[", count: n) + String(repeating: "]", count: n)).utf8)
    }
    _ = try JSON.parse(deep(64))
    #expect(throws: JSONError(code: .tooDeep, offset: 64)) { try JSON.parse(deep(65)) }
  }

  @Test("Keys that Swift compares as equal stay distinct, sorted by code point")
  func canonicallyEqualKeys() throws {
    let text = "{\"\u{E9}\":1,\"e\u{301}\":2,\"\u{FFFF}\":3,\"\u{1F600}\":4}"
    let json = try JSON.parse(Array(text.utf8))
    #expect(
      Array(json.canonicalBytes())
        == Array("{\"e\u{301}\":2,\"\u{E9}\":1,\"\u{FFFF}\":3,\"\u{1F600}\":4}".utf8))
  }

  @Test("Escapes have one spelling")
  func escapes() throws {
    let json = try JSON.parse(Array(#""\u0041\u00e9\ud83d\ude00\/\b\u001f\u007f""#.utf8))
    #expect(json.canonicalString() == "\"Aé😀/\\b\\u001f\u{7F}\"")
  }

  @Test("Writing and parsing again is the identity, over seeded random values")
  func roundTrip() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let value = RandomJSON.value(&random)
      let bytes = value.canonicalBytes()
      let again = try JSON.parse(bytes)
      #expect(again == value && again.canonicalBytes() == bytes, "seed \(seed)")
    }
  }
}
