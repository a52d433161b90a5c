import CanonicalJSON
import Encodings
import Foundation
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

/// The formats of a record, read by libraries that others wrote.
@Suite(
  "Formats of records and other libraries", .privateServer(),
  .enabled(if: FormatTests.missing == nil, Comment(rawValue: FormatTests.missing ?? "")))
struct FormatJudgeTests {
  private static let orcid = "https://orcid.org/0000-0002-1825-0097"

  /// The statements of which the formats tell.
  private static func submit(_ test: LedgerUnderTest) async throws -> (JSON, String) {
    let author = try await test.key(
      "author", orcid, vouched: .author, named: "Zhuang Liu")
    let other = try await test.key("other")
    _ = try await test.submit(
      .authorAttestation,
      [
        "method": "key_signature", "name": "Zhuang Liu",
        "orcid": .string(orcid.suffix(19).description),
      ],
      by: author)
    var citations: [JSON] = []
    let relations = [
      "supports", "refutes", "extends", "cites", "uses_method", "replaces", "depends_on",
      "compares",
    ]
    let terms = [
      "uses_method": "usesMethodIn", "replaces": "updates", "depends_on": "usesConclusionsFrom",
      "compares": "discusses",
    ]
    for (index, relation) in relations.enumerated() {
      _ = try await test.cite("10.1000/\(index)", by: other, relation: relation)
      citations.append([
        .string(terms[relation] ?? relation), .string("https://doi.org/10.1000/\(index)"), true,
      ])
    }
    let cited = try await test.bareRecord()
    _ = try await test.ledger.signingSubmitter.submit(
      type: .citationSignature, payload: ["citing_arxiv": "2412.14164v1", "relation": "extends"],
      record: cited, target: "record", evidence: [], key: author)
    citations.append(["extends", .string(String(cited.suffix(26))), false])
    let withdrawn = try await test.cite("10.1000/withdrawn", by: other)
    let last = try await test.submit(
      .eventWithdrawn,
      ["event_id": .string("sha256:" + withdrawn.eventID.hex), "reason": "a mistake"], by: other)
    _ = try await test.ledger.records.status(LedgerUnderTest.number, atLeast: last.position)
    return (
      [
        "absent": "10.1000/withdrawn", "author": "Zhuang Liu", "citations": .array(citations),
        // The claim, the citations of the record, and the withdrawal.
        "events": .integer(Int64(relations.count + 3)), "number": .string(LedgerUnderTest.number),
        "orcid": .string(orcid),
        "title": "MetaMorph: Multimodal Understanding and Generation via Instruction Tuning",
        "used": 1,
      ], cited
    )
  }

  @Test(
    "JSON-LD, Signposting, Atom, references and compressed answers are what their specifications say"
  )
  func judges() async throws {
    try await withService { test, client in
      let expected = try await Self.submit(test).0
      let port = try #require(client.port)
      let wrong = try await python(
        String(decoding: Fixtures.project("Tests/LedgerHTTPTests/formats.py"), as: UTF8.self),
        [
          "http://127.0.0.1:\(port)", String(LedgerUnderTest.number.suffix(26)),
          expected.canonicalString(),
          Fixtures.project.appendingPathComponent("Tests/LedgerHTTPTests/atom.rng").path,
        ])
      #expect(wrong.isEmpty, "\(String(decoding: wrong, as: UTF8.self))")
    }
  }
}
