import CanonicalJSON
import Encodings
import LedgerDomain
import TestSupport
import Testing

/// Laws of the merge, on random statements of several ledgers.
@Suite("Merging")
struct MergeTests {
  private static let first = AdmissionScene.origin
  private static let second = "b.example/ledger"

  /// The statements of a log as testimony of a trusted ledger.
  private func testimony(_ entries: [Entry], in origin: String) -> [MergeStatement] {
    entries.enumerated().map {
      MergeStatement($1, at: Position(rawValue: Int64($0)), in: origin)
    }
  }

  private func merge(_ number: PithNumber, _ statements: [MergeStatement]) -> RecordMerge {
    RecordMerge(number, statements, trusted: [:])
  }

  @Test("The merge of one ledger is the fold of its log")
  func oneLedger() throws {
    let base = UInt64.random(in: .min ... .max)
    for seed in (0..<25).map({ base &+ $0 }) {
      let (number, entries, events) = try RandomEntries.admissible(seed: seed)
      let merged = merge(number, testimony(entries, in: Self.first))
      let folded = FoldedRecord.whole(
        events.filter { !$0.record.isRegistry }, LogWriter.context(events[...]))
      let last = try #require(events.last { !$0.record.isRegistry })
      let status = folded.state.verificationStatus(
        storageVerifiedUntil: folded.storageVerifiedUntil, at: last.recordedAt)
      #expect(merged.status == status, "seed \(seed)")
      #expect(merged.storageVerifiedUntil == folded.storageVerifiedUntil, "seed \(seed)")
      let summary = folded.state.eventSummary()
      let own = merged.json["current"]?["event_summary"]
      for member in ["by_type", "total", "equivocations", "last_event_id"] {
        #expect(own?[member] == summary[member], "seed \(seed), \(member)")
      }
      #expect(merged.invalid.isEmpty, "seed \(seed): \(merged.invalid)")
      #expect(merged.eventCount == entries.filter { $0.event.body.subject != .registry }.count)
    }
  }

  /// Statements of two trusted ledgers and of one without trust, which have events in common.
  private func mixed(
    _ random: inout SeededGenerator
  ) throws -> (number: PithNumber, statements: [MergeStatement]) {
    let (number, first, _) = try RandomEntries.admissible(
      seed: .random(in: .min ... .max, using: &random), count: 70)
    var (_, second, _) = try RandomEntries.admissible(
      seed: .random(in: .min ... .max, using: &random), registry: 9, origin: Self.second,
      count: 70)
    let known = Set(second.map(\.event.eventID))
    for entry in first where Bool.random(using: &random) {
      let isShared = entry.event.body.type.isAttestation || entry.event.body.type == .eventWithdrawn
      guard isShared, entry.event.body.signer.signerType != .registry,
        !known.contains(entry.event.eventID)
      else { continue }
      second.append(
        try Entry(
          event: entry.event,
          admission: Admission(
            checks: entry.admission.checks,
            verdict: Bool.random(using: &random) ? .verified : .pending,
            recordedAt: entry.admission.recordedAt)))
    }
    let (_, third, _) = try RandomEntries.admissible(
      seed: .random(in: .min ... .max, using: &random), registry: 17, count: 50)
    return (
      number,
      testimony(first, in: Self.first) + testimony(second, in: Self.second)
        + third.map { MergeStatement($0.event) }
    )
  }

  @Test("Neither order nor repetition nor the split over bundles changes the result")
  func setOfStatements() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<5 {
      let (number, statements) = try mixed(&random)
      let expected = merge(number, statements).json
      for _ in 0..<4 {
        // Bundles are parts of the set that may overlap, in any order.
        var bundles = (0..<Int.random(in: 1...5, using: &random)).map { _ in [MergeStatement]() }
        for statement in statements {
          for _ in 0..<Int.random(in: 1...2, using: &random) {
            bundles[Int.random(in: 0..<bundles.count, using: &random)].append(statement)
          }
        }
        bundles.shuffle(using: &random)
        let joined = bundles.flatMap { $0.shuffled(using: &random) }
        #expect(merge(number, joined).json == expected, "seed \(seed)")
      }
      // Events without testimony beside their testimony add nothing.
      let bare = statements.filter { $0.testimony != nil }.map { MergeStatement($0.event) }
      #expect(merge(number, bare + statements).json == expected, "seed \(seed)")
    }
  }

  @Test("A ledger that contradicts itself loses its authority, in any order")
  func contradiction() throws {
    let (number, entries, _) = try RandomEntries.admissible(seed: 7)
    let (_, others, _) = try RandomEntries.admissible(seed: 8)
    let honest = testimony(entries, in: Self.second)
    let fork = testimony(entries, in: Self.first) + testimony(others, in: Self.first)
    let merged = merge(number, honest + fork)
    #expect(merged.ledgers.map(\.origin) == [Self.second, Self.first])
    #expect(merged.ledgers.map(\.isContradictory) == [false, true])
    // What is left of it are signed events.
    let bare = fork.map { MergeStatement($0.event) }
    #expect(merged.status == merge(number, honest + bare).status)
    #expect(merge(number, (honest + fork).reversed()).json == merged.json)
  }
}
