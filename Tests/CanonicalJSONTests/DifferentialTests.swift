import Foundation
import TestSupport
import Testing

@testable import CanonicalJSON

/// Differential tests: the writer and the parser against Python's `json`.
@Suite("Canonical JSON against Python")
struct DifferentialTests {
  static let dumps =
    "json.dumps(json.loads(line), sort_keys=True, separators=(',',':'), ensure_ascii=False)"

  @Test("The output equals that of json.dumps, over a seeded corpus")
  func writer() async throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    var corpus: [UInt8] = []
    for _ in 0..<20_000 { corpus += RandomJSON.value(&random).canonicalBytes() + [0x0A] }
    for depth in [1, 63, 64] {
      var deep: JSON = ["é": 1, "e\u{301}": 2]
      for _ in 1..<depth { deep = .array([deep]) }
      corpus += deep.canonicalBytes() + [0x0A]
    }
    let expected = try await python(
      """
      import json, sys
      for line in sys.stdin.buffer.read().split(b'\\n')[:-1]:
          sys.stdout.buffer.write(\(Self.dumps).encode() + b'\\n')
      """, input: corpus)
    #expect(expected == corpus, "seed \(seed): \(Self.firstDifference(expected, corpus))")
  }

  @Test("Python's loose output is parsed, and written as json.dumps writes it")
  func parser() async throws {
    let seed = UInt32.random(in: .min ... .max)
    // Each value in two lines: first in a loose spelling, then in canonical form.
    let lines = try await python(
      """
      import json, random, sys
      r = random.Random(\(seed))
      def text():
          pools = ['\\x00\\x07\\b\\t\\n\\x0b\\f\\r\\x1f', ' "\\\\/az~\\x7f', 'éèe\\u0301', '\\u2028\\ufb33\\uffff', '😂𝒳']
          return ''.join(r.choice(r.choice(pools)) for _ in range(r.randrange(7)))
      def value(d):
          k = r.randrange(4 if d > 5 else 6)
          if k == 0: return r.choice([None, True, False])
          if k == 1: return r.choice([0, 2**53 - 1, 1 - 2**53, r.randrange(-10**6, 10**6)])
          if k < 4: return text()
          if k == 4: return [value(d + 1) for _ in range(r.randrange(4))]
          return {text(): value(d + 1) for _ in range(r.randrange(4))}
      for _ in range(20000):
          v = value(0)
          loose = json.dumps(v, ensure_ascii=r.random() < .5, separators=r.choice([(', ', ': '), (' ,\\t', ' :\\r'), (',', ':')]))
          line = json.dumps(v)
          sys.stdout.buffer.write(loose.encode() + b'\\n' + \(Self.dumps).encode() + b'\\n')
      """
    ).split(separator: 0x0A)
    #expect(lines.count == 40_000)
    for index in stride(from: 0, to: lines.count - 1, by: 2) {
      let text = try JSONText(Array(lines[index]))
      let ours = text.value.canonicalBytes()
      #expect(ours == Array(lines[index + 1]), "seed \(seed), line \(index)")
      #expect(text.isCanonical == (lines[index] == lines[index + 1]), "seed \(seed), line \(index)")
    }
  }

  @Test("A changed byte is refused with an offset inside the text, or gives the changed value")
  func mutations() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      var bytes = RandomJSON.value(&random).canonicalBytes()
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes[place] = .random(in: .min ... .max, using: &random)
      do throws(JSONError) {
        let text = try JSONText(bytes)
        let again = text.value.canonicalBytes()
        #expect(text.isCanonical == (again == bytes), "seed \(seed)")
        #expect(try JSON.parse(again).canonicalBytes() == again, "seed \(seed)")
      } catch {
        #expect((0...bytes.count).contains(error.offset), "seed \(seed): \(error)")
      }
    }
  }

  @Test("A selection gives the members of the whole value, or its error, also in any order of keys")
  func selections() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    let selection: JSONSelection = [
      "a": ["b": .all, "c": ["d": .all]], "\u{E9}": .all, "": ["a": .all],
    ]
    for _ in 0..<20_000 {
      var members = ["a", "b", "\u{E9}", ""].shuffled(using: &random).map { key in
        "\"\(key)\":" + Self.nested(&random)
      }
      members += [RandomJSON.value(&random), RandomJSON.value(&random)].map {
        "\"x\(Int.random(in: 0..<20, using: &random))\":\($0.canonicalString())"
      }
      if Bool.random(using: &random) {
        members.sort { Array($0.utf8).lexicographicallyPrecedes($1.utf8) }
      }
      var bytes = Array(
        "{\(members.prefix(.random(in: 0...6, using: &random)).joined(separator: ", "))}".utf8)
      if Int.random(in: 0..<3, using: &random) == 0 {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = .random(in: .min ... .max, using: &random)
      }
      let limits = JSONLimits(maxDepth: .random(in: 3...8, using: &random))
      let whole = Result { try JSON.parse(bytes, limits: limits).selecting(selection) }
      let selected = Result { try JSON.parse(bytes, limits: limits, selecting: selection) }
      switch (whole, selected) {
      case (.success(let a), .success(let b)): #expect(a == b, "seed \(seed)")
      case (.failure(let a), .failure(let b)):
        #expect(a as? JSONError == b as? JSONError, "seed \(seed)")
      default: Issue.record("seed \(seed): \(whole), \(selected)")
      }
    }
  }

  /// An object that has some members of the selection, or another value.
  private static func nested(_ random: inout SeededGenerator) -> String {
    if Int.random(in: 0..<3, using: &random) == 0 {
      return RandomJSON.value(&random).canonicalString()
    }
    let members = ["a", "b", "c", "d"].map { key in
      let value = RandomJSON.value(&random).canonicalString()
      return "\"\(key)\":" + (key == "c" ? "{\"d\":\(value)}" : value)
    }
    return "{\(members.joined(separator: ","))}"
  }

  private struct JCS: Decodable {
    struct Case: Decodable {
      let name: String
      let inputUtf8: String
      let outputHex: String
      let equalsPython: Bool?
    }
    let cases: [Case]
    let refused: [String]
  }

  @Test("The JCS cases")
  func jcs() throws {
    let jcs = try Fixtures.vectors(JCS.self, "canonical-json.json")
    for refused in jcs.refused {
      #expect(throws: JSONError.self, "\(refused)") { try JSON.parse(Array(refused.utf8)) }
    }
    var equal = 0
    for one in jcs.cases where one.equalsPython == true {
      // This format has no fractions, so the parser refuses such cases.
      guard let json = try? JSON.parse(Array(one.inputUtf8.utf8)) else { continue }
      let hex = json.canonicalBytes().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      #expect(hex == one.outputHex, "\(one.name)")
      equal += 1
    }
    #expect(equal >= 2)
  }

  static func firstDifference(_ a: [UInt8], _ b: [UInt8]) -> String {
    let place = zip(a, b).enumerated().first { $1.0 != $1.1 }?.offset ?? min(a.count, b.count)
    func around(_ bytes: [UInt8]) -> String {
      String(decoding: bytes[max(0, place - 40)..<min(bytes.count, place + 40)], as: UTF8.self)
    }
    return "at byte \(place): \(around(a)) | \(around(b))"
  }
}
