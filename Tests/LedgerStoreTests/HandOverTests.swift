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
  private static func event(at position: Int64) -> AppendedEvent {
    AppendedEvent(
      event: FoldEvent(
        position: Position(rawValue: position), record: RecordID(createdAt: .first),
        eventID: Digest(hashing: [UInt8(truncatingIfNeeded: position)]), type: .citationSignature,
        recordedAt: Timestamp(microseconds: position), createdAt: Timestamp(microseconds: position),
        verdict: .verified, signerKey: Digest128(of: "key")),
      group: nil)
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
