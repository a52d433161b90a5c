import Encodings
import LedgerDomain
import TestSupport
import Testing

@testable import LedgerService

@Suite("Bare actions that repeat or replace a statement")
struct ExistingStatementTests {
  private static let slot = Digest128(of: "slot", "a place")
  private var log = LogWriter()
  private let record: RecordID

  init() { record = log.record() }

  private static func columns(
    _ statement: String, _ flags: FoldFlags, until: Timestamp? = nil, type: EventType
  ) -> (inout FoldEvent) -> Void {
    { event in
      event.foldGroup = 1
      event.slot = type == .storageAttestation ? slot : Digest128(of: "slot", statement)
      event.statement = Digest128(of: "statement", statement)
      event.flags = flags.union(.bare)
      event.validUntil = until
    }
  }

  private mutating func append(
    _ statement: String, _ flags: FoldFlags = [], until: Timestamp? = nil,
    type: EventType = .storageAttestation, verdict: Verdict = .verified
  ) -> FoldEvent {
    let change = Self.columns(statement, flags, until: until, type: type)
    let position = log.append(type, by: log.registry, record: record) {
      change(&$0)
      $0.verdict = verdict
    }
    return log.events[Int(position.rawValue)]
  }

  /// The existing statement for a bare action.
  private func existing(
    _ statement: String, _ flags: FoldFlags = [], type: EventType = .storageAttestation,
    at now: Timestamp = Timestamp(microseconds: 1_000_000_000)
  ) -> ExistingStatement {
    var next = log
    let change = Self.columns(statement, flags, type: type)
    let position = next.append(type, by: next.registry, record: record, change)
    return ExistingStatement(
      for: next.events[Int(position.rawValue)],
      among: LinkedEvents(log.events.filter { $0.foldGroup == 1 }),
      log.timeline, at: now)
  }

  @Test("A first statement has none before it")
  func first() { #expect(existing("first") == .none) }

  @Test("A repeated statement is answered with the existing one")
  mutating func same() {
    let there = append("same")
    #expect(existing("same") == .same(there))
  }

  @Test("A statement that has expired is replaced by the same one")
  mutating func expired() {
    let there = append("same", until: Timestamp(microseconds: 500_000_000))
    #expect(existing("same") == .older(there))
    #expect(existing("same", at: Timestamp(microseconds: 100_000_000)) == .same(there))
  }

  @Test("Another statement about the same location replaces the first")
  mutating func older() {
    let there = append("old")
    #expect(existing("new") == .older(there))
  }

  @Test("A role that counts is not replaced by one that does not")
  mutating func roles() {
    let there = append("old", .contentRoleCounts)
    #expect(existing("new") == .stands(there))
    #expect(existing("new", .contentRoleCounts) == .older(there))
  }

  @Test("An anchor that was rejected may be sent again, one that is pending is answered")
  mutating func anchors() {
    let rejected = append("anchor", type: .timestampAnchor, verdict: .failed)
    #expect(rejected.verdict == .failed)
    #expect(existing("anchor", type: .timestampAnchor) == .none)
    let pending = append("other", type: .timestampAnchor, verdict: .pending)
    #expect(existing("other", type: .timestampAnchor) == .same(pending))
  }
}

@Suite("The meaning of a failed fetch")
struct StorageFailureTests {
  @Test(
    "Each check has its meaning",
    arguments: [
      ("fetch.content", StorageFailure.otherContent), ("cid", .otherContent),
      ("fetch.gone", .gone), ("fetch.address", .invalidLocation), ("location", .invalidLocation),
      ("fetch.busy", .busy), ("fetch.configuration", .configuration),
      ("fetch.timeout", .unreachable),
    ])
  func checks(check: String, failure: StorageFailure) {
    #expect(StorageFailure(check: check) == failure)
  }
}
