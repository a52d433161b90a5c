import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing

/// The form in which titles are hashed, against the tables of Unicode and against Python.
@Suite("Canonical text")
struct CanonicalTextTests {
  /// The vectors of `canonical-text.json`.
  struct Vectors: Decodable {
    struct Title: Decodable {
      let pithNumber: String
      let title: String
      let sha256: String
    }
    struct Text: Decodable {
      let text: String
      let canonical: String
    }
    let titles: [Title]
    let texts: [Text]
    let whiteSpace: [String]
    let lowerCase: [String]
  }

  static func vectors() throws -> Vectors {
    try Fixtures.vectors(Vectors.self, "canonical-text.json")
  }

  private static func scalar(_ hex: some StringProtocol) throws -> Unicode.Scalar {
    try #require(UInt32(hex, radix: 16).flatMap(Unicode.Scalar.init))
  }

  /// Compares scalars. Two strings are equal for Swift if they are equivalent.
  private static func isSame(_ a: String, _ b: String) -> Bool {
    a.utf8.elementsEqual(b.utf8)
  }

  @Test("Published titles have their published digests")
  func published() throws {
    let published = try JSON.parse(Fixtures.vectors("pith-numbers.json"))["records"]?.arrayValue
    let sample = try JSON.parse(Fixtures.project(Fixtures.sample))
    for title in try Self.vectors().titles {
      let record = ((published ?? []) + [sample]).first {
        $0["pith_number"]?.stringValue == title.pithNumber
      }
      let canonical = try CanonicalRecord(#require(record?["canonical_record"]))
      #expect(canonical.titleDigest.hex == title.sha256)
      #expect(CanonicalText(title.title).digest == canonical.titleDigest, "\(title.title)")
      #expect(
        CanonicalText("\n " + title.title.uppercased() + "\t").digest == canonical.titleDigest)
      #expect(CanonicalText(title.title + ".").digest != canonical.titleDigest)
    }
  }

  @Test("White space, final sigma and the dotted I of Turkish are those of the vectors")
  func texts() throws {
    for vector in try Self.vectors().texts {
      let text = CanonicalText(vector.text).text
      #expect(Self.isSame(text, vector.canonical), "\(vector.text.debugDescription): \(text)")
      #expect(Self.isSame(CanonicalText(text).text, text), "\(vector.text.debugDescription)")
    }
  }

  @Test("Each scalar has the lower case and the class of Unicode's tables")
  func tables() throws {
    let vectors = try Self.vectors()
    #expect(vectors.lowerCase.count == 1433)
    for row in vectors.lowerCase {
      let scalars = try row.split(separator: " ").map(Self.scalar)
      var expected = String.UnicodeScalarView()
      expected.append(contentsOf: scalars.dropFirst())
      let text = CanonicalText(String(Character(scalars[0]))).text
      #expect(Self.isSame(text, String(expected)), "\(row)")
    }
    let spaces = Set(try vectors.whiteSpace.map(Self.scalar))
    #expect(spaces.count == 29)
    // Many scalars in one text: a text for each of the million takes a minute in an unoptimised build.
    for start in stride(from: UInt32(0), to: 0x110000, by: 256) {
      let scalars = (start..<start + 256).compactMap(Unicode.Scalar.init)
      var text = String.UnicodeScalarView()
      for scalar in scalars { text.append(contentsOf: ["a", scalar]) }
      let found = CanonicalText(String(text) + "b").text.unicodeScalars.count { $0 == " " }
      #expect(found == scalars.count(where: spaces.contains), "white space from \(start) on")
    }
  }

  /// Computes the form in Python. A text with a scalar that Python's version of Unicode does not know is left out.
  private static let program = """
    import sys, unicodedata
    for line in sys.stdin.buffer.read().split(b'\\n')[:-1]:
        t = bytes.fromhex(line.decode()).decode()
        known = all(unicodedata.category(c) != 'Cn' for c in t)
        sys.stdout.buffer.write((' '.join(t.split()).lower().encode().hex() if known else '-').encode() + b'\\n')
    """

  private static func compare(_ texts: [String], _ context: String) async throws {
    var input: [UInt8] = []
    for text in texts { input += Array(Hex.encode(Array(text.utf8)).utf8) + [0x0A] }
    let answer = String(decoding: try await python(program, input: input), as: UTF8.self)
    let lines = answer.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(lines.count == texts.count)
    for (text, expected) in zip(texts, lines) where expected != "-" {
      let ours = Hex.encode(Array(CanonicalText(text).text.utf8))
      if ours != expected {
        Issue.record("\(context): \(Hex.encode(Array(text.utf8))): \(ours), not \(expected)")
      }
    }
  }

  @Test("Each assigned scalar alone, after a letter and beside a sigma is what Python makes of it")
  func everyScalar() async throws {
    var texts: [String] = []
    // Unicode 16 changed the class of these two. Versions of Python differ in what they make of a sigma
    // beside them.
    let changed: Set<UInt32> = [0x295, 0x1171E]
    // Letters without case, such as ideographs, are many and alike: several are in one text.
    var alike = String.UnicodeScalarView()
    for value in 0...UInt32(0x10FFFF) where !changed.contains(value) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      switch scalar.properties.generalCategory {
      case .unassigned, .privateUse: continue
      case .otherLetter:
        alike.append(contentsOf: ["A", "\u{3A3}", scalar, "\u{3A3}"])
        guard alike.count >= 64 else { continue }
        texts.append(String(alike))
        alike = String.UnicodeScalarView()
      default:
        texts.append(
          "\(scalar) A\(scalar)\u{3A3} A\u{3A3}\(scalar) A\u{3A3}\(scalar)B \(scalar)\u{3A3}")
      }
    }
    texts.append(String(alike))
    try await Self.compare(texts, "each scalar")
  }

  @Test("Random texts are what Python makes of them")
  func randomTexts() async throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    let pools: [[Unicode.Scalar]] = [
      Array("\u{3A3}\u{3A3}\u{3A3}\u{3C3}\u{3C2}ΑΒΩάAaZ".unicodeScalars),
      Array("'.:\u{AD}\u{301}\u{308}\u{345}\u{2B0}\u{1D2C}\u{200D}\u{FE0F}\u{387}".unicodeScalars),
      Array(" \t\n\r\u{1C}\u{1F}\u{85}\u{A0}\u{2003}\u{2028}\u{3000}\u{200B}".unicodeScalars),
      Array("\u{130}Iıẞǅ\u{212A}\u{212B}\u{2126}Й𐐀𞤀ᏣᲐ漢1-(".unicodeScalars),
    ]
    let texts = (0..<15_000).map { _ in
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        let pool = pools[Int.random(in: 0..<pools.count, using: &random)]
        if let scalar = pool.randomElement(using: &random) { text.append(scalar) }
      }
      return String(text)
    }
    try await Self.compare(texts, "seed \(seed)")
  }

  @Test("A long text with many sigmas takes no quadratic time", .timeLimit(.minutes(5)))
  func cost() {
    let sigmas = String(repeating: "\u{3A3}'", count: 100_000)
    let text = CanonicalText(String(repeating: "'", count: 400_000) + "A" + sigmas).text
    #expect(text.hasPrefix("''") && text.hasSuffix("\u{3C3}'\u{3C2}'"))
  }
}
