import Encodings
import LedgerDomain
import Synchronization
import TestSupport
import Testing

/// Properties of the fold that hold for every log.
@Suite struct FoldPropertyTests {
  static let seeds: [UInt64] = Array(1...40)
  private static let logs = Dictionary(uniqueKeysWithValues: seeds.map { ($0, SharedLog()) })

  /// The log of a seed. The first test that needs it generates it, while the others wait.
  private final class SharedLog: Sendable {
    private let log = Mutex<RandomLog?>(nil)

    func get(seed: UInt64) throws -> RandomLog {
      try log.withLock { log in
        let made = try log ?? RandomLog(seed: seed, count: 160)
        log = made
        return made
      }
    }
  }

  private func log(seed: UInt64) throws -> RandomLog {
    try #require(Self.logs[seed]).get(seed: seed)
  }

  private func whole(_ log: RandomLog, upTo end: Int) -> [RecordID: FoldedRecord] {
    let byRecord = Dictionary(
      grouping: log.events[..<end].filter { !$0.record.isRegistry }, by: \.record)
    let context = LogWriter.context(log.events[..<end])
    return byRecord.mapValues { FoldedRecord.whole($0, context) }
  }

  /// Folds one batch like the projector.
  private func step(
    _ log: RandomLog, _ range: Range<Int>, _ timeline: inout KeyTimeline,
    _ rows: inout [RecordID: FoldedRecord]
  ) {
    let batch = log.events[range]
    let before = timeline
    let earlier = log.events[..<range.lowerBound]
    let new = Dictionary(grouping: batch.filter { !$0.record.isRegistry }, by: \.record)
    var touched = new.mapValues { Set($0.compactMap(\.foldGroup)) }
    for change in batch.filter({ $0.record.isRegistry }).compactMap({ timeline.apply($0) }) {
      for event in earlier
      where !event.record.isRegistry && event.signerKey == change.fingerprint
        && event.position >= change.from
      {
        if let group = event.foldGroup { touched[event.record, default: []].insert(group) }
      }
    }
    // The projections are as of the timeline before the batch.
    let earlierContext = FoldContext(before, PaperNames(earlier, before))
    let context = FoldContext(timeline, PaperNames(log.events[..<range.upperBound], timeline))
    for event in earlier where event.type == .citationSignature {
      guard let name = event.slot, let group = event.foldGroup else { continue }
      if earlierContext.papers.paper(of: name) != context.papers.paper(of: name) {
        touched[event.record, default: []].insert(group)
      }
    }
    for (record, groups) in touched {
      let new = new[record] ?? []
      let known = earlier.filter { $0.record == record }
      let old = LogWriter.linked(groups, known, new: new, context, earlierContext)
      var row = rows[record] ?? FoldedRecord(state: RecordState(record: record))
      let update = FoldedRecord.update(
        row.state, old: old, new: new, before: earlierContext, after: context)
      row.state = update.state
      for (group, until) in update.storage { row.storage[group] = until }
      let changed = Set(update.citations.map(\.position))
      row.citations = row.citations.filter { !changed.contains($0.position) } + update.citations
      rows[record] = row
    }
  }

  /// Compares the rows after each of some random batches with those of one fold of the whole log.
  @Test("Any split into batches gives the same rows", arguments: seeds)
  func batches(seed: UInt64) throws {
    let log = try log(seed: seed)
    var random = SeededGenerator(seed: seed &+ 0x5eed)
    let longest = [1, 7, 60].randomElement(using: &random) ?? 1
    var timeline = KeyTimeline()
    var rows: [RecordID: FoldedRecord] = [:]
    var start = 0
    while start < log.events.count {
      let end = min(log.events.count, start + Int.random(in: 1...longest, using: &random))
      step(log, start..<end, &timeline, &rows)
      let expected = whole(log, upTo: end)
      #expect(rows.mapValues(\.state) == expected.mapValues(\.state), "seed \(seed), prefix \(end)")
      #expect(
        rows.mapValues { $0.storage.compactMapValues { $0 } }
          == expected.mapValues { $0.storage.compactMapValues { $0 } },
        "seed \(seed), prefix \(end)")
      #expect(
        rows.mapValues { $0.citations.sorted { $0.position < $1.position } }
          == expected.mapValues { $0.citations.sorted { $0.position < $1.position } },
        "seed \(seed), prefix \(end)")
      start = end
    }
  }

  @Test("Each attestation has one standing", arguments: seeds)
  func standings(seed: UInt64) throws {
    let log = try log(seed: seed)
    for (record, folded) in whole(log, upTo: log.events.count) {
      for type in EventType.attestations {
        let first = Int(type.rawValue - 1) * 6
        let total = log.events.count { $0.record == record && $0.type == type }
        #expect(
          folded.state.sums.counts[first..<first + 6].reduce(0, +) == Int32(total),
          "seed \(seed), record \(record), \(type.name)")
      }
    }
  }

  @Test("Groups with the same number give the same rows", arguments: seeds)
  func collidingGroups(seed: UInt64) throws {
    let log = try log(seed: seed)
    let context = LogWriter.context(log.events[...])
    for record in log.records {
      let events = log.events.filter { $0.record == record }
      let merged = events.map {
        var event = $0
        if event.foldGroup != nil { event.foldGroup = 0 }
        return event
      }
      let apart = FoldedRecord.whole(events, context)
      let together = FoldedRecord.whole(merged, context)
      #expect(apart.state == together.state, "seed \(seed), record \(record)")
      #expect(
        apart.storageVerifiedUntil == together.storageVerifiedUntil,
        "seed \(seed), record \(record)")
    }
  }

  /// Without this check, the properties would pass if the generator stopped producing some case.
  @Test("The random logs contain every case")
  func coverage() throws {
    var reached = Coverage()
    for seed in Self.seeds {
      let log = try log(seed: seed)
      reached.add(log)
      for (_, folded) in whole(log, upTo: log.events.count) {
        reached.sum = reached.sum + folded.state.sums
      }
    }
    for type in EventType.attestations {
      for standing in Standing.allCases {
        #expect(
          reached.sum.counts[Int(type.rawValue - 1) * 6 + standing.rawValue] > 0,
          "\(type) \(standing)")
      }
    }
    let sum = reached.sum
    #expect(sum.weakAuthors > 0 && sum.strongAuthors > 0 && sum.verifiedAnchors > 0)
    #expect(sum.approvedReplications > 0 && sum.equivocations > 0 && sum.pendingBareAnchors > 0)
    #expect(sum.vouchedCitationEdges > 0 && reached.retroactive == [.keyVouched, .keyRevoked])
    #expect(reached.outdated > 0 && reached.joined > 0 && reached.proven > 0)
    #expect(reached.rotations > 0 && reached.renamed > 0)
    #expect(reached.types == Set(EventType.allCases))
    #expect(
      reached.flags.isSuperset(of: [
        .bare, .tokenClaim, .nameListed, .nameMismatch, .nameVerified, .nameDiffers, .nameUnknown,
        .contentRoleCounts, .providerStatement, .approved, .elsewhere, .unsettleable,
        .contentAddressed, .receiptVerified, .operatorImported,
      ]))
  }

  /// The cases that some logs contain.
  private struct Coverage {
    var sum = GroupTotals()
    var types: Set<EventType> = []
    var flags: FoldFlags = []
    /// The types of events that changed the standing of earlier events.
    var retroactive: Set<EventType> = []
    /// Statements that only a later withdrawal in their slot excludes.
    var outdated = 0
    /// Identities whose statements about a record have several keys.
    var joined = 0
    /// Checks that verified a claim by token.
    var proven = 0
    /// Replacements of the registry key.
    var rotations = 0
    /// Citations under a name that is not the paper's smallest.
    var renamed = 0

    mutating func add(_ log: RandomLog) {
      var timeline = KeyTimeline()
      for event in log.events {
        types.insert(event.type)
        flags.formUnion(event.flags)
        let registry = timeline.registryKey(at: .max)
        if timeline.apply(event) != nil { retroactive.insert(event.type) }
        if registry != nil, timeline.registryKey(at: .max) != registry { rotations += 1 }
      }
      let papers = PaperNames(log.events, timeline)
      renamed += log.events.citingNames.count { papers.paper(of: $0) != $0 }
      for record in log.records {
        let fold = GroupFold(
          log.events.filter { $0.record == record }, FoldContext(timeline, papers))
        outdated += fold.statements.count { $0.isOutdated && !$0.isWithdrawn && !$0.isSuperseded }
        for (_, same) in Dictionary(grouping: fold.live, by: \.identity) {
          joined += Set(same.map(\.event.signerKey)).count > 1 ? 1 : 0
        }
        proven += log.events.count {
          $0.record == record && $0.type == .checkRecorded && $0.claimant != nil
        }
      }
    }
  }
}
