import ArgumentParser
import CanonicalJSON
import LedgerDomain
import LedgerService

/// Makes the parser of an option that is a whole number. A number out of range is wrong usage.
///
/// - Parameter range: the numbers that are accepted.
func wholeNumber(
  _ range: ClosedRange<Int64> = 0...JSON.maxInteger
) -> @Sendable (String) throws -> Int64 {
  { text in
    guard let number = Int64(text), range.contains(number) else {
      throw ValidationError("Give a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }
}

/// Parses an option that is the number of items of a page, from 1 to 1,000,000.
func parseCount(_ text: String) throws -> Int { Int(try wholeNumber(1...1_000_000)(text)) }

/// Parses an option that is a number of events or a time.
func parseLogPoint(_ text: String) throws -> LogPoint {
  do throws(Refusal) { return try LogPoint(text, field: "as_of") } catch {
    throw ValidationError(error.message)
  }
}

/// Checks an option that is a number of events or a time.
func checkLogPoint(_ text: String) throws -> String {
  _ = try parseLogPoint(text)
  return text
}

/// Parses an option that is a port.
func parsePort(_ text: String) throws -> UInt16 {
  UInt16(clamping: try wholeNumber(0...65_535)(text))
}
