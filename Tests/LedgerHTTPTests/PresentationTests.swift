import CanonicalJSON
import Encodings
import LedgerService
import RecordFormats
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerDomain
@testable import LedgerHTTP
@testable import LedgerStore

/// The encoders of the service's values, without a database.
@Suite("Values as JSON")
struct PresentationTests {
  private let number: PithNumber
  private let time: Timestamp

  init() throws {
    number = try #require(PithNumber(Fixtures.sampleNumber))
    time = try #require(Timestamp("2026-11-23T12:00:00Z"))
  }

  private func event(at position: Int64) -> StoredEvent {
    StoredEvent(
      position: Position(rawValue: position), record: RecordID(rawValue: 0),
      eventID: Digest(hashing: [UInt8(truncatingIfNeeded: position)]), type: .citationSignature,
      recordedAt: time,
      entry: Array(#"{"admission":{"verdict":"verified"},"event":{"note":"n"}}"#.utf8))
  }

  @Test("Links begin with the public address, otherwise with the given base")
  func links() {
    var configuration = LedgerConfiguration(dataDirectory: "/nowhere")
    #expect(Links(configuration) == Links())
    #expect(Links(configuration, otherwise: "http://h") == Links(base: "http://h"))
    configuration.publicURL = "https://ledger.example"
    let links = Links(configuration, otherwise: "http://h")
    #expect(links == Links(base: "https://ledger.example"))
    #expect(links.page(number) == "https://ledger.example/pith/\(number.suffix)")
    #expect(links.paper(number) == "https://ledger.example/paper/\(number.suffix.prefix(8))")
    #expect(
      links.resolve("doi=10.1")
        == "https://ledger.example/api/pith-number/resolve?doi=10.1&json=true")
    #expect(Links().api(number) == "/api/pith-number/\(number.suffix)")
    #expect(
      Links().events(.log, from: Position(rawValue: 7), limit: 2) == "/api/events?from=7&limit=2")
    #expect(
      Links().events(.record(number), from: Position(rawValue: 7), limit: 2)
        == "/api/pith-number/\(number.suffix)/events.json?from=7&limit=2")
  }

  @Test("An event is the signed event with what the log adds")
  func events() throws {
    #expect(
      try event(at: 5).json() == [
        "admission": ["verdict": "verified"], "note": "n", "position": 5,
        "recorded_at": .string(time.description),
      ])
    let damaged = StoredEvent(
      position: .first, record: RecordID(rawValue: 0), eventID: Digest(hashing: []),
      type: .unknown, recordedAt: time, entry: Array("{".utf8))
    #expect(throws: (any Error).self) { try damaged.json() }
  }

  @Test("A page that is not the last names the next one, with the conditions of the list")
  func pages() throws {
    let events = [event(at: 3), event(at: 8)]
    let first = try EventPage(list: .log, events: events, limit: 2, next: 9).json()
    #expect(first["next"] == "/api/events?from=9&limit=2")
    #expect(first["pith_number"] == nil && first["events"]?.arrayValue?.count == 2)
    let last = try EventPage(list: .log, events: events, limit: 2, next: nil).json()
    #expect(last["next"] == nil)
    let filter = try EventFilter(
      types: "key_vouched,citation_signature", signer: "urn:a&b=c d", target: "claim:C1",
      standings: "verified", since: "2026-11-27T09:00:00Z", order: "desc")
    let record = try EventPage(
      list: .record(number), filter: filter, events: events, standings: [3: "verified"], limit: 2,
      next: 2
    ).json(Links(base: "http://h"))
    #expect(record["pith_number"] == .string(number.description))
    #expect(record["events"]?.arrayValue?.map { $0["standing"] } == ["verified", nil])
    #expect(
      record["next"]
        == .string(
          "http://h/api/pith-number/\(number.suffix)/events.json?from=2&limit=2&order=desc&signer=urn:a%26b%3Dc%20d"
            + "&since=2026-11-27T09:00:00Z&standing=verified&target=claim:C1&type=key_vouched,citation_signature"
        ))
  }

  @Test("A consistency proof has sizes as numbers, and hashes in base64")
  func consistency() {
    let (old, new) = (Digest(hashing: [1]), Digest(hashing: [2]))
    let proof = ConsistencyProof(
      oldSize: 1, oldRoot: old, newSize: 2, newRoot: new, hashes: [new, old])
    #expect(
      proof.json == [
        "new_root": .string(new.base64), "new_size": 2, "old_root": .string(old.base64),
        "old_size": 1, "proof": [.string(new.base64), .string(old.base64)],
      ])
  }

  @Test("A status has the record, the position, what is verified, and the summary")
  func status() {
    var verified = VerificationStatus()
    verified.strongAuthorClaims = 1
    let status = StatusSnapshot(
      pithNumber: number, position: Position(rawValue: 4), verificationStatus: verified,
      eventSummary: ["total": 2], validUntil: nil)
    #expect(
      status.json == [
        "event_summary": ["total": 2], "pith_number": .string(number.description), "position": 4,
        "verification_status": .object(verified.json),
      ])
    #expect(status.json["verification_status"]?["author_attested"] == true)
  }

  private func record(
    document: JSONObject?, titleVerified: Bool? = nil, names: [RecordView.Name] = [],
    hasMoreEvents: Bool = false
  ) -> RecordView {
    RecordView(
      record: ResolvedRecord(
        record: RecordID(rawValue: 0), pithNumber: number, canonicalSHA256: Digest(hashing: []),
        isOperatorImported: true),
      document: document, titleVerified: titleVerified,
      canonicalRecord: ["source": ["id": "2412.14164", "kind": "arxiv"]], aliases: names,
      events: [event(at: 0)], hasMoreEvents: hasMoreEvents, status: nil, createdAt: time,
      updatedAt: time)
  }

  @Test("A record without a document has the members of one, and addresses of its own")
  func recordWithoutDocument() throws {
    let json = try record(document: nil).json(Links(base: "http://h"))
    #expect(json["record_type"] == "pith_number_record")
    #expect(json["source"]?["id"] == "2412.14164")
    #expect(json["pith_number"] == .string(number.description))
    #expect(json["short_pith_number"] == .string(number.short))
    #expect(json["events"]?.arrayValue?.count == 1 && json["events_next"] == nil)
    #expect(json["verification_status"] == .null && json["event_summary"] == .null)
    #expect(json["links"]?["html"] == .string("http://h/pith/\(number.suffix)"))
    #expect(
      json["agent_actions"]?["resolve_alias"]
        == "http://h/api/pith-number/resolve?arxiv=2412.14164&json=true")
    #expect(json["created_at"] == .string(time.description))
    let more = try record(document: nil, hasMoreEvents: true).json()
    #expect(
      more["events_next"]
        == .string("/api/pith-number/\(number.suffix)/events.json?from=0&limit=1000"))
  }

  @Test("The document's members are kept, except those that the ledger computes")
  func recordWithDocument() throws {
    let document: JSONObject = [
      "extra": "kept", "paper": ["title": "T"], "pith_number": "pith:1999:FALSE",
      "receipt": ["r": 1], "verification_status": ["author_attested": true],
    ]
    let json = try record(document: document, titleVerified: true).json()
    #expect(json["extra"] == "kept" && json["receipt"] == ["r": 1])
    #expect(json["paper"] == ["title": "T"])
    #expect(json["pith_number"] == .string(number.description))
    #expect(json["verification_status"] == .null)
    let unconfirmed = try record(document: document, titleVerified: false).json()
    #expect(unconfirmed["paper"] == ["title": "T", "title_verified": false])
  }

  @Test("Aliases come from the document and the log, each once, without retracted ones")
  func aliases() throws {
    let names = [
      RecordView.Name(alias: Alias(kind: .arxiv, value: "2412.14164"), isRetracted: false),
      RecordView.Name(alias: Alias(kind: .doi, value: "10.1/gone"), isRetracted: true),
      RecordView.Name(alias: Alias(kind: .pithShort8, value: "4oxkxq4p"), isRetracted: false),
    ]
    let document: JSONObject = [
      "aliases": [
        ["alias_kind": "arxiv", "alias_value": "arXiv:2412.14164"],
        ["alias_kind": "doi", "alias_value": "https://doi.org/10.1/GONE"],
        ["alias_kind": "other", "alias_value": "x"],
      ]
    ]
    #expect(
      try record(document: document, names: names).json()["aliases"] == [
        ["alias_kind": "arxiv", "alias_value": "arXiv:2412.14164"],
        ["alias_kind": "other", "alias_value": "x"],
        ["alias_kind": "pith_short_8", "alias_value": "4OXKXQ4P"],
      ])
  }

  @Test("A refusal says over HTTP which request resolves it")
  func advice() {
    func detail(_ remedy: Refusal.Remedy?) -> String {
      Problem(Refusal(.invalid, check: "signature", "It is not signed.", remedy: remedy)).detail
    }
    #expect(detail(nil) == "It is not signed.")
    #expect(
      detail(.prepareEvent) == "It is not signed. ?prepare=true answers with the bytes to sign.")
    #expect(detail(.importRecord).hasSuffix("POST /api/records."))
    #expect(detail(.submitToRegistry).contains("/api/events"))
    #expect(detail(.submitAction).contains("/pith/{id}/action/{event_type}"))
    #expect(detail(.authorise).contains("Authorization: Bearer"))
  }
}
