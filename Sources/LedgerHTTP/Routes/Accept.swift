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
  /// The largest number of ranges that are read.
  private static let maxRanges = 64

  /// Parses the header `Accept`. Parts that are not media ranges are left out.
  init(_ headers: HTTPFields) {
    ranges = headers[values: .accept].joined(separator: ",").lowercased()
      .split(separator: ",").prefix(Self.maxRanges).compactMap { part in
        let parameters = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        let names = (parameters.first ?? "").split(
          separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, names[0] != "*" || names[1] == "*" else { return nil }
        let stated = parameters.dropFirst().first { $0.hasPrefix("q=") }
        guard let weight = stated.map({ Double($0.dropFirst(2)) }) ?? 1, (0...1).contains(weight)
        else { return nil }
        return Range(type: names[0], subtype: names[1], weight: Int(weight * 1000))
      }
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
