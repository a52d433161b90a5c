import LedgerService
import Testing

@testable import LedgerDomain
@testable import LedgerPages

@Suite("Words of pages")
struct WordsTests {
  @Test("Numbers have commas between groups of three digits")
  func numbers() {
    let cases = [
      (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000"),
    ]
    for (number, text) in cases { #expect(NumberWords.text(number) == text) }
    #expect(NumberWords.count(1, "event", "events") == "1 event")
    #expect(NumberWords.count(0, "event", "events") == "0 events")
  }

  @Test("A period is a year, a month or a day that exists")
  func periods() throws {
    let cases = [
      ("2024", "2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
      ("2024-12", "December 2024", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
      ("2024-02", "February 2024", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
      ("2024-02-29", "29 February 2024", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
    ]
    for (text, words, start, end) in cases {
      let period = try #require(CalendarPeriod(text), "\(text)")
      #expect(period.text == text && period.words == words)
      #expect(period.start?.description == start && period.end?.description == end)
    }
    for text in [
      "", "24", "2024-13", "2023-02-29", "2024-1", "2024-01-01-01", "2024-", "-2024", "1969",
      "2024-01-32", "２０２４", "9999999", "2024-00",
    ] {
      #expect(CalendarPeriod(text) == nil, "\(text)")
    }
  }

  @Test("Every standing of an attestation has words and a tone, and only what counts is good")
  func standings() {
    let names = [
      "verified", "pending", "rejected", "withdrawn", "superseded", "revoked", "strong", "weak",
      "approved",
    ]
    for type in EventType.attestations {
      for name in names {
        let words = StandingWords(name, of: type, reason: "a reason")
        #expect(!words.badge.text.isEmpty && words.reason == "A reason.")
        if ["pending", "rejected", "withdrawn", "superseded", "revoked", "weak"].contains(name) {
          #expect(words.badge.tone != "good", "\(type) \(name)")
        }
      }
    }
  }

  @Test("A record without anything that counts says so")
  func badges() {
    #expect(RecordRow.badges(VerificationStatus()).map(\.tone) == ["none"])
    var status = VerificationStatus()
    status.weakAuthorClaims = 2
    #expect(RecordRow.badges(status).map(\.tone) == ["wait"])
    status.strongAuthorClaims = 1
    #expect(RecordRow.badges(status).map(\.text) == ["author confirmed"])
  }
}
