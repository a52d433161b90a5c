import Encodings
import LedgerDomain
import Testing

@testable import LedgerHTTP

@Suite("Parts of a request target")
struct ParametersTests {
  @Test("Integers are decimal digits up to 2^53 - 1")
  func wholeNumbers() throws {
    func parse(_ text: String) throws -> Int64 {
      try Parameters.wholeNumber(text, check: "query", field: "from")
    }
    #expect(try parse("0") == 0)
    #expect(try parse("007") == 7)
    #expect(try parse("9007199254740991") == 9_007_199_254_740_991)
    for text in [
      "", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "9007199254740992", "00000000000000001",
      "99999999999999999999", "١",
    ] {
      let refusal = #expect(throws: Refusal.self, "\(text)") { try parse(text) }
      #expect(refusal?.code == .malformed && refusal?.check == "query", "\(text)")
      #expect(refusal?.field == "from", "\(text)")
    }
  }

  @Test("An identifier is decoded once, and loses the suffix .json")
  func identifiers() throws {
    #expect(try Parameters.identifier("pith:2024:ABC") == "pith:2024:ABC")
    #expect(try Parameters.identifier("10.1%2Fx.json") == "10.1/x")
    #expect(try Parameters.identifier("a.json.json") == "a.json")
    #expect(try Parameters.identifier("%2541") == "%41")
    for component in ["%", "%4", "%zz", "%ff", "a%00b"] {
      #expect(throws: Refusal(.malformed, check: "path", ""), "\(component)") {
        try Parameters.identifier(component)
      }
    }
  }

  @Test("A digest has 64 hexadecimal digits in any letter case")
  func digests() throws {
    let text = String(repeating: "aB", count: 32)
    #expect(try Parameters.digest(text, field: "sha256").hex == text.lowercased())
    for wrong in ["", String(text.dropLast()), text + "0", "g" + text.dropFirst()] {
      #expect(throws: Refusal(.malformed, check: "query", ""), "\(wrong)") {
        try Parameters.digest(wrong, field: "sha256")
      }
    }
  }

  @Test(
    "A query is decoded once; what is not text, not taken or given twice is refused by its name")
  func queries() throws {
    let taken: [QueryParameter] = ["a", "b", .repeatable("id")]
    let query = try Query("a=%25x+y&&id=1&id=%E2%82%AC&b", taking: taken)
    #expect(query["a"] == "%x+y" && query["b"] == "" && query["c"] == nil)
    #expect(query.values("id") == ["1", "€"])
    #expect(try Query(nil, taking: [])["a"] == nil)
    for (text, field) in [
      ("a=%ff", "a"), ("a=%00", "a"), ("a=%ED%A0%80", "a"), ("a=%", "a"), ("a=1&a=2", "a"),
      ("A=1", "A"), ("%61%62=1", "ab"), ("%ff=1", "%ff"), ("=1", ""), ("c", "c"),
    ] {
      let refusal = #expect(throws: Refusal.self, "\(text)") { try Query(text, taking: taken) }
      #expect(refusal?.check == "query" && refusal?.field == field, "\(text)")
    }
    #expect(try Query("a=true", taking: taken).isSet("a"))
    #expect(try !Query("a=false", taking: taken).isSet("a") && !Query("", taking: taken).isSet("a"))
    #expect(throws: Refusal(.malformed, check: "query", "")) {
      try Query("a=yes", taking: taken).isSet("a")
    }
  }

  @Test("The actions are the attestation types and the withdrawal")
  func actions() throws {
    for type in EventType.attestations + [.eventWithdrawn] {
      #expect(try Parameters.action(type.name) == type)
    }
    for name in ["", "unknown", "record_created", "key_vouched", "Citation_Signature", "nothing"] {
      #expect(throws: Refusal(.notFound, check: "action", ""), "\(name)") {
        try Parameters.action(name)
      }
    }
  }
}
