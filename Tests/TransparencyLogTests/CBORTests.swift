import Encodings
import Testing

@testable import TransparencyLog

@Suite("CBOR")
struct CBORTests {
  /// The examples of RFC 8949, appendix A.
  @Test(
    "Numbers are written in their shortest form",
    arguments: [
      (0, "00"), (10, "0a"), (23, "17"), (24, "1818"), (100, "1864"), (1000, "1903e8"),
      (1_000_000, "1a000f4240"), (1_000_000_000_000, "1b000000e8d4a51000"), (-1, "20"),
      (-10, "29"), (-100, "3863"), (-1000, "3903e7"),
    ])
  func numbers(number: Int, hex: String) {
    var writer = CBORWriter()
    writer.write(number)
    #expect(Hex.encode(writer.bytes) == hex)
  }

  @Test("The largest number, strings, null, arrays, maps and tags")
  func others() {
    var writer = CBORWriter()
    writer.write(UInt64.max)
    writer.write([1, 2, 3, 4])
    writer.write("\u{6C34}")
    writer.writeNull()
    writer.beginArray(25)
    writer.beginMap(2)
    writer.beginTag(18)
    #expect(
      Hex.encode(writer.bytes) == "1bffffffffffffffff" + "4401020304" + "63e6b0b4" + "f6" + "9819"
        + "a2" + "d2"
    )
  }
}
