/// A JSON value of the kind that the ledger hashes and signs: integers only, strings kept byte for byte.
///
/// Equality and hashing are on UTF-8 bytes, never on Swift's `String ==`, which takes composed and
/// decomposed é for the same. Every value that ``parse(_:limits:)`` makes has integers within
/// ±(2^53−1); whoever builds `.integer` by hand keeps to that range, or uses ``integer(checked:)``.
public enum JSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  /// The largest integer that every JSON implementation carries exactly: 2^53 − 1.
  public static let maxInteger: Int64 = 9_007_199_254_740_991

  /// An integer within ±(2^53−1); `nil` for any other.
  public static func integer(checked value: some BinaryInteger) -> JSON? {
    guard value >= -maxInteger, value <= maxInteger else { return nil }
    return .integer(Int64(value))
  }

  public var isNull: Bool { if case .null = self { true } else { false } }
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var integerValue: Int64? { if case .integer(let value) = self { value } else { nil } }
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  public var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
  public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The member of an object; `nil` where there is none, or this is no object.
  public subscript(_ key: String) -> JSON? { objectValue?[key] }
}

extension JSON: Hashable {
  public static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.integer(let x), .integer(let y)): x == y
    case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)): x == y
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let value): hasher.combine(value)
    case .integer(let value): hasher.combine(value)
    case .string(let value): for byte in value.utf8 { hasher.combine(byte) }
    case .array(let value): hasher.combine(value)
    case .object(let value): hasher.combine(value)
    }
  }
}

// No nil literal: `object[key] == nil` would then mean null, not that there is no such member.
extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(elements))
  }
}

/// The members of a JSON object, sorted by code point and unique by bytes.
///
/// The order of UTF-8 bytes is the order of code points, so sorting compares bytes.
public struct JSONObject: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
  var members: [Member] = []

  struct Member: Sendable {
    var key: String
    var value: JSON
  }

  public init() {}

  /// An object of these members; a later one replaces an earlier one of the same bytes.
  public init(_ members: [(String, JSON)]) {
    for (key, value) in members { self[key] = value }
  }

  public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }

  /// Takes members that are sorted and unique already.
  init(sorted members: [Member]) { self.members = members }

  public var count: Int { members.count }
  public var isEmpty: Bool { members.isEmpty }
  public var keys: [String] { members.map(\.key) }

  public subscript(_ key: String) -> JSON? {
    get {
      let (index, found) = place(of: key)
      return found ? members[index].value : nil
    }
    set {
      let (index, found) = place(of: key)
      switch (newValue, found) {
      case (let value?, true): members[index].value = value
      case (let value?, false): members.insert(Member(key: key, value: value), at: index)
      case (nil, true): members.remove(at: index)
      case (nil, false): break
      }
    }
  }

  /// This object without some of its members.
  public func removing(_ keys: [String]) -> JSONObject {
    var copy = self
    for key in keys { copy[key] = nil }
    return copy
  }

  public func makeIterator() -> AnyIterator<(key: String, value: JSON)> {
    var iterator = members.makeIterator()
    return AnyIterator { iterator.next().map { (key: $0.key, value: $0.value) } }
  }

  private func place(of key: String) -> (index: Int, found: Bool) {
    // Most objects are built in order.
    guard let last = members.last, !last.key.precedes(key) else { return (members.count, false) }
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if members[middle].key.precedes(key) { low = middle + 1 } else { high = middle }
    }
    return (low, low < members.count && members[low].key.utf8.elementsEqual(key.utf8))
  }

  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.count == b.members.count
      && zip(a.members, b.members).allSatisfy {
        $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value
      }
  }

  public func hash(into hasher: inout Hasher) {
    for member in members {
      for byte in member.key.utf8 { hasher.combine(byte) }
      hasher.combine(member.value)
    }
  }
}

extension String {
  /// Whether its UTF-8 comes before another's: the order of a canonical object's keys.
  func precedes(_ other: String) -> Bool {
    let (mine, theirs) = (utf8Span.span, other.utf8Span.span)
    let shorter = min(mine.count, theirs.count)
    var index = 0
    while index < shorter, mine[index] == theirs[index] { index += 1 }
    return index < shorter ? mine[index] < theirs[index] : mine.count < theirs.count
  }
}
