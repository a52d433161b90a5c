import Foundation

/// The checked values of a few header fields of an answer.
public struct FetchedHead: Sendable, Equatable {
  /// `Content-Length` in bytes; `nil` unless it is a whole number.
  public let length: Int64?
  /// `Content-Type` as `type/subtype` in lower case, without parameters; `nil` unless it has that form.
  public let mediaType: String?
  /// The `Memento-Datetime` of a web archive, in seconds since 1970 (RFC 7089, section 2.1.1).
  public let mementoTime: Int64?
  /// The field `Retry-After` (RFC 9110, section 10.2.3); `nil` unless it has one of the two forms.
  public let retryAfter: RetryAfter?

  /// How long a client is asked to wait.
  public enum RetryAfter: Sendable, Equatable {
    /// This number of seconds.
    case seconds(Int64)
    /// Until this time, in seconds since 1970.
    case time(Int64)
  }

  /// Reads header fields.
  ///
  /// - Parameter fields: names in any letter case; of several fields with one name the first counts.
  public init(_ fields: [(String, String)]) {
    func first(_ name: String) -> String? { fields.first { $0.0.lowercased() == name }?.1 }
    length = first("content-length").flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
    mediaType = first("content-type").flatMap(Self.mediaType)
    mementoTime = first("memento-datetime").flatMap(Self.time)
    retryAfter = first("retry-after").flatMap(Self.retryAfter)
  }

  private static func retryAfter(_ text: String) -> RetryAfter? {
    let text = text.trimmingCharacters(in: .whitespaces)
    // Nine digits are thirty years.
    if (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return Int64(text).map { .seconds($0) }
    }
    return time(text).map { .time($0) }
  }

  private static func mediaType(_ text: String) -> String? {
    let type = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
    let parts = type.split(separator: "/", omittingEmptySubsequences: false)
    // RFC 6838, section 4.2: at most 127 characters a name, of these.
    guard parts.count == 2,
      parts.allSatisfy({ part in
        (1...127).contains(part.utf8.count)
          && part.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
              || "!#$&-^_.+".utf8.contains($0)
          }
      })
    else { return nil }
    return type
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

  /// `Tue, 24 Nov 2026 00:00:00 GMT` as seconds since 1970; `nil` for any other form, or a date that is
  /// not in the calendar (RFC 9110, section 5.6.7).
  static func time(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 29 else { return nil }
    func word(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    func number(_ range: Range<Int>) -> Int64? {
      guard bytes[range].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return Int64(word(range))
    }
    guard word(3..<5) == ", ", word(7..<8) == " ", word(11..<12) == " ", word(16..<17) == " ",
      word(19..<20) == ":", word(22..<23) == ":", word(25..<29) == " GMT",
      let weekday = weekdays.firstIndex(of: word(0..<3)), let day = number(5..<7),
      let month = months.firstIndex(of: word(8..<11)), let year = number(12..<16),
      let hour = number(17..<19), let minute = number(20..<22), let second = number(23..<25),
      year >= 1970, (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard day <= lengths[month] else { return nil }
    let years = year - 1
    let leapDays = years / 4 - years / 100 + years / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400)
    let days = (year - 1970) * 365 + leapDays + lengths[..<month].reduce(0, +) + day - 1
    guard Int(days % 7) == weekday else { return nil }
    return days * 86_400 + hour * 3600 + minute * 60 + second
  }
}
