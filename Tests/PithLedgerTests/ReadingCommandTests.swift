import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

/// The commands that read: `search`, `status`, `events`, `event show`, `key events` and `replay --as-of`.
@Suite("Questions from the shell", .privateServer())
struct ReadingCommandTests {
  private func answer(_ test: LedgerUnderTest, _ arguments: [String]) async throws -> JSON {
    let result = try await test.pithledger(arguments)
    #expect(result.status == 0, "\(arguments): \(result.errors)")
    return try JSON.parse(Array(result.output.utf8.dropLast()))
  }

  @Test("The shell gives the same answers as the components")
  func answers() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      let first = try await test.cite("10.1000/1", by: key)
      _ = try await test.cite("10.1000/2", by: key)
      let number = LedgerUnderTest.number
      let found = try await answer(
        test,
        [
          "search", "--title", "metamorph", "--author", "tong", "--category", "cs.CV", "--after",
          "2024-12-18", "--before", "2024-12-19", "--status", "citation_signatures", "--order",
          "asc",
        ])
      #expect(found["records"]?.arrayValue?.map { $0["pith_number"] } == [.string(number)])
      #expect(try await answer(test, ["search", "--title", "nothing"])["records"] == [])

      let events = try await answer(
        test,
        [
          "events", number, "--type", "citation_signature", "--signer", key.signer.fingerprint.hex,
          "--standing", "verified", "--order", "desc", "--limit", "1",
        ])
      #expect(events["events"]?.arrayValue?.first?["payload"]?["citing_doi"] == "10.1000/2")
      #expect(events["next"]?.stringValue?.contains("from=\(first.position)") == true, "\(events)")
      let rest = try await answer(
        test,
        [
          "key", "events", key.signer.fingerprint.hex, "--since", "\(first.position)", "--from",
          "\(first.position)", "--order", "desc",
        ])
      #expect(
        rest["events"]?.arrayValue?.map { $0["event_id"]?.stringValue }
          == ["sha256:" + first.eventID.hex])
      let one = try await answer(test, ["event", "show", first.eventID.hex])
      #expect(one["standing"] == "verified" && one["signer_vouched"] == false)

      let past = try await answer(test, ["status", number, "--as-of", "\(first.recordedAt)"])
      #expect(past["verification_status"]?["citation_signatures"] == 1)
      #expect(
        try await answer(test, ["status", number, "--as-of", "\(first.position.next)"]) == past)
      let many = try await answer(test, ["status", number, "4OXKXQ4P"])
      #expect(
        many["statuses"]?.arrayValue?.map { $0["pith_number"] } == [
          .string(number), .string(number),
        ])
    }
  }

  @Test("A wrong question is refused with the name of what is wrong")
  func refusals() async throws {
    try await withLedger { test in
      let number = LedgerUnderTest.number
      for (arguments, status, field) in [
        (["search", "--title", ""], 2, "title"), (["search", "--limit", "0"], 64, "limit"),
        (["search", "--orcid", "1"], 2, "orcid"), (["search", "--cursor", "0"], 2, "cursor"),
        (["events", "--limit", "0"], 64, "limit"), (["events", "--from", "999"], 2, "from"),
        (["events", "--type", "x"], 2, "type"), (["events", "--since", "x"], 2, "since"),
        (["event", "show", "x"], 2, "event_id"), (["key", "events", "1"], 2, "fingerprint"),
        (["status", number, "--as-of", "x"], 64, "as-of"), (["status"], 64, "records"),
        (["status", number, "ZZZZZZZZ"], 2, ""),
        (["status", number, number, "--as-of", "1"], 64, ""),
        (["replay", "--as-of", "999"], 2, "as_of"),
        (["replay", "--as-of", "1", "--check"], 64, ""),
        (["replay", number], 64, ""),
      ] {
        let result = try await test.pithledger(arguments)
        #expect(result.status == status, "\(arguments): \(result.status) \(result.errors)")
        #expect(field.isEmpty || result.errors.contains(field), "\(arguments): \(result.errors)")
      }
    }
  }

  @Test("A replay of the first events answers as the ledger did then, and changes nothing")
  func pastReplay() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      let number = LedgerUnderTest.number
      var then: [(size: Int64, status: JSON)] = []
      for index in 0..<4 {
        _ = try await test.cite("10.1000/\(index)", by: key)
        then.append((try await test.ledger.health().size.stored, try await test.state().status))
      }
      func rows() async throws -> String {
        try await test.owner {
          try await $0.query("SELECT array_agg(v)::text FROM ledger.verification_status v")[0].text(
            0)
        }
      }
      let before = try await rows()
      var digests: Set<String> = []
      for moment in then {
        let past = try await answer(test, ["replay", "--as-of", "\(moment.size)", number])
        #expect(past["events"] == .integer(moment.size) && past["records"] == 1)
        #expect(
          past["totals"]?["citation_signatures"] == moment.status["citation_signatures"])
        #expect(past["totals"]?["pith_receipt"] == 1)
        #expect(
          past["statuses"]?.arrayValue?.first?["verification_status"] == moment.status)
        let again = try await answer(test, ["replay", "--as-of", "\(moment.size)"])
        #expect(again["projections_sha256"] == past["projections_sha256"])
        digests.insert(past["projections_sha256"]?.stringValue ?? "")
      }
      #expect(digests.count == then.count)
      #expect(try await answer(test, ["replay", "--as-of", "0"])["records"] == 0)
      #expect(try await rows() == before)
      try await test.replayAgrees()
    }
  }
}
