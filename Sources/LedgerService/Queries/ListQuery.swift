import Encodings
public import LedgerDomain
import LedgerStore

/// What the parameters of lists have in common. Each refusal has the code `malformed`, the check `query`, and
/// the parameter as its field.
public enum ListQuery {
  static func refusal(_ field: String, _ message: String) -> Refusal {
    Refusal(.malformed, check: "query", field: field, message)
  }

  /// The largest number of items of a page: `limit`, brought to `most`.
  static func limit(_ limit: Int, most: Int) throws(Refusal) -> Int {
    guard limit >= 1 else {
      throw refusal("limit", "A limit is at least 1, and at most \(most).")
    }
    return min(limit, most)
  }

  /// Parses `asc` or `desc`.
  static func order(_ text: String) throws(Refusal) -> EventOrder {
    try choice(text, "order", among: EventOrder.allCases.map { ($0.rawValue, $0) })
  }

  /// Checks a fingerprint or a `signer_id`. Any text may be a `signer_id`.
  static func signer(_ text: String) throws(Refusal) -> String {
    guard (1...300).contains(text.utf8.count) else {
      throw refusal("signer", "A fingerprint of 32 hexadecimal digits, or a signer_id.")
    }
    return text
  }

  /// Parses one of some names.
  static func choice<Value>(
    _ text: String, _ field: String, among known: [(name: String, value: Value)]
  ) throws(Refusal) -> Value {
    guard let found = known.first(where: { $0.name == text }) else {
      throw refusal(field, "One of \(known.map(\.name).joined(separator: ", ")).")
    }
    return found.value
  }

  /// Parses names with commas between them, without repetitions.
  public static func choices<Value: Equatable>(
    _ text: String, _ field: String, among known: [(name: String, value: Value)]
  ) throws(Refusal) -> [Value] {
    var values: [Value] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      let value = try choice(String(name), field, among: known)
      if !values.contains(value) { values.append(value) }
    }
    return values
  }
}

extension KeyTimeline {
  /// The keys that the parameter `signer` stands for: one by its fingerprint, or those of a `signer_id`.
  func keys(ofSigner text: String) -> [Digest128] {
    Digest128(hex: text.lowercased()).map { [$0] } ?? keys(boundTo: text)
  }
}

/// The cursors of one list. A cursor tells where the next page begins, and serves no other list.
///
/// It is hexadecimal: eight bytes for each number of the place, and a mark of four bytes, which derives from the
/// parameters of the list.
struct ListCursor {
  /// The largest number in a cursor. It is a position, or a time in microseconds.
  private static let maxNumber = Timestamp.latest.microseconds
  private let mark: [UInt8]

  /// Makes the cursors of a list with these parameters.
  init(_ parameters: [String]) {
    let text = parameters.map { "\($0.utf8.count):\($0)" }.joined()
    mark = Array(Digest(hashing: Array(text.utf8)).bytes.prefix(4))
  }

  /// The cursor for a place.
  func text(_ place: Int64...) -> String {
    let bytes = place.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }
    return Hex.encode(bytes + mark)
  }

  /// The place in a cursor, which has `count` numbers.
  ///
  /// - Throws: a `Refusal` for a cursor of another list, and for another text.
  func place(_ text: String, count: Int = 1) throws(Refusal) -> [Int64] {
    guard text.utf8.count == 2 * (8 * count + mark.count), let bytes = Hex.decode(text),
      Array(bytes.suffix(mark.count)) == mark
    else { throw Self.refusal }
    let place = (0..<count).map { number in
      bytes[8 * number..<8 * number + 8].reduce(0) { $0 << 8 | Int64($1) }
    }
    // Anybody can write a cursor. Nothing that is computed with its numbers may overflow.
    guard place.allSatisfy((0...Self.maxNumber).contains) else { throw Self.refusal }
    return place
  }

  private static let refusal = ListQuery.refusal(
    "cursor",
    "Not a cursor that a page of this list gave. A list with other parameters begins without one.")
}
