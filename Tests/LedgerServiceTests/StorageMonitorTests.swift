import CanonicalJSON
import Encodings
import LedgerDomain
import SafeHTTPClient
import TestSupport
import Testing

@testable import LedgerService
@testable import LedgerStore

@Suite("The monitor of stored copies")
struct StorageMonitorTests {
  /// Answers each fetch with the next of some results.
  private actor FakeStorage: StorageFetcher {
    private var answers: [Result<FetchReport, Refusal>]
    private(set) var fetches = 0

    init(_ answers: [Result<FetchReport, Refusal>]) { self.answers = answers }

    func fetchStorage(
      _ storage: StorageAttestation, _ pool: FetchPool
    ) throws -> FetchReport {
      #expect(pool == .storageRecheck)
      fetches += 1
      guard !answers.isEmpty else { throw Refusal(.invalid, check: "test", "No more answers.") }
      return try answers.removeFirst().get()
    }
  }

  private static let bytes = Array("a copy".utf8)
  private static let day: Int64 = 86_400

  private let clock: FakeClock
  private let recorder = FakeCheckWriter()
  private var writer = EntryWriter()
  private let registry: EntryWriter.Person
  private let record: RecordID
  private let attestation: Position

  init() throws {
    registry = try EntryWriter.Person("root", signerID: "urn:root", type: .registry)
    try writer.register(registry)
    record = try writer.createRecord(by: registry)
    attestation = try writer.append(
      .storageAttestation,
      [
        "content_role": "document", "content_sha256": .string(Digest(hashing: Self.bytes).hex),
        "location": "https://example.org/copy", "media_type": "application/pdf",
        "observed_at": .string(EntryWriter.start.description),
        "size_bytes": .integer(Int64(Self.bytes.count)), "storage_kind": "https",
      ], by: registry, record: record, target: "record")
    clock = FakeClock(EntryWriter.start.adding(seconds: 60))
  }

  /// The monitor of the log as it is now.
  private func makeMonitor(_ fetcher: any StorageFetcher) throws -> StorageMonitor {
    let log = FakeLog(writer, record: record, try #require(writer.records[record]))
    var configuration = LedgerConfiguration(dataDirectory: "/nowhere")
    configuration.clock = { [clock] in clock.now }
    return StorageMonitor(
      log: log, attestations: log, statements: log, fetcher: fetcher, recorder: recorder,
      configuration: configuration, logger: silentLogger)
  }

  private func report(_ bytes: [UInt8]) -> Result<FetchReport, Refusal> {
    .success(
      FetchReport(
        Fetched(
          status: 200, sha256: Digest(hashing: bytes).bytes, length: Int64(bytes.count),
          location: "https://example.org/copy"), at: clock.now, isPrivate: false))
  }

  private func failure(_ check: String) -> Result<FetchReport, Refusal> {
    .failure(Refusal(.unavailable, check: check, "It failed."))
  }

  /// Runs one check on each of some days.
  private func check(_ monitor: StorageMonitor, days: Int) async throws {
    var schedule = StorageSchedule()
    try await monitor.checkDue(&schedule)
    for _ in 0..<days {
      clock.advance(seconds: Self.day)
      try await monitor.checkDue(&schedule)
    }
  }

  private var verdicts: [Verdict] {
    get async { await recorder.recorded.map(\.verdict) }
  }

  @Test("An unchanged copy is fetched once in each interval, and nothing is recorded")
  func unchanged() async throws {
    let storage = FakeStorage([report(Self.bytes), report(Self.bytes), report(Self.bytes)])
    let monitor = try makeMonitor(storage)
    var schedule = StorageSchedule()
    try await monitor.checkDue(&schedule)
    #expect(await storage.fetches == 0)
    for day in 1...3 {
      clock.advance(seconds: Self.day)
      try await monitor.checkDue(&schedule)
      try await monitor.checkDue(&schedule)
      #expect(await storage.fetches == day)
    }
    #expect(await recorder.recorded.isEmpty)
  }

  @Test("Other content is recorded with the report of the fetch")
  func changed() async throws {
    let other = report(Array("other bytes".utf8))
    try await check(makeMonitor(FakeStorage([other])), days: 1)
    #expect(
      await recorder.recorded == [
        .init(
          verdict: .changed, position: attestation, finding: nil,
          report: try other.get().bytes)
      ])
  }

  @Test("A location that answers 404 is gone at once")
  func gone() async throws {
    let storage = FakeStorage([.success(FetchReport(status: 404, at: clock.now))])
    try await check(makeMonitor(storage), days: 1)
    #expect(await verdicts == [.gone])
  }

  @Test("A location out of reach is gone after three failures in a row")
  func unreachable() async throws {
    let storage = FakeStorage(Array(repeating: failure("fetch.unreachable"), count: 3))
    let monitor = try makeMonitor(storage)
    try await check(monitor, days: 2)
    #expect(await verdicts == [])
    let second = FakeStorage(Array(repeating: failure("fetch.unreachable"), count: 3))
    try await check(makeMonitor(second), days: 3)
    #expect(await verdicts == [.gone])
  }

  @Test("A success between failures begins the count again")
  func intermittent() async throws {
    let down = failure("fetch.time")
    let storage = FakeStorage([down, down, report(Self.bytes), down, down])
    try await check(makeMonitor(storage), days: 5)
    #expect(await storage.fetches == 5)
    #expect(await verdicts == [])
  }

  @Test("A fetch without a free slot is tried again after a minute, and is no failure")
  func busy() async throws {
    let busy = failure("fetch.busy")
    let storage = FakeStorage([busy, busy, busy, report(Self.bytes)])
    let monitor = try makeMonitor(storage)
    var schedule = StorageSchedule()
    try await monitor.checkDue(&schedule)
    clock.advance(seconds: Self.day)
    for attempt in 1...4 {
      try await monitor.checkDue(&schedule)
      #expect(await storage.fetches == attempt)
      clock.advance(seconds: 60)
    }
    try await monitor.checkDue(&schedule)
    #expect(await storage.fetches == 4)
    #expect(await verdicts == [])
  }

  @Test("A missing setting says nothing about the copy")
  func configuration() async throws {
    let missing = failure("fetch.configuration")
    try await check(makeMonitor(FakeStorage(Array(repeating: missing, count: 5))), days: 5)
    #expect(await verdicts == [])
  }

  @Test("A location that no ledger can fetch has failed")
  func invalidLocation() async throws {
    try await check(makeMonitor(FakeStorage([failure("fetch.address")])), days: 1)
    #expect(await verdicts == [.failed])
  }

  @Test("A copy that was gone is verified when it is there again")
  mutating func back() async throws {
    let id = writer.events[Int(attestation.rawValue)].eventID.hex
    try writer.append(
      .checkRecorded,
      ["event_id": .string("sha256:" + id), "reason": "gone", "verdict": "gone"], by: registry,
      record: record, target: "record")
    try await check(makeMonitor(FakeStorage([report(Self.bytes)])), days: 1)
    #expect(await verdicts == [.verified])
  }

  @Test("A withdrawn attestation is not fetched any more")
  mutating func withdrawn() async throws {
    let id = writer.events[Int(attestation.rawValue)].eventID.hex
    try writer.append(
      .eventWithdrawn, ["event_id": .string("sha256:" + id), "reason": "an error"], by: registry,
      record: record, target: "record")
    let storage = FakeStorage([])
    try await check(makeMonitor(storage), days: 3)
    #expect(await storage.fetches == 0)
  }
}
