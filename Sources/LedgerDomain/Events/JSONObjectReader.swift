public import CanonicalJSON
public import Encodings

/// Reads the members of a JSON object one by one, and refuses the members that were not read.
///
/// - Throws: every function throws a `Refusal` with the check `member` and the path of the member.
public struct JSONObjectReader {
  private let object: JSONObject
  private let path: String
  /// The places of the members that were read, a bit for each of the first 64.
  private var seen: UInt64 = 0
  /// The places of further members that were read. Only an object with other members than it should have
  /// has as many.
  private var seenBeyond: Set<Int> = []

  /// Makes a reader.
  ///
  /// - Parameters:
  ///   - json: the value, which must be an object.
  ///   - path: the path of the object, such as `payload`; empty for the outermost object.
  public init(_ json: JSON, _ path: String) throws(Refusal) {
    guard let object = json.objectValue else {
      throw Refusal(
        .malformed, check: "member", field: path.isEmpty ? nil : path, "Not a JSON object.")
    }
    self.object = object
    self.path = path
  }

  /// The path of a member.
  public func field(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// A refusal of a member.
  func refusal(_ key: String, _ message: String) -> Refusal {
    Refusal(.invalid, check: "member", field: field(key), message)
  }

  /// Reads a member of any kind; `nil` if it is absent.
  public mutating func optional(_ key: String) -> JSON? {
    guard let index = object.index(of: key) else { return nil }
    if index < 64 { seen |= 1 << UInt64(index) } else { seenBeyond.insert(index) }
    return object.value(at: index)
  }

  /// Reads a member of any kind, which must be present.
  public mutating func value(_ key: String) throws(Refusal) -> JSON {
    guard let value = optional(key) else { throw refusal(key, "This member is missing.") }
    return value
  }

  /// Reads a string of 1 to `maxBytes` bytes of UTF-8 without control characters.
  public mutating func text(_ key: String, maxBytes: Int = 200) throws(Refusal) -> String {
    try text(key, value(key), maxBytes)
  }

  /// Reads a string, as ``text(_:maxBytes:)`` does; `nil` if it is absent.
  ///
  /// - Parameters:
  ///   - key: the name of the member.
  ///   - maxBytes: the largest length in bytes of UTF-8.
  ///   - nullAllowed: whether `null` is accepted too.
  public mutating func optionalText(
    _ key: String, maxBytes: Int = 200, nullAllowed: Bool = false
  ) throws(Refusal) -> String? {
    guard let value = optional(key), !(nullAllowed && value.isNull) else { return nil }
    return try text(key, value, maxBytes)
  }

  private func text(_ key: String, _ value: JSON, _ maxBytes: Int) throws(Refusal) -> String {
    guard let text = value.stringValue else { throw refusal(key, "Not a string.") }
    guard !text.isEmpty, text.utf8.count <= maxBytes else {
      throw refusal(key, "Between 1 and \(maxBytes) bytes of text.")
    }
    guard Self.isPrintable(text.utf8Span.span) || text.unicodeScalars.allSatisfy(Self.isPlain)
    else {
      throw refusal(key, "Control and bidirectional-override characters are not taken.")
    }
    return text
  }

  /// Whether a text consists of printable characters of ASCII, as most texts do.
  private static func isPrintable(_ bytes: Span<UInt8>) -> Bool {
    for index in bytes.indices where bytes[index] < 0x20 || bytes[index] > 0x7E { return false }
    return true
  }

  /// Whether a character is neither a control character nor one that changes the direction of text.
  static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: false
    default: true
    }
  }

  /// Reads an array of at most `maxCount` strings.
  public mutating func texts(
    _ key: String, maxCount: Int, maxBytes: Int
  ) throws(Refusal) -> [String] {
    guard let items = try value(key).arrayValue, items.count <= maxCount else {
      throw refusal(key, "An array of at most \(maxCount) strings.")
    }
    var found: [String] = []
    for item in items { found.append(try text(key, item, maxBytes)) }
    return found
  }

  /// Reads an integer in a range.
  public mutating func integer(
    _ key: String, _ range: ClosedRange<Int64> = 0...JSON.maxInteger
  ) throws(Refusal) -> Int64 {
    guard let number = try value(key).integerValue, range.contains(number) else {
      throw refusal(key, "A whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  /// Reads an integer in a range; `nil` if it is absent.
  public mutating func optionalInteger(
    _ key: String, _ range: ClosedRange<Int64> = 0...JSON.maxInteger
  ) throws(Refusal) -> Int64? {
    optional(key) == nil ? nil : try integer(key, range)
  }

  /// Reads a SHA-256 of 64 lower-case hexadecimal digits.
  public mutating func digest(_ key: String) throws(Refusal) -> Digest {
    guard let digest = Digest(hex: try text(key)) else {
      throw refusal(key, "A SHA-256 as 64 lower-case hexadecimal digits.")
    }
    return digest
  }

  /// Reads a SHA-256; `nil` if it is absent.
  public mutating func optionalDigest(_ key: String) throws(Refusal) -> Digest? {
    optional(key) == nil ? nil : try digest(key)
  }

  /// Reads an event id: `sha256:` and 64 lower-case hexadecimal digits.
  public mutating func eventID(_ key: String) throws(Refusal) -> Digest {
    let text = try text(key)
    guard text.hasPrefix("sha256:"), let digest = Digest(hex: String(text.dropFirst(7))) else {
      throw refusal(key, "An event_id: sha256: and 64 lower-case hexadecimal digits.")
    }
    return digest
  }

  /// Reads a fingerprint of 32 lower-case hexadecimal digits.
  public mutating func fingerprint(_ key: String) throws(Refusal) -> Digest128 {
    guard let value = Digest128(hex: try text(key)) else {
      throw refusal(key, "A key's fingerprint: 32 lower-case hexadecimal digits.")
    }
    return value
  }

  /// Reads a time in the form of ``Timestamp``.
  public mutating func timestamp(_ key: String) throws(Refusal) -> Timestamp {
    guard let time = Timestamp(try text(key)) else {
      throw refusal(key, "A time like 2026-11-23T12:00:00Z (RFC 3339, UTC).")
    }
    return time
  }

  /// Reads a time; `nil` if it is absent.
  public mutating func optionalTimestamp(_ key: String) throws(Refusal) -> Timestamp? {
    optional(key) == nil ? nil : try timestamp(key)
  }

  /// Reads base64 of exactly `count` bytes.
  public mutating func bytes(_ key: String, count: Int) throws(Refusal) -> [UInt8] {
    guard let bytes = Base64.decode(try text(key)), bytes.count == count else {
      throw refusal(key, "Base64 of \(count) bytes.")
    }
    return bytes
  }

  /// Reads a string that is the raw value of one of these choices.
  public mutating func choice<C: RawRepresentable>(
    _ key: String, _ choices: [C]
  ) throws(Refusal) -> C where C.RawValue == String {
    let text = try text(key)
    guard let choice = choices.first(where: { $0.rawValue == text }) else {
      throw refusal(key, "One of \(choices.map(\.rawValue).joined(separator: ", ")).")
    }
    return choice
  }

  /// Refuses the members that were not read, so that a misspelt member is not signed and ignored.
  public func finish() throws(Refusal) {
    for index in 0..<object.count {
      let wasRead = index < 64 ? seen & 1 << UInt64(index) != 0 : seenBeyond.contains(index)
      if !wasRead { throw refusal(object.key(at: index), "No such member here.") }
    }
  }
}

extension Refusal {
  /// Makes a refusal from a parser's error: `tooLarge` or `malformed`, with the check `json` and
  /// the byte offset.
  public init(json error: JSONError) {
    self.init(
      error.code == .tooLarge ? .tooLarge : .malformed, check: "json", offset: error.offset,
      "Not the JSON that can be signed: \(error.message).")
  }
}
