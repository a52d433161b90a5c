import CanonicalJSON
import LedgerDomain
import TestSupport
import Testing

/// Which of two documents of a record stands.
@Suite("Precedence of documents")
struct DocumentPrecedenceTests {
  static func document(_ members: JSONObject) throws -> RecordDocument {
    let sample = try JSON.parse(Fixtures.project(Fixtures.sample)).objectValue ?? [:]
    var json: JSONObject = ["canonical_record": sample["canonical_record"] ?? .null]
    for (key, value) in members { json[key] = value }
    return try RecordDocument(.object(json), trusted: [:])
  }

  @Test(
    "The time of a document is any spelling of RFC 3339",
    arguments: [
      ("2026-05-17T23:38:14.674474+00:00", "2026-05-17T23:38:14.674474Z"),
      ("2026-05-17T23:38:14Z", "2026-05-17T23:38:14Z"),
      ("2026-05-17t23:38:14z", "2026-05-17T23:38:14Z"),
      ("2026-05-18T01:38:14.5+02:00", "2026-05-17T23:38:14.500000Z"),
      ("2026-05-17T20:08:14-03:30", "2026-05-17T23:38:14Z"),
      ("2026-05-17T23:38:14.123456789Z", "2026-05-17T23:38:14.123456Z"),
      ("1970-01-01T00:00:00+01:00", "1969-12-31T23:00:00Z"),
    ])
  func times(_ text: String, _ utc: String) throws {
    #expect(try Self.document(["updated_at": .string(text)]).updatedAt?.description == utc)
  }

  @Test(
    "Another text is no time",
    arguments: [
      "", "Z", "+00:00", "2026-05-17", "2026-05-17T23:38:14", "2026-05-17 23:38:14Z",
      "2026-05-17T23:38:14+0000", "2026-05-17T23:38:14+24:00", "2026-05-17T23:38:14+00:60",
      "2026-02-30T00:00:00Z", "2026-05-17T23:38:14.Z", "2026-05-17T23:38:14.1234567x9Z",
      "2026-05-17T23:38:14+é:00", "2026-05-17T23:38:60Z", "tomorrow",
    ])
  func noTime(_ text: String) throws {
    #expect(try Self.document(["updated_at": .string(text)]).updatedAt == nil)
    #expect(try Self.document(["updated_at": 1]).updatedAt == nil)
  }

  @Test("A document lacks a part that is absent, empty, or counted as zero")
  func parts() throws {
    var sample = try JSON.parse(Fixtures.project(Fixtures.sample)).objectValue ?? [:]
    sample["paper"] = [
      "abstract_excerpt": "An abstract", "authors_text": "A. Author", "title": "A title",
    ]
    let whole = try RecordDocument(.object(sample), trusted: [:])
    #expect(whole.parts.rawValue == 511, "the document has every part")
    func without(_ part: DocumentParts, _ change: (inout JSONObject) -> Void) throws {
      var changed = sample
      change(&changed)
      changed["updated_at"] = "2030-01-01T00:00:00Z"
      let document = try RecordDocument(.object(changed), trusted: [:])
      #expect(document.parts == whole.parts.subtracting(part), "\(part.rawValue)")
      #expect(document.precedence(over: whole, wasReplaced: false) == .poorer)
      // The whole document is older, although it has more.
      #expect(whole.precedence(over: document, wasReplaced: false) == .older)
    }
    func paper(_ member: String, _ value: JSON?) -> (inout JSONObject) -> Void {
      { json in
        var paper = json["paper"]?.objectValue ?? [:]
        paper[member] = value
        json["paper"] = .object(paper)
      }
    }
    func graph(_ member: String, _ value: JSON?) -> (inout JSONObject) -> Void {
      { json in
        var graph = json["graph_snapshot"]?.objectValue ?? [:]
        graph[member] = value
        json["graph_snapshot"] = .object(graph)
      }
    }
    let ofGraph: DocumentParts = [.graph, .claims, .references, .formalEvidence]
    try without(.title, paper("title", nil))
    try without(.title, paper("title", ""))
    try without(.authors, paper("authors_text", .null))
    try without(.abstract, paper("abstract_excerpt", nil))
    try without([.title, .authors, .abstract]) { $0["paper"] = nil }
    try without(.receipt) { $0["receipt"] = .null }
    try without(.inboundCitations) { $0["inbound_citations"] = ["count": 0, "sample": []] }
    try without(ofGraph) { $0["graph_snapshot"] = nil }
    try without(ofGraph) { $0["graph_snapshot"] = .null }
    try without(.claims, graph("claims", ["count": 4, "items": []]))
    try without(.references, graph("references", ["count": 0, "resolved_work": 0]))
    try without(.formalEvidence, graph("formal_canon", ["evidence_count": 0]))
  }

  @Test("Age decides first, then what a document has, then the position")
  func order() throws {
    let titled: JSON = ["title": "T"]
    func compare(
      _ a: JSONObject, _ b: JSONObject, wasReplaced: Bool = false
    ) throws -> DocumentPrecedence {
      try Self.document(a).precedence(over: Self.document(b), wasReplaced: wasReplaced)
    }
    let old: JSON = "2026-01-01T00:00:00Z"
    let new: JSON = "2026-01-01T01:00:00.000001+01:00"
    #expect(try compare(["paper": titled], ["paper": titled]) == .same)
    #expect(try compare(["updated_at": new, "paper": titled], ["paper": titled]) == .same)
    #expect(try compare(["a": 1], ["b": 1]) == .newer)
    #expect(try compare(["a": 1], ["b": 1], wasReplaced: true) == .older)
    #expect(try compare(["a": 1, "updated_at": old], ["b": 1, "updated_at": old]) == .newer)
    #expect(
      try compare(["a": 1, "updated_at": old], ["b": 1, "updated_at": old], wasReplaced: true)
        == .older)
    #expect(try compare(["a": 1, "updated_at": old], ["b": 1, "updated_at": new]) == .older)
    #expect(try compare(["a": 1, "updated_at": new], ["b": 1, "updated_at": old]) == .newer)
    // A source that takes a change back says so with a later time.
    #expect(
      try compare(["a": 1, "updated_at": new], ["b": 1, "updated_at": old], wasReplaced: true)
        == .newer)
    #expect(try compare(["a": 1], ["b": 1, "updated_at": old]) == .older)
    #expect(try compare(["a": 1, "updated_at": old], ["b": 1]) == .newer)
    #expect(try compare(["updated_at": new], ["paper": titled, "updated_at": old]) == .poorer)
    #expect(try compare(["updated_at": new], ["paper": titled]) == .poorer)
  }

  @Test("In any order of imports no document comes back, and none is passed over")
  func permutations() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let documents = try (0..<6).map { index in
        var json: JSONObject = ["number": .integer(Int64(index))]
        if Bool.random(using: &random) {
          json["updated_at"] = .string(
            "2026-01-0\(Int.random(in: 1...4, using: &random))T00:00:00Z")
        }
        if Bool.random(using: &random) { json["paper"] = ["title": "T"] }
        if Bool.random(using: &random) {
          json["graph_snapshot"] = [
            "references": ["count": .integer(.random(in: 0...1, using: &random))]
          ]
        }
        return try Self.document(json)
      }
      var standing: Int?
      var replaced: Set<Int> = []
      var offered: Set<Int> = []
      for _ in 0..<20 {
        let next = Int.random(in: 0..<6, using: &random)
        offered.insert(next)
        guard let current = standing else {
          standing = next
          continue
        }
        let precedence = documents[next].precedence(
          over: documents[current], wasReplaced: replaced.contains(next))
        #expect((precedence == .same) == (next == current), "seed \(seed)")
        guard precedence == .newer else { continue }
        #expect(!replaced.contains(next), "seed \(seed): a replaced document came back")
        replaced.insert(current)
        standing = next
      }
      let last = documents[try #require(standing)]
      for other in offered where other != standing {
        let document = documents[other]
        // None is strictly newer and has everything that the last one has.
        let isLater =
          document.updatedAt ?? .init(microseconds: -1) > last.updatedAt ?? .init(microseconds: -1)
        #expect(!(isLater && document.parts.isSuperset(of: last.parts)), "seed \(seed)")
      }
    }
  }
}
