import Testing

@testable import LedgerStore

/// The partitions of a replay have similar sizes, so that its memory is bounded and its workers are busy.
@Suite("The parts of a replay")
struct PartitionTests {
  @Test(
    "Records spread evenly over the parts, for any distribution of their numbers",
    arguments: [2, 7, 16, 300])
  func spread(parts: Int) {
    // The number of a record is the position of its first event. Positions are adjacent or have other
    // events between them.
    for stride in [1, 2, 10, 1 << 20] as [Int64] {
      let records = Int64(parts) * 500
      var counts = [Int](repeating: 0, count: parts)
      for record in 0..<records {
        counts[EventPartitions.part(of: record * stride, among: parts)] += 1
      }
      #expect(
        counts.allSatisfy { (250...1000).contains($0) },
        "\(parts) parts, every \(stride)th: \(counts.min() ?? 0) to \(counts.max() ?? 0) records")
    }
  }

  @Test("Flags, type and verdict are decoded from the number that the server computes")
  func unpack() {
    for flags in [Int32.min + 1, -1, 0, 1, 32, .max] {
      for type in [Int16.min, -1, 0, 7, .max] {
        for verdict in [Int16.min, -1, 0, 2, .max] {
          let sum = Int64(flags) * 4_294_967_296 + Int64(type) * 65536 + Int64(verdict)
          #expect(PackedEvent.unpack(sum) == (flags, type, verdict))
        }
      }
    }
  }

  @Test("A longer log has more parts, not larger ones")
  func partsGrow() {
    for events in [1_000, 100_000, 1_000_000, 100_000_000] as [Int64] {
      let bytes = Int(events) * MemoryLayout<PackedEvent>.stride
      let parts = EventPartitions.parts(events: events)
      // With the largest number of parts, parts grow with the log and must still fit in memory.
      let most =
        parts < EventPartitions.maxParts ? EventPartitions.partBytes : EventPartitions.memory / 4
      #expect(bytes / parts <= most, "\(events) events in \(parts) parts")
    }
  }
}
