/// A JSON value that can be hashed and signed.
///
/// Numbers are integers only. Strings keep their UTF-8 bytes unchanged. Equality and hashing
/// compare UTF-8 bytes and not Swift's `String ==`, which treats composed and decomposed forms of
/// one character as equal. Every value that ``parse(_:limits:)`` returns has integers within ±(2^53
/// − 1). The case `.integer` does not check this range; ``integer(checked:)`` does.
///
/// Specification: canonical-json.md, section Values.
public enum JSON: Sendable {
  /// The JSON literal `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// An integer within ±(2^53 − 1).
  case integer(Int64)
  /// A string of Unicode scalar values.
  case string(String)
  /// An array, in order.
  case array([JSON])
  /// An object with unique keys.
  case object(JSONObject)

  /// The largest integer of a value: 2^53 − 1. Every JSON implementation represents it exactly.
  public static let maxInteger: Int64 = 9_007_199_254_740_991

  /// Makes an integer; `nil` for a number outside ±(2^53 − 1).
  public static func integer(checked value: some BinaryInteger) -> JSON? {
    guard value >= -maxInteger, value <= maxInteger else { return nil }
    return .integer(Int64(value))
  }

  /// Whether this is `null`.
  public var isNull: Bool { if case .null = self { true } else { false } }
  /// The value of a Boolean; `nil` for another kind of value.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The value of an integer; `nil` for another kind of value.
  public var integerValue: Int64? { if case .integer(let value) = self { value } else { nil } }
  /// The value of a string; `nil` for another kind of value.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  /// The elements of an array; `nil` for another kind of value.
  public var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
  /// The members of an object; `nil` for another kind of value.
  public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The member of an object with this key; `nil` if there is none or this is not an object.
  public subscript(_ key: String) -> JSON? { objectValue?[key] }
}

extension JSON: Hashable {
  /// Compares two values. Strings and keys are equal if their UTF-8 bytes are equal.
  public static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.integer(let x), .integer(let y)): x == y
    case (.string(let x), .string(let y)): x.hasBytes(of: y)
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)): x == y
    default: false
    }
  }

  /// Hashes the value. Strings and keys are hashed by their UTF-8 bytes.
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

// There is no nil literal: `object[key] == nil` would mean null, and not that the member is missing.
extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// Makes a string from a literal.
  public init(stringLiteral value: String) { self = .string(value) }
  /// Makes an integer from a literal. The range is not checked.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// Makes a Boolean from a literal.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Makes an array from a literal.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// Makes an object from a literal. A later member replaces an earlier one with the same key.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(elements))
  }
}

/// The members of a JSON object, sorted by code point and unique by bytes.
///
/// Sorting compares UTF-8 bytes, because their order is the order of code points. Specification:
/// canonical-json.md, sections Values and Writing.
public struct JSONObject: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
  var members: [Member] = []

  struct Member: Sendable {
    var key: String
    var value: JSON
  }

  /// Makes an empty object.
  public init() {}

  /// Makes an object. A later member replaces an earlier one whose key has the same bytes.
  public init(_ members: [(String, JSON)]) {
    for (key, value) in members { self[key] = value }
  }

  /// Makes an object from a literal. A later member replaces an earlier one with the same key.
  public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }

  /// Makes an object from members that are already sorted and unique.
  init(sorted members: [Member]) { self.members = members }

  /// The number of members.
  public var count: Int { members.count }
  /// Whether the object has no members.
  public var isEmpty: Bool { members.isEmpty }
  /// The keys, in canonical order.
  public var keys: [String] { members.map(\.key) }

  /// The member with this key; `nil` if there is none. Setting `nil` removes the member.
  public subscript(_ key: String) -> JSON? {
    get { index(of: key).map { members[$0].value } }
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

  /// The place of a member among the keys in canonical order; `nil` if there is none with this key.
  public func index(of key: String) -> Int? {
    if members.count > Self.maxScanned {
      let (index, found) = place(of: key)
      return found ? index : nil
    }
    let members = members.span
    for index in members.indices where members[index].key.hasBytes(of: key) { return index }
    return nil
  }

  /// The largest number of members among which a scan finds a key faster than a binary search. Most keys
  /// differ in length.
  private static let maxScanned = 16

  /// The key at a place in canonical order, from 0 to `count - 1`.
  public func key(at index: Int) -> String { members[index].key }

  /// The value at a place in canonical order, from 0 to `count - 1`.
  public func value(at index: Int) -> JSON { members[index].value }

  /// Returns this object without the members that have these keys.
  public func removing(_ keys: [String]) -> JSONObject {
    var removed = keys.sorted { $0.precedes($1) }[...]
    return JSONObject(
      sorted: members.filter { member in
        while let key = removed.first, key.precedes(member.key) { removed.removeFirst() }
        return !(removed.first?.hasBytes(of: member.key) ?? false)
      })
  }

  /// Iterates over the members in canonical order.
  public func makeIterator() -> AnyIterator<(key: String, value: JSON)> {
    var iterator = members.makeIterator()
    return AnyIterator { iterator.next().map { (key: $0.key, value: $0.value) } }
  }

  private func place(of key: String) -> (index: Int, found: Bool) {
    // Most objects are built in canonical order, so the new key usually belongs at the end.
    guard let last = members.last, !last.key.precedes(key) else { return (members.count, false) }
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if members[middle].key.precedes(key) { low = middle + 1 } else { high = middle }
    }
    return (low, low < members.count && members[low].key.hasBytes(of: key))
  }

  /// Compares keys by their UTF-8 bytes and values with ``JSON``'s equality.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.count == b.members.count
      && zip(a.members, b.members).allSatisfy {
        $0.key.hasBytes(of: $1.key) && $0.value == $1.value
      }
  }

  /// Hashes keys by their UTF-8 bytes, and the values.
  public func hash(into hasher: inout Hasher) {
    for member in members {
      for byte in member.key.utf8 { hasher.combine(byte) }
      hasher.combine(member.value)
    }
  }
}

extension String {
  /// Whether this string has the same UTF-8 bytes as another one. Swift's `==` also equates composed and
  /// decomposed forms of a character.
  public func hasBytes(of other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let (mine, theirs) = (utf8Span.span, other.utf8Span.span)
    for index in mine.indices where mine[index] != theirs[index] { return false }
    return true
  }

  /// Whether this string's UTF-8 bytes come before another's. This is the order of keys in
  /// canonical JSON.
  func precedes(_ other: String) -> Bool {
    let (mine, theirs) = (utf8Span.span, other.utf8Span.span)
    let shorter = min(mine.count, theirs.count)
    var index = 0
    while index < shorter, mine[index] == theirs[index] { index += 1 }
    return index < shorter ? mine[index] < theirs[index] : mine.count < theirs.count
  }
}
