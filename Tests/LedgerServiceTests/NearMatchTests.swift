import LedgerDomain
import LedgerStore
import LedgerTestSupport
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

/// What a text in the search box names, and which records have similar names.
@Suite("Names and similar names", .privateServer())
struct NearMatchTests {
  @Test("A name is read without what is written around it")
  func stripped() {
    let cases = [
      ("  2412.14164 \n", "2412.14164"), ("https://arxiv.org/abs/2412.14164v2", "2412.14164v2"),
      ("https://doi.org/10.1000/X", "10.1000/X"), ("HTTPS://ORCID.ORG/0000-0002", "0000-0002"),
      ("a title", "a title"), ("", ""),
    ]
    for (text, name) in cases { #expect(NameQueries.stripped(text) == name) }
  }

  @Test("Characters that base32 does not have stand for those that look alike")
  func lookAlikes() {
    #expect(NearMatchQueries.suffixes("pith:2024:40xk-xq4p") == ["4OXKXQ4P"])
    #expect(NearMatchQueries.suffixes("1L8O2") == ["ILBO2", "LLBO2"])
    #expect(NearMatchQueries.suffixes("abc").isEmpty, "too short to be like anything")
    #expect(NearMatchQueries.suffixes(String(repeating: "A", count: 33)).isEmpty)
    #expect(NearMatchQueries.suffixes("größe").isEmpty)
  }

  @Test("An arXiv id and a DOI are tried in their other ways of writing")
  func spellings() {
    func names(_ text: String) -> [String] { NearMatchQueries.spellings(text).map(\.name) }
    #expect(names("arXiv:2412.14164v7").contains("2412.14164"))
    #expect(names("241214164").contains("2412.14164"))
    #expect(names("2412.14164.pdf").contains("2412.14164"))
    #expect(names("math.GT/0309136v1").contains("math/0309136"))
    #expect(names("doi:10.1000/AbC.").contains("10.1000/abc"))
    for text in ["doi", "10.", "v", "", "vvv", "10./", "٣٤٥٦٧٨٩١"] { _ = names(text) }
  }

  @Test("Each way of mistaking the sample record finds it, and says why")
  func matches() async throws {
    try await withLedger { test in
      let cases: [(String, NearMatch.Reason)] = [
        ("40XKXQ4P", .lookAlike), ("4OXKXQ4Q", .beginning(7)), ("2412.14164v9", .arxiv),
        ("241214164", .arxiv), ("Metamorph instruction", .words), ("liu generation", .words),
      ]
      for (text, reason) in cases {
        let found = try await test.ledger.nearMatches.matches(for: text)
        #expect(
          found.first?.record.record.pithNumber.description == LedgerUnderTest.number, "\(text)")
        #expect(found.first?.reason == reason, "\(text)")
        #expect(found.count == 1, "\(text)")
      }
      for text in ["", "ZZZZZZZZ", "10.1000/nothing", String(repeating: "a", count: 301), "'&|!"] {
        #expect(try await test.ledger.nearMatches.matches(for: text).isEmpty, "\(text.prefix(20))")
      }
    }
  }

  @Test("Totals are those of the whole log, however many calls ask at once")
  func totals() async throws {
    try await withLedger { test in
      let key = try await test.key("Doe")
      for index in 0..<5 { _ = try await test.cite("10.1/\(index)", by: key) }
      let views = try await withThrowingTaskGroup(of: HomeView.self) { tasks in
        for _ in 0..<8 { tasks.addTask { try await test.ledger.home.view() } }
        return try await tasks.reduce(into: []) { $0.append($1) }
      }
      for view in views {
        let totals = try #require(view.totals)
        #expect(totals.size == view.size && totals.records == 1)
        #expect(totals.events[.citationSignature] == 5)
        #expect(totals.events.values.reduce(0, +) == view.size.stored)
        #expect(view.days.reduce(0) { $0 + $1.count } == view.size.stored)
        #expect(view.latest.first?.event.position == view.size.end.previous)
      }
    }
  }
}
