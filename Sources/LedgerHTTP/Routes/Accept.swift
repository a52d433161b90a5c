import HTTPTypes

/// The media types that a client accepts (RFC 9110, section 12.5.1).
struct Accept: Sendable {
  private struct Range {
    let type: Substring
    let subtype: Substring
    /// From 0 to 1000.
    let weight: Int

    func matches(_ type: Substring, _ subtype: Substring) -> Bool {
      (self.type == "*" || self.type == type) && (self.subtype == "*" || self.subtype == subtype)
    }

    /// How exactly the range names a type.
    var precision: Int { (type == "*" ? 0 : 1) + (subtype == "*" ? 0 : 1) }
  }

  private let ranges: [Range]
  /// Whether every part of the header was read.
  private let isWhole: Bool
  /// The largest number of ranges that are read.
  private static let maxRanges = 64

  /// Parses the header `Accept`. Parts that are not media ranges are left out.
  init(_ headers: HTTPFields) {
    let parts = headers[values: .accept].joined(separator: ",").lowercased()
      .split(separator: ",").filter { part in part.contains { $0 != " " && $0 != "\t" } }
    ranges = parts.prefix(Self.maxRanges).compactMap(Self.range)
    isWhole = ranges.count == parts.count
  }

  /// Parses a media range; `nil` for another text.
  private static func range(_ part: Substring) -> Range? {
    let parameters = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
    let names = (parameters.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty, names[0] != "*" || names[1] == "*"
    else { return nil }
    let stated = parameters.dropFirst().first { $0.hasPrefix("q=") }
    guard let weight = stated.map({ Double($0.dropFirst(2)) }) ?? 1, (0...1).contains(weight)
    else { return nil }
    return Range(type: names[0], subtype: names[1], weight: Int((weight * 1000).rounded(.up)))
  }

  /// Refuses a request whose client accepts none of these media types.
  ///
  /// A header that is absent, empty, too long or not well formed refuses nothing. A type with a suffix such as `+json` is
  /// also acceptable as `application/json`.
  ///
  /// Errors: a ``Problem``, 406 with check `accept`.
  static func require(_ types: [String], _ headers: HTTPFields) throws {
    guard headers.contains(.accept) else { return }
    let accept = Accept(headers)
    guard accept.isWhole, !accept.ranges.isEmpty,
      !types.contains(where: accept.isAcceptable)
    else { return }
    var problem = Problem(
      .notAcceptable, check: "accept",
      "The answer has the media type \(types.joined(separator: " or ")), which the header Accept excludes."
    )
    problem.field = "Accept"
    throw problem
  }

  private func isAcceptable(_ type: String) -> Bool {
    if weight(of: type) > 0 { return true }
    let isNamed = ranges.contains { "\($0.type)/\($0.subtype)" == type }
    guard !isNamed, let suffix = type.lastIndex(of: "+"), let slash = type.firstIndex(of: "/")
    else {
      return false
    }
    return weight(of: String(type[...slash] + type[type.index(after: suffix)...])) > 0
  }

  /// The most wanted of some media types: the first of those that the client weighs highest. The first one if the
  /// client accepts none of them, or does not say what it accepts.
  func best(of types: [String]) -> String {
    var best = (type: types[0], weight: 0)
    for type in types {
      let weight = weight(of: type)
      if weight > best.weight { best = (type, weight) }
    }
    return best.type
  }

  private func weight(of type: String) -> Int {
    let names = type.split(separator: "/")
    return ranges.filter { $0.matches(names[0], names[1]) }
      .max { $0.precision < $1.precision }?.weight ?? 0
  }
}
