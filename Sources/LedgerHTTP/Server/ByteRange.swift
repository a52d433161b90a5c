import HTTPTypes
import Hummingbird
import LedgerDomain
import NIOCore

/// One range of bytes of the header field `Range` (RFC 9110, section 14).
enum ByteRange: Equatable {
  /// The bytes of the answer.
  case bytes(Range<Int>)
  /// No byte is in the range.
  case unsatisfiable
  /// The header is absent, malformed, of another unit, or names several ranges. Then the whole is answered.
  case ignored

  /// Reads the header of a request for `count` bytes.
  init(_ values: [String], of count: Int) {
    guard values.count == 1, let range = Self.parse(values[0]) else {
      self = .ignored
      return
    }
    switch range {
    case (let first?, let last):
      guard last.map({ $0 >= first }) ?? true else {
        self = .ignored
        return
      }
      self = first < count ? .bytes(first..<min(last ?? .max, count - 1) + 1) : .unsatisfiable
    case (nil, let length?):
      self = length > 0 && count > 0 ? .bytes(max(0, count - length)..<count) : .unsatisfiable
    case (nil, nil): self = .ignored
    }
  }

  /// The two numbers of a header with one range. `nil` for another text.
  private static func parse(_ value: String) -> (Int?, Int?)? {
    guard value.utf8.count <= 100, let equals = value.firstIndex(of: "="),
      value[..<equals].lowercased() == "bytes"
    else { return nil }
    let parts = value[value.index(after: equals)...].filter { $0 != " " && $0 != "\t" }
      .split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = number(parts[0]), let last = number(parts[1]) else {
      return nil
    }
    return (first, last)
  }

  /// Digits as a number, no larger than any size; an absent number for no digits; `nil` for another text.
  private static func number(_ text: Substring) -> Int?? {
    guard !text.isEmpty else { return .some(nil) }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text).map { min($0, Int.max >> 1) } ?? Int.max >> 1
  }

  /// A response with the bytes, or with the range of them that the request asks for.
  ///
  /// - Parameter headers: the header fields of the whole, with a strong entity tag.
  ///
  /// Errors: a ``Problem``, 416 with check `range`, if no byte is in the range.
  static func response(
    _ bytes: [UInt8], to request: Request, headers: HTTPFields
  ) throws -> Response {
    var headers = headers
    headers[.acceptRanges] = "bytes"
    // The condition is a strong comparison: another tag, a weak one and a date ask for the whole (section 13.1.5).
    let tag = headers[.eTag]
    let holds = request.headers[values: .ifRange].allSatisfy { $0 == tag }
    // What the client has already is answered with 304, whatever range it asks for (section 13.2.2).
    let isKnown = tag.map { EntityTag.isAmong(request.headers[values: .ifNoneMatch], $0) } ?? false
    let range: ByteRange =
      request.method == .get && holds && !isKnown
      ? ByteRange(request.headers[values: .range], of: bytes.count) : .ignored
    switch range {
    case .ignored:
      return Response(
        status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    case .bytes(let part):
      headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(bytes.count)"
      return Response(
        status: .partialContent, headers: headers,
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes[part])))
    case .unsatisfiable:
      var problem = Problem(
        .rangeNotSatisfiable, check: "range", "The evidence has \(bytes.count) bytes.")
      problem.field = "Range"
      problem.headers = [.contentRange: "bytes */\(bytes.count)", .acceptRanges: "bytes"]
      throw problem
    }
  }
}
