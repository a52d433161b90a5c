import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService
import LedgerTestSupport
import PostgresClient
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerStore

/// How the appender hands events to the projector of the same process.
@Suite("Appended events that are handed to the projector", .privateServer())
struct HandOverTests {
  private static func event(at position: Int64, admittedAt size: Int64? = nil) -> AppendedEvent {
    AppendedEvent(
      event: citation(at: position),
      group: size.map { GroupAtAdmission(size: TreeSize(rawValue: UInt64($0)), events: []) })
  }

  private static func citation(at position: Int64, group: Int64 = 7) -> FoldEvent {
    FoldEvent(
      position: Position(rawValue: position), record: RecordID(createdAt: .first),
      eventID: Digest(hashing: [UInt8(truncatingIfNeeded: position)]), type: .citationSignature,
      recordedAt: Timestamp(microseconds: position), createdAt: Timestamp(microseconds: position),
      verdict: .verified, signerKey: Digest128(of: "key"), foldGroup: group)
  }

  private static func memory(from next: Int64, adding events: [FoldEvent]) -> ProjectorMemory {
    var memory = ProjectorMemory(table: 1, next: Position(rawValue: next))
    for event in events {
      let end = event.position.next
      memory.add(
        [event], ProjectedBatch(positions: event.position..<end, states: [:], events: [:]),
        next: end)
    }
    return memory
  }

  @Test("The group of an admission is complete only with the events since then")
  func groups() {
    let timeline = KeyTimeline()
    let memory = Self.memory(
      from: 10,
      adding: [Self.citation(at: 10), Self.citation(at: 11, group: 8), Self.citation(at: 12)])
    func positions(_ appended: AppendedEvent) -> [Int64]? {
      memory.group(of: appended, timeline)?.map(\.position.rawValue)
    }
    #expect(positions(Self.event(at: 13)) == nil, "the admission handed over no group")
    #expect(positions(Self.event(at: 13, admittedAt: 9)) == nil, "position 9 is not known")
    #expect(positions(Self.event(at: 13, admittedAt: 10)) == [10, 12])
    // The admission may have read events that were appended after the head that it saw.
    var seen = Self.event(at: 14, admittedAt: 10)
    seen = AppendedEvent(
      event: seen.event,
      group: GroupAtAdmission(
        size: 10, events: [Self.citation(at: 4), Self.citation(at: 10), Self.citation(at: 13)]))
    #expect(positions(seen) == [4, 10, 12], "each once, and none that is folded with this one")
  }

  @Test("Events that the memory forgets make older groups unknown")
  func forgotten() {
    let count = Int64(2 * ProjectorMemory.maxEvents + 1)
    let memory = Self.memory(
      from: 0, adding: (0..<count).map { Self.citation(at: $0, group: $0 == 3 ? 7 : 8) })
    let start = count - Int64(ProjectorMemory.maxEvents)
    let timeline = KeyTimeline()
    #expect(memory.group(of: Self.event(at: count, admittedAt: start), timeline)?.isEmpty == true)
    #expect(memory.group(of: Self.event(at: count, admittedAt: start - 1), timeline) == nil)
  }

  @Test("A group of a signer with several keys is read")
  func severalKeys() throws {
    let log = try RandomLog(seed: 3)
    let timeline = LogWriter.context(log.events[...]).timeline
    let memory = Self.memory(from: Int64(log.events.count), adding: [])
    var counts = (known: 0, read: 0)
    for event in log.events where event.foldGroup != nil {
      let appended = AppendedEvent(
        event: event,
        group: GroupAtAdmission(size: TreeSize(rawValue: UInt64(log.events.count)), events: []))
      let isKnown = memory.group(of: appended, timeline) != nil
      #expect(isKnown == timeline.isOnlyKeyOfSigner(event.signerKey))
      counts.known += isKnown ? 1 : 0
      counts.read += isKnown ? 0 : 1
    }
    #expect(counts.known > 0 && counts.read > 0)
  }

  private static func positions(_ events: [AppendedEvent]) -> [Int64] {
    events.map(\.event.position.rawValue)
  }

  @Test("Only events that follow one another, from the asked position on, are handed over")
  func order() {
    let appended = AppendedEvents()
    #expect(!appended.add([Self.event(at: 0)]), "no projector follows")
    appended.follow(true)
    #expect(appended.add([Self.event(at: 5), Self.event(at: 6)]))
    #expect(appended.add([Self.event(at: 7)]))
    #expect(Self.positions(appended.take(from: 6)) == [6, 7])
    #expect(appended.take(from: 6).isEmpty, "they are handed over once")
    #expect(appended.add([Self.event(at: 8)]) && appended.add([Self.event(at: 10)]))
    #expect(appended.take(from: 8).isEmpty, "another process appended position 9")
    #expect(appended.add([Self.event(at: 11)]))
    #expect(appended.take(from: 10).isEmpty)
    for position in 0...AppendedEvents.maxEvents {
      #expect(appended.add([Self.event(at: Int64(position))]))
    }
    #expect(appended.take(from: 0).isEmpty, "a projector that is far behind reads the log")
    #expect(appended.add([Self.event(at: 1)]))
    appended.follow(false)
    #expect(appended.take(from: 1).isEmpty)
  }

  @Test("A signal before the wait is not lost")
  func signal() async {
    let appended = AppendedEvents()
    appended.follow(true)
    _ = appended.add([Self.event(at: 0)])
    await appended.wait()
    async let waiting: Void = appended.wait()
    appended.signal()
    await waiting
  }

  @Test("A row that a replay corrected is read again")
  func replaced() async throws {
    try await withLedger { test in
      let key = try await test.key("k")
      for index in 0..<3 { _ = try await test.cite("10.1000/\(index)", by: key) }
      // A projector with an empty memory reads the wrong row. A replay corrects the row, and not the memory.
      try await test.owner { owner in
        try await owner.execute(
          """
          UPDATE ledger.verification_status SET citation_signatures = citation_signatures + 40;
          SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
          WHERE a.datname = current_database() AND a.application_name = 'pithledger projector'
            AND l.locktype = 'advisory' AND l.granted
          """)
      }
      for index in 0..<3 { _ = try await test.cite("10.2000/\(index)", by: key) }
      #expect(try await !test.ledger.replay(check: false) { _ in }.drift.isEmpty)
      let answer = try await test.cite("10.3000/1", by: key)
      #expect(answer.verificationStatus?.json["citation_signatures"] == .integer(7))
      try await test.replayAgrees()
    }
  }
}

extension RandomLog {
  /// Some events as they are handed to the projector: citations under one name with their group, as it was a
  /// moment before.
  func handOver(
    _ range: Range<Int>, using random: inout SeededGenerator
  ) -> [AppendedEvent] {
    events[range].map { event in
      let size = Int.random(in: max(0, range.lowerBound - 60)...range.lowerBound, using: &random)
      let earlier = events[..<size]
      guard let (_, name) = event.citation,
        !earlier.contains(where: {
          $0.type.namesPaper && $0.slot != $0.claimant && ($0.slot == name || $0.claimant == name)
        })
      else { return AppendedEvent(event: event, group: nil) }
      let group = earlier.filter {
        $0.record == event.record && $0.foldGroup == event.foldGroup
      }
      return AppendedEvent(
        event: event,
        group: GroupAtAdmission(size: TreeSize(rawValue: UInt64(size)), events: Array(group)))
    }
  }
}
