import CanonicalJSON
import LedgerDomain
import TestSupport
import Testing

@testable import RecordFormats

@Suite("Texts and names in formats")
struct TextTests {
  @Test("A text becomes one line without characters that control it")
  func oneLine() {
    #expect(PlainText.oneLine(" a\r\nb\u{2028}c\u{0}d\u{85}e ") == "a b c d e")
    #expect(PlainText.oneLine("a\u{202E}b\u{2066}c\u{FEFF}\u{FFFE}d") == "abcd")
    #expect(PlainText.oneLine("e\u{301} é") == "e\u{301} é")
    #expect(PlainText.oneLine(String(repeating: "a", count: 3000)).count == 2000)
    #expect(PlainText.oneLine("abcdef", limit: 4) == "abc…")
  }

  @Test("A list of authors is split into names, and names into their parts")
  func authors() {
    func names(_ text: String) -> [String] { AuthorName.list(text).names.map(\.full) }
    #expect(names("A. B, C D and E F") == ["A. B", "C D", "E F"])
    #expect(names("A B, C D, and E F") == ["A B", "C D", "E F"])
    #expect(names("A B & C D; E F") == ["A B", "C D", "E F"])
    #expect(names("Ferdinand Anderson, Andy Sandoval") == ["Ferdinand Anderson", "Andy Sandoval"])
    #expect(names("A B (1, 2), C D ((3) and 4) and E F (5") == ["A B", "C D", "E F (5"])
    #expect(names("John Smith, Jr., C D") == ["John Smith, Jr.", "C D"])
    #expect(names("") == [] && names(", ,and,") == [] && names("1, 2") == [])
    #expect(AuthorName.list("A B et al.").names.count == 1)
    #expect(AuthorName.list("A B, et al.") == ([AuthorName("A B")], true))

    let parts = AuthorName.list("Ludwig van der Berg, Plato, The ATLAS Collaboration, Van Nguyen")
      .names
    #expect(parts.map(\.family) == ["van der Berg", "Plato", "The ATLAS Collaboration", "Nguyen"])
    #expect(parts.map(\.given) == ["Ludwig", nil, nil, "Van"])
    #expect(parts.map(\.isGroup) == [false, false, true, false])
  }

  @Test("A long list is read up to a limit")
  func longList() {
    let list = AuthorName.list(
      (0..<5000).map { "A\($0) B" }.joined(separator: ", "))
    #expect(list.names.count == AuthorName.maxNames && list.hasMore)
    let huge = AuthorName.list(String(repeating: "a(", count: 2_000_000))
    #expect(huge.names.count <= 1 && huge.hasMore)
  }

  @Test("XML of any text is well-formed, and gives the text without characters that XML forbids")
  func xml() async throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    let texts = (0..<500).map { _ in SamplePaper.hostileText(&random) }
    let documents = texts.map { XMLText.element("a", [("b", $0)], $0) }
    let input: JSON = .array(
      zip(texts, documents).map { ["text": .string($0), "xml": .string($1)] })
    let failed = String(
      decoding: try await python(
        #"""
        import json, re, sys
        import xml.etree.ElementTree as tree
        forbidden = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
        for case in json.load(sys.stdin):
            expected = forbidden.sub("\ufffd", case["text"])
            element = tree.fromstring(case["xml"].encode())
            if (element.text or "") != expected or element.get("b") != expected:
                print(ascii(case["text"]))
        """#, input: input.canonicalBytes()), as: UTF8.self)
    #expect(failed.isEmpty, "seed \(seed): \(failed)")
  }

  @Test("Text in LaTeX has no command and no brace but those that print it")
  func latex() {
    #expect(
      LaTeXText.escaped("\\input{x} 50% #1 $a_b^c~&")
        == "\\textbackslash{}input\\textbraceleft{}x\\textbraceright{} 50\\% \\#1 "
        + "\\$a\\_b\\textasciicircum{}c\\textasciitilde{}\\&")
    // A brace and a combining mark are one character to Swift, and two to TeX.
    #expect(LaTeXText.escaped("{\u{301}") == "\\textbraceleft{}\u{301}")
  }

  @Test("Only the address of a record's page here names a record")
  func addresses() {
    let links = SamplePaper.links
    let page = "https://ledger.example/pith/"
    #expect(links.recordName(in: page + "4OXKXQ4P") == "4OXKXQ4P")
    #expect(links.recordName(in: page + "4OXKXQ4P#claims") == "4OXKXQ4P")
    #expect(links.recordName(in: "https://ledger.example/paper/4OXKXQ4P") == "4OXKXQ4P")
    for other in [
      "", page, page + "a/b", page + "a?b", "http://ledger.example/pith/a",
      "https://ledger.example.evil/pith/a", "https://ledger.example@evil/pith/a",
      "https://evil/https://ledger.example/pith/a", "/pith/a", "https://ledger.example/events",
    ] { #expect(links.recordName(in: other) == nil, "\(other)") }
  }
}
