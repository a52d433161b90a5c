public import LedgerDomain
public import LedgerStore
import TransparencyLog

/// Lists all records, for programs that follow every one.
public struct RecordListQueries: Sendable {
  /// The number of positions of a range, and so the largest number of records in it.
  public static let rangeLength: Int64 = 5000
  /// The largest number of ranges in one answer.
  public static let maxRanges = 1000

  let store: LedgerStore

  /// The ranges of the log that have records, by their first positions, of at most ``maxRanges`` ranges.
  ///
  /// - Parameter part: which part of the log, counted from 0. A part has ``maxRanges`` ranges.
  ///
  /// Errors: `notFound` for a part that begins behind the log.
  public func ranges(part: Int64) async throws -> [Position] {
    guard (0..<(try await parts())).contains(part) else {
      throw Refusal(.notFound, check: "query", field: "part", "The log has no such part.")
    }
    let length = Self.rangeLength * Int64(Self.maxRanges)
    return try await store.list.ranges(
      of: Self.rangeLength, from: Position(rawValue: part * length),
      before: Position(rawValue: (part + 1) * length), limit: Self.maxRanges)
  }

  /// The number of parts of the log, at least 1.
  public func parts() async throws -> Int64 {
    let size = Int64(clamping: try await store.log.size().rawValue)
    let length = Self.rangeLength * Int64(Self.maxRanges)
    return max(1, (size + length - 1) / length)
  }

  /// The records of a range.
  ///
  /// Errors: `malformed` with check `query` for a position at which no range begins.
  public func records(from start: Position) async throws -> [ListedRecord] {
    guard start.rawValue >= 0, start.rawValue % Self.rangeLength == 0 else {
      throw Refusal(
        .malformed, check: "query", field: "from",
        "A range begins at a multiple of \(Self.rangeLength).")
    }
    return try await store.list.records(
      from: start, before: Position(rawValue: start.rawValue + Self.rangeLength))
  }
}
