import Encodings
import Testing

@Suite("Base64, base32 and hex")
struct EncodingTests {
  @Test("RFC 4648 vectors")
  func vectors() {
    #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
    #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
    #expect(Base32.encode(Array("foob".utf8)) == "MZXW6YQ")
    #expect(Base64.decode("Zm9vYg==").map { String(decoding: $0, as: UTF8.self) } == "foob")
    #expect(Base64.decode("Zm9vYh==") == nil, "stray trailing bits")
    #expect(Base64.decode("Zm9vYg") == nil, "missing padding")
    #expect(Hex.decode("0AFF") == nil, "upper case")
  }
}
