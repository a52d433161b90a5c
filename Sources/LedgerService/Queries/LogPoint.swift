public import LedgerDomain
import LedgerStore
import TransparencyLog

/// A point of the log that a reader names: a number, or a time.
public enum LogPoint: Sendable, Hashable, CustomStringConvertible {
  /// A position, or a number of events.
  case number(Int64)
  /// A time of the ledger's clock.
  case time(Timestamp)

  /// Parses a whole number from 0 to 2^53 − 1, or a time of RFC 3339 in UTC.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - field: the parameter that a refusal names.
  /// - Throws: a `Refusal` of code `malformed` with check `query`.
  public init(_ text: String, field: String) throws(Refusal) {
    if let time = Timestamp(text) {
      self = .time(time)
    } else if (1...16).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int64(text), number < 1 << 53
    {
      self = .number(number)
    } else {
      throw Refusal(
        .malformed, check: "query", field: field,
        "Not a whole number, and not a time as 2026-11-27T09:00:00Z.")
    }
  }

  /// The text that gives this point.
  public var description: String {
    switch self {
    case .number(let number): String(number)
    case .time(let time): time.description
    }
  }

  /// The lowest position at or after the point.
  func firstPosition(in store: LedgerStore) async throws -> Position {
    switch self {
    case .number(let number): Position(rawValue: number)
    case .time(let time): try await store.scanner.firstPosition(recordedFrom: time)
    }
  }

  /// The number of events that were recorded until the point: the number itself, or the events up to the time.
  func size(in store: LedgerStore) async throws -> TreeSize {
    switch self {
    case .number(let number): TreeSize(stored: number)
    case .time(let time):
      TreeSize(
        stored: try await store.scanner.firstPosition(
          recordedFrom: Timestamp(microseconds: time.microseconds + 1)
        ).rawValue)
    }
  }
}
