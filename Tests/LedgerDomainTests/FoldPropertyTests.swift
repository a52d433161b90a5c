import Encodings
import LedgerDomain
import TestSupport
import Testing

/// Properties of the fold that hold for every log.
@Suite struct FoldPropertyTests {
  static let seeds: [UInt64] = Array(1...60)
  /// Logs whose columns are derived from entries take longer to make.
  static let entrySeeds: [UInt64] = Array(1...20)

  private func whole(_ log: RandomLog, upTo end: Int) -> [RecordID: FoldedRecord] {
    let timeline = LogWriter.timeline(log.events[..<end])
    let byRecord = Dictionary(
      grouping: log.events[..<end].filter { !$0.record.isRegistry }, by: \.record)
    return byRecord.mapValues { FoldedRecord.whole($0, timeline) }
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
    for (record, groups) in touched {
      let new = new[record] ?? []
      let old = LogWriter.linked(
        groups, earlier.filter { $0.record == record }, new: new, timeline)
      var row = rows[record] ?? FoldedRecord(state: RecordState(record: record))
      let update = FoldedRecord.update(
        row.state, old: old, new: new, before: before, after: timeline)
      row.state = update.state
      for (group, until) in update.storage { row.storage[group] = until }
      rows[record] = row
    }
  }

  @Test(arguments: seeds) func anySplitIntoBatchesGivesTheSameRows(seed: UInt64) {
    expectSameRows(RandomLog(seed: seed))
  }

  @Test(arguments: entrySeeds)
  func anySplitOfEntriesIntoBatchesGivesTheSameRows(seed: UInt64) throws {
    expectSameRows(try RandomEntries.log(seed: seed))
  }

  /// Compares the rows after each of some random batches with those of one fold of the whole log.
  private func expectSameRows(_ log: RandomLog) {
    let seed = log.seed
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
      start = end
    }
  }

  @Test(arguments: seeds) func eachAttestationIsInOneBucket(seed: UInt64) {
    expectOneStanding(RandomLog(seed: seed))
  }

  @Test(arguments: entrySeeds) func eachAttestationOfEntriesHasOneStanding(seed: UInt64) throws {
    expectOneStanding(try RandomEntries.log(seed: seed))
  }

  private func expectOneStanding(_ log: RandomLog) {
    let seed = log.seed
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

  @Test(arguments: seeds) func collidingGroupsAreHarmless(seed: UInt64) {
    let log = RandomLog(seed: seed)
    let timeline = LogWriter.timeline(log.events[...])
    for record in log.records {
      let events = log.events.filter { $0.record == record }
      let merged = events.map {
        var event = $0
        if event.foldGroup != nil { event.foldGroup = 0 }
        return event
      }
      let apart = FoldedRecord.whole(events, timeline)
      let together = FoldedRecord.whole(merged, timeline)
      #expect(apart.state == together.state, "seed \(seed), record \(record)")
      #expect(
        apart.storageVerifiedUntil == together.storageVerifiedUntil,
        "seed \(seed), record \(record)")
    }
  }

  /// Without this check, the properties would pass if the generator stopped producing some case.
  @Test func randomLogsReachEveryCase() {
    var counts = [Int32](repeating: 0, count: 30)
    var sum = GroupTotals()
    var retroactive: Set<EventType> = []
    var outdated = 0
    var joined = 0
    var proven = 0
    for seed in Self.seeds {
      let log = RandomLog(seed: seed)
      var timeline = KeyTimeline()
      for event in log.events where timeline.apply(event) != nil { retroactive.insert(event.type) }
      for record in log.records {
        let fold = GroupFold(log.events.filter { $0.record == record }, timeline)
        outdated += fold.statements.count { $0.isOutdated && !$0.isWithdrawn && !$0.isSuperseded }
        for (_, same) in Dictionary(grouping: fold.live, by: \.identity) {
          joined += Set(same.map(\.event.signerKey)).count > 1 ? 1 : 0
        }
        proven += log.events.count {
          $0.record == record && $0.type == .checkRecorded && $0.claimant != nil
        }
      }
      for (_, folded) in whole(log, upTo: log.events.count) {
        sum = sum + folded.state.sums
      }
    }
    counts = sum.counts
    for type in EventType.attestations {
      for standing in Standing.allCases {
        #expect(
          counts[Int(type.rawValue - 1) * 6 + standing.rawValue] > 0, "\(type) \(standing)")
      }
    }
    #expect(sum.weakAuthors > 0 && sum.strongAuthors > 0 && sum.verifiedAnchors > 0)
    #expect(sum.approvedReplications > 0 && sum.equivocations > 0 && sum.pendingBareAnchors > 0)
    #expect(sum.vouchedCitationEdges > 0 && retroactive == [.keyVouched, .keyRevoked])
    #expect(outdated > 0 && joined > 0 && proven > 0)
  }

  @Test func randomEntriesReachEveryTypeAndTotal() throws {
    var sum = GroupTotals()
    var types: Set<EventType> = []
    var flags: FoldFlags = []
    for seed in Self.entrySeeds {
      let log = try RandomEntries.log(seed: seed)
      for event in log.events {
        types.insert(event.type)
        flags.formUnion(event.flags)
      }
      for (_, folded) in whole(log, upTo: log.events.count) { sum = sum + folded.state.sums }
    }
    #expect(types.isSuperset(of: EventType.attestations))
    #expect(
      types.isSuperset(of: [
        .keyVouched, .keyRevoked, .vouchingWithdrawn, .eventWithdrawn, .moderationDecision,
        .checkRecorded, .anchorUpgraded,
      ]))
    #expect(
      flags.isSuperset(of: [
        .bare, .tokenClaim, .nameListed, .nameMismatch, .nameVerified, .nameDiffers, .nameUnknown,
        .contentRoleCounts, .providerStatement, .approved,
      ]))
    #expect(sum.weakAuthors > 0 && sum.strongAuthors > 0 && sum.verifiedAnchors > 0)
    #expect(sum.approvedReplications > 0 && sum.equivocations > 0 && sum.pendingBareAnchors > 0)
    #expect(sum.vouchedCitationEdges > 0)
  }
}
