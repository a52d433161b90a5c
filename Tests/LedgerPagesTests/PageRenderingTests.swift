import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import RecordFormats
import Testing
import TransparencyLog

@testable import LedgerPages
@testable import LedgerService
@testable import LedgerStore

@Suite("Pages as HTML")
struct PageRenderingTests {
  /// Text that breaks a page which does not escape it.
  static let hostile =
    "</title></pre>\"'><script>alert(1)</script>&amp;{{x}}\u{202E}<img src=x onerror=alert(1)>"

  static var frame: PageFrame { PageFrame(title: hostile, summary: hostile, canonicalURL: hostile) }

  static func render(_ page: some Page) throws -> String {
    try PageRenderer(origin: hostile).html(page)
  }

  /// What every page has, whatever the text on it.
  static func requireWhole(_ html: String, _ name: String) {
    func count(_ text: String) -> Int { html.components(separatedBy: text).count - 1 }
    #expect(count("<h1") == 1, "\(name) has one heading of the first level")
    let head = html.components(separatedBy: "</head>")[0]
    #expect(head.components(separatedBy: "</title>").count == 2, "\(name) has one title")
    #expect(count("<main") == 1 && html.contains("<html lang=\"en\">"), "\(name)")
    #expect(!html.contains("alert(1)</script>"), "\(name) has a script of the text")
    #expect(!html.contains("<img"), "\(name) has an element of the text")
    #expect(!html.contains("style=\""), "\(name) has a style in its text")
    // Each script is a module of the ledger.
    #expect(count("<script") == count("<script type=\"module\" src=\"/assets/"), "\(name)")
  }

  static func standing(_ state: KeyStanding.State) throws -> KeyStanding {
    var timeline = KeyTimeline()
    let fingerprint = Digest128(high: 1, low: 2)
    func event(
      _ position: Position, _ type: EventType, by signer: Digest128, _ key: KeyColumns
    ) -> FoldEvent {
      FoldEvent(
        position: position, record: .registry, eventID: Digest(hashing: [UInt8(position.rawValue)]),
        type: type, recordedAt: Timestamp(microseconds: 0), createdAt: Timestamp(microseconds: 0),
        verdict: .verified, signerKey: signer, key: key)
    }
    let registry = Digest128(high: 9, low: 9)
    _ = timeline.apply(
      event(
        0, .keyRegistered, by: registry,
        KeyColumns(
          fingerprint: registry, signerID: "urn:registry", signerType: .registry, keyID: "r",
          publicKey: Array(repeating: 1, count: 32))))
    _ = timeline.apply(
      event(
        1, .keyRegistered, by: fingerprint,
        KeyColumns(
          fingerprint: fingerprint, signerID: hostile, signerType: .author, keyID: hostile,
          publicKey: Array(repeating: 2, count: 32))))
    if state == .vouched || state == .retired {
      _ = timeline.apply(
        event(
          2, .keyVouched, by: registry,
          KeyColumns(
            fingerprint: fingerprint, signerID: hostile, signerType: .author, name: hostile)))
    }
    if state == .retired {
      _ = timeline.apply(
        event(3, .vouchingWithdrawn, by: registry, KeyColumns(fingerprint: fingerprint)))
    }
    if state == .revoked {
      _ = timeline.apply(
        event(
          4, .keyRevoked, by: registry,
          KeyColumns(fingerprint: fingerprint, compromisedFrom: 1)))
    }
    let standing = KeyStanding(
      key: try #require(timeline.registration(of: fingerprint)), isRegistry: false)
    #expect(standing.state == state)
    return standing
  }

  @Test("The first page renders without events, and with numbers that are not counted yet")
  func home() throws {
    let view = HomeView(
      size: 0, totals: nil, keyCount: 0,
      days: (0..<30).map {
        HomeView.Day(start: Timestamp(microseconds: $0 * 86_400_000_000), count: $0)
      }, latest: [])
    let html = try Self.render(HomePage(frame: Self.frame, view))
    Self.requireWhole(html, "home")
    #expect(html.contains("being counted") && html.contains("Nothing is recorded yet"))
    #expect(html.contains("435 events were recorded in the last 30 days"))
    #expect(html.components(separatedBy: "<rect class=\"bar\"").count == 31)
  }

  @Test("Searches, errors and checks escape what a reader typed")
  func typed() throws {
    var outcome = SearchPage.Outcome()
    outcome.problem = Self.hostile
    outcome.hint = Self.hostile
    let number = try #require(PithNumber("pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2"))
    let record = TitledRecord(
      record: ResolvedRecord(
        record: RecordID(rawValue: 1), pithNumber: number, canonicalSHA256: Digest(hashing: []),
        isOperatorImported: false), title: Self.hostile, titleVerified: false)
    outcome.candidates = [record]
    outcome.near = [NearMatch(record: record, reason: .lookAlike)]
    Self.requireWhole(
      try Self.render(SearchPage(frame: Self.frame, outcome) { _ in Self.hostile }), "search")
    let error = ErrorPage(
      status: 404, check: Self.hostile, detail: Self.hostile, text: Self.hostile,
      candidates: [Self.hostile], near: [NearMatch(record: record, reason: .beginning(5))])
    Self.requireWhole(try Self.render(error), "error")
    let problem = ProblemPage(
      check: Self.hostile, title: Self.hostile, meaning: Self.hostile, remedy: Self.hostile,
      statuses: [400], canonicalURL: Self.hostile)
    Self.requireWhole(try Self.render(problem), "problem")
    let known = KnownHash(
      digest: Digest(hashing: []), canonical: [record], documents: [record], event: 3,
      evidence: .init(kind: Self.hostile, sizeBytes: 1), isErased: true)
    let check = CheckPage(
      frame: Self.frame, sha256: Self.hostile, problem: Self.hostile, known: known,
      logKey: Self.hostile)
    Self.requireWhole(try Self.render(check), "check")
  }

  @Test(
    "A key is described by its standing, whatever its name", arguments: KeyStanding.State.allCases)
  func keys(_ state: KeyStanding.State) throws {
    let standing = try Self.standing(state)
    let words = KeyWords(standing)
    #expect(!words.meaning.isEmpty && !words.badge.text.isEmpty)
    #expect((words.badge.tone == "good") == (state == .vouched), "\(state)")
    let page = KeyHistory(
      standing: standing, marks: [:],
      signed: EventPage(list: .key(standing.key.fingerprint), events: [], limit: 1, next: 5),
      details: [])
    let html = try Self.render(
      KeyDetailPage(frame: Self.frame, page, type: Self.hostile, isFirst: false))
    Self.requireWhole(html, "key \(state)")
    #expect(html.contains("Next page") && html.contains("First page"))
    #expect(html.contains("from position 1 on lost its standing") == (state == .revoked))
  }

  @Test("An event of an unknown type is shown as one")
  func unknownType() throws {
    let entry: JSON = [
      "admission": ["checks": [], "recorded_at": "2026-01-01T00:00:00Z", "verdict": "verified"],
      "event": [
        "created_at": "2026-01-01T00:00:00Z", "event_id": "sha256:00",
        "event_type": .string(Self.hostile), "event_version": "1.0",
        "payload": ["x": .string(Self.hostile)],
        "signature": ["algorithm": "ed25519", "signature_b64": "AA=="],
        "signer": [
          "key_id": "k", "public_key_fingerprint": "00000000000000000000000000000001",
          "signer_id": .string(Self.hostile), "signer_type": "author",
        ], "subject_pith_number": "pith:registry", "target": .string(Self.hostile),
      ],
    ]
    let detail = EventDetail(
      event: StoredEvent(
        position: 7, record: .registry, eventID: Digest(hashing: [7]), type: .unknown,
        recordedAt: Timestamp(microseconds: 0), entry: entry.canonicalBytes()),
      standing: "recorded", reason: nil, isSignerVouched: false)
    let row = try EventRow(detail)
    #expect(row.sentence.contains("does not know") && row.standing == nil)
    let dossier = EventDossier(
      detail: detail, key: nil, refersTo: detail.event, referring: [detail.event],
      hasMoreReferring: true,
      proof: .init(
        leaf: Digest(hashing: []), hashes: [Digest(hashing: [1])], size: 8, note: Self.hostile,
        logKey: Self.hostile), anchors: [detail])
    let html = try Self.render(EventDetailPage(frame: Self.frame, dossier, .init()))
    Self.requireWhole(html, "event")
    #expect(html.contains("not registered in this ledger"))
    let list = try EventListPage(
      frame: Self.frame,
      EventPage(list: .log, events: [detail.event], limit: 1, next: nil), [detail],
      type: Self.hostile, standing: nil, isFirst: true)
    Self.requireWhole(try Self.render(list), "events")
  }
}
