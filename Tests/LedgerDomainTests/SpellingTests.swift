import LedgerDomain
import TestSupport
import Testing

/// Values with one spelling: times and Pith Numbers.
@Suite("Text forms of times and numbers")
struct SpellingTests {
  @Test(
    "A time has the form of RFC 3339",
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"),
      (951_782_400_000_000, "2000-02-29T00:00:00Z"),
      (1_790_000_000_120_000, "2026-09-21T14:13:20.120000Z"),
      (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
      // Outside the range of submitted times. Formatting must not trap.
      (253_402_300_800_000_000, "10000-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"),
      (-62_167_219_200_000_001, "-0001-12-31T23:59:59.999999Z"),
    ] as [(Int64, String)])
  func times(_ microseconds: Int64, _ text: String) {
    #expect(Timestamp(microseconds: microseconds).description == text)
  }

  @Test("Every time that can be parsed is written in the same form")
  func roundTrip() {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      var time = Timestamp(microseconds: .random(in: 0..<253_402_300_800_000_000, using: &random))
      if Bool.random(using: &random) { time.microseconds -= time.microseconds % 1_000_000 }
      #expect(Timestamp(time.description) == time, "seed \(seed)")
    }
    #expect(!Timestamp(microseconds: .min).description.isEmpty)
    #expect(!Timestamp(microseconds: .max).description.isEmpty)
  }

  @Test("A Pith Number is parsed in any letter case, and written in upper case")
  func numbers() throws {
    let text = Fixtures.sampleNumber
    let number = try #require(PithNumber(text))
    #expect(number.description == text)
    #expect(PithNumber(text.lowercased()) == number)
    #expect(PithNumber(text.uppercased()) == number)
    let bytes = Array(text.utf8)
    for place in bytes.indices {
      for byte in UInt8.min ... .max {
        var changed = bytes
        changed[place] = byte
        guard let other = PithNumber(String(decoding: changed, as: UTF8.self)) else { continue }
        let same =
          Character(Unicode.Scalar(byte)).uppercased()
          == Character(Unicode.Scalar(bytes[place])).uppercased()
        #expect((other == number) == same, "byte \(byte) at \(place)")
        #expect(
          other.description.uppercased() == String(decoding: changed, as: UTF8.self).uppercased())
      }
    }
    for length in 0..<60 where length != bytes.count {
      let other = (bytes + bytes)[..<length]
      #expect(PithNumber(String(decoding: other, as: UTF8.self)) == nil, "\(length) bytes")
    }
    #expect(PithNumber("pith:20é4:" + number.suffix.dropLast()) == nil)
  }
}
